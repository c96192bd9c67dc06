import type { Logger } from '../base/index.ts';
import { errorMessage, KeelsonError } from '../base/index.ts';
import type { Entry, Input, SnapshotPosition } from '../raft/index.ts';
import type { ApplyLoop } from './apply-loop.ts';
import type { LogWriter } from './log-writer.ts';
import type { ReplicaLimits } from './options.ts';
import type { SnapshotStream, StagedSnapshot, Storage } from './storage.ts';
import type { SnapshotMessage, Transport } from './transport.ts';

/** So much of the log stays in any case, where `keepBytes` allows it. */
const MIN_KEEP_BYTES = 1024 * 1024;

export interface SnapshotHost {
  storage: Storage;
  transport: Transport;
  writer: LogWriter;
  applyLoop: ApplyLoop;
  logger: Logger;
  limits: Pick<
    ReplicaLimits,
    | 'snapshotBytes'
    | 'snapshotEntries'
    | 'idleSnapshotBytes'
    | 'idleSnapshotMs'
    | 'keepBytes'
    | 'keepEntries'
    | 'tickMs'
  >;
  /** Whether the disk has room for so many bytes. */
  hasRoomFor(bytes: number): boolean;
  step(input: Input): void;
  onFailure(error: unknown): void;
}

/**
 * Takes snapshots of the state machine when the log has grown enough, drops the log behind them, sends them to
 * followers that need one and receives them. All in the background.
 */
export class Snapshots {
  readonly #host: SnapshotHost;
  /** Data bytes of applied entries that the log still holds, oldest first, from `#firstIndex` on. */
  readonly #entryBytes: number[] = [];
  #firstIndex: number;
  /** Of the log since the last snapshot. */
  #bytesSince = 0;
  #entriesSince = 0;
  #ticksSince = 0;
  #lastBytes = 0;
  #current: SnapshotPosition;
  #taking = false;
  /** Received and complete, waiting for Raft's consent. */
  #received: { staged: StagedSnapshot; done: () => void } | undefined;
  #receiving = false;

  constructor(host: SnapshotHost, current: SnapshotPosition, firstIndex: number) {
    this.#host = host;
    this.#current = current;
    this.#firstIndex = firstIndex;
  }

  /** An entry was applied, or at the start, found in the log although the snapshot covers it. */
  note({ index, data: { length: bytes } }: Entry): void {
    // Older ones are still applied when a received snapshot has replaced the log already.
    if (index !== this.#firstIndex + this.#entryBytes.length) return;
    this.#entryBytes.push(bytes);
    if (index <= this.#current.index) return;
    this.#bytesSince += bytes;
    this.#entriesSince += 1;
  }

  /** Takes a snapshot if it is time. */
  consider(): void {
    if (this.#taking || !this.#isDue() || !this.#hasRoom()) return;
    this.#taking = true;
    this.#take().catch(this.#host.onFailure);
  }

  tick(): void {
    this.#ticksSince += 1;
  }

  #isDue(): boolean {
    const { snapshotBytes, snapshotEntries, idleSnapshotBytes, idleSnapshotMs, tickMs } = this.#host.limits;
    if (this.#entriesSince >= snapshotEntries) return true;
    const isIdle = this.#ticksSince * tickMs >= idleSnapshotMs;
    const bytes = isIdle ? Math.min(idleSnapshotBytes, snapshotBytes) : snapshotBytes;
    return this.#bytesSince > Math.max(bytes, this.#lastBytes / 2);
  }

  /** Streams the current snapshot to a follower; tells Raft how that went. */
  async send(message: SnapshotMessage): Promise<void> {
    const { storage, transport, logger } = this.#host;
    let ok = false;
    const reader = await storage.readSnapshot();
    try {
      if (reader === undefined) throw new KeelsonError('SNAPSHOT_BROKEN', 'there is no snapshot to send');
      logger.info({ peer: message.to, index: reader.position.index, bytes: reader.bytes }, 'sending a snapshot');
      await transport.sendSnapshot({ ...message, position: reader.position }, reader.chunks);
      ok = true;
    } catch (error) {
      logger.info({ peer: message.to, reason: errorMessage(error) }, 'the snapshot did not arrive');
    } finally {
      reader?.close();
    }
    this.#host.step({ type: 'snapshot-sent', peer: message.to, ok });
  }

  /** A snapshot arrives; resolves when it is the current one, durably. */
  async receive(message: SnapshotMessage, stream: SnapshotStream, commit: number): Promise<void> {
    const { storage, step, logger } = this.#host;
    if (message.position.index <= commit) {
      // Lets Raft tell the leader how far this peer is.
      step({ type: 'message', message });
      throw new KeelsonError('SNAPSHOT_REFUSED', 'all of it is here already');
    }
    if (this.#receiving) throw new KeelsonError('SNAPSHOT_REFUSED', 'another snapshot is on its way');
    if (!this.#hasRoom()) throw new KeelsonError('SNAPSHOT_REFUSED', 'the disk has no room for it');
    this.#receiving = true;
    try {
      const staged = await storage.stageReceived(message.position, stream);
      const durable = new Promise<void>((done) => {
        this.#received = { staged, done };
      });
      step({ type: 'message', message });
      if (this.#received !== undefined) {
        this.#received = undefined;
        await storage.discardSnapshot(staged);
        throw new KeelsonError('SNAPSHOT_REFUSED', 'it is not needed any more');
      }
      logger.info({ from: message.from, index: message.position.index, bytes: staged.bytes }, 'received a snapshot');
      await durable;
    } finally {
      this.#receiving = false;
    }
  }

  /** Raft takes over the snapshot just received. Returns what is to be written, in place of the log. */
  takeOver(position: SnapshotPosition): { staged: StagedSnapshot; onDurable: () => void } {
    const received = this.#received!;
    this.#received = undefined;
    this.#reset(position, received.staged.bytes);
    this.#firstIndex = position.index + 1;
    this.#entryBytes.length = 0;
    return { staged: received.staged, onDurable: received.done };
  }

  async #take(): Promise<void> {
    const { storage, writer, applyLoop } = this.#host;
    const { position } = applyLoop;
    const [bytesBefore, entriesBefore] = [this.#bytesSince, this.#entriesSince];
    const staged = await storage.stageSnapshot(position, applyLoop.snapshot());
    if (position.index <= this.#current.index) {
      // One that was received is newer.
      await storage.discardSnapshot(staged);
      this.#taking = false;
      return;
    }
    const [bytesLater, entriesLater] = [this.#bytesSince - bytesBefore, this.#entriesSince - entriesBefore];
    this.#reset(position, staged.bytes);
    this.#bytesSince = bytesLater;
    this.#entriesSince = entriesLater;
    writer.push({ snapshot: staged, onDurable: () => this.#taken(position) });
  }

  #taken(position: SnapshotPosition): void {
    const { storage, step, logger, onFailure } = this.#host;
    this.#taking = false;
    const compactIndex = this.#compactIndex(position.index);
    logger.info({ index: position.index, bytes: this.#lastBytes, compactIndex }, 'took a snapshot');
    step({ type: 'snapshot-taken', position, compactIndex });
    if (compactIndex < this.#firstIndex) return;
    this.#entryBytes.splice(0, compactIndex - this.#firstIndex + 1);
    this.#firstIndex = compactIndex + 1;
    storage.compact(compactIndex).catch(onFailure);
  }

  /** Keeps the log's last entries before `index`, as far as the limits allow, for followers that are a little behind. */
  #compactIndex(index: number): number {
    const { keepBytes: most, keepEntries } = this.#host.limits;
    // A follower that lacks more is served better by the snapshot.
    const keepBytes = Math.min(most, Math.max(this.#lastBytes, MIN_KEEP_BYTES));
    let bytes = 0;
    let first = index + 1;
    while (first > this.#firstIndex && index - first + 1 < keepEntries) {
      bytes += this.#entryBytes[first - 1 - this.#firstIndex]!;
      if (bytes > keepBytes) break;
      first -= 1;
    }
    return first - 1;
  }

  /** For another one, which is about as large as the last one and what came since. */
  #hasRoom(): boolean {
    return this.#host.hasRoomFor(this.#lastBytes + this.#bytesSince);
  }

  #reset(position: SnapshotPosition, bytes: number): void {
    this.#current = position;
    this.#lastBytes = bytes;
    this.#bytesSince = 0;
    this.#entriesSince = 0;
    this.#ticksSince = 0;
  }
}
