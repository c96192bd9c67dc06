import type { Entry, HardState, Message } from '../raft/index.ts';
import type { StagedSnapshot, Storage } from './storage.ts';

/** What Raft wants durable, and what may be said once it is. */
export interface WriteRequest {
  hardState?: HardState | undefined;
  entries?: readonly Entry[];
  /** To become the current snapshot. */
  snapshot?: StagedSnapshot;
  /** With `snapshot`: it replaces the log before `entries`. */
  replaceLog?: boolean;
  messages?: readonly Message[];
  /** Called when all of it is durable. */
  onDurable?: () => void;
}

/** What has become durable. */
export interface Written {
  messages: readonly Message[];
  /** The last entry of the batch. */
  last: Entry | undefined;
}

class Pending {
  hardState: HardState | undefined;
  entries: Entry[] = [];
  snapshot: StagedSnapshot | undefined;
  replaceLog = false;
  readonly messages: Message[] = [];
  readonly onDurable: (() => void)[] = [];

  get needsDisk(): boolean {
    return this.hardState !== undefined || this.entries.length > 0 || this.snapshot !== undefined;
  }
}

/**
 * Writes one batch at a time; what comes meanwhile gathers in the next one, so that it shares one fsync. Messages go
 * out only after everything handed over before them is durable.
 */
export class LogWriter {
  readonly #storage: Storage;
  readonly #onWritten: (written: Written) => void;
  readonly #onFailure: (error: unknown) => void;
  #pending: Pending | undefined;
  #writing: Promise<void> | undefined;
  #ticks = 0;
  #stopped = false;

  constructor(storage: Storage, onWritten: (written: Written) => void, onFailure: (error: unknown) => void) {
    this.#storage = storage;
    this.#onWritten = onWritten;
    this.#onFailure = onFailure;
  }

  push(request: WriteRequest): void {
    if (this.#stopped) return;
    this.#pending ??= new Pending();
    this.#merge(this.#pending, request);
    if (this.#writing === undefined) this.#next();
  }

  tick(): void {
    if (this.#writing !== undefined) this.#ticks += 1;
  }

  /** For how many ticks the present write is under way. */
  get underWayTicks(): number {
    return this.#writing === undefined ? 0 : this.#ticks;
  }

  /** Takes nothing more; resolves when what is being written is. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#pending = undefined;
    await this.#writing;
  }

  #next(): void {
    const batch = this.#pending;
    if (batch === undefined) return;
    this.#pending = undefined;
    if (!batch.needsDisk) {
      this.#finish(batch);
      return;
    }
    this.#ticks = 0;
    this.#writing = this.#storage.write(batch).then(
      () => {
        this.#writing = undefined;
        this.#finish(batch);
        // What `finish` set off may have begun the next write already.
        if (this.#writing === undefined) this.#next();
      },
      (error) => {
        this.#stopped = true;
        this.#onFailure(error);
      },
    );
  }

  #finish(batch: Pending): void {
    if (this.#stopped) return;
    for (const onDurable of batch.onDurable) onDurable();
    this.#onWritten({ messages: batch.messages, last: batch.entries.at(-1) });
  }

  #merge(pending: Pending, { hardState, entries, snapshot, replaceLog, messages, onDurable }: WriteRequest): void {
    if (hardState !== undefined) pending.hardState = hardState;
    if (snapshot !== undefined) {
      if (pending.snapshot !== undefined) void this.#storage.discardSnapshot(pending.snapshot).catch(this.#onFailure);
      pending.snapshot = snapshot;
    }
    if (replaceLog) {
      pending.replaceLog = true;
      pending.entries = [];
    }
    if (entries !== undefined && entries.length > 0) {
      const kept = pending.entries;
      const overlap = kept.length > 0 ? kept.at(-1)!.index + 1 - entries[0]!.index : 0;
      if (overlap > 0) kept.splice(Math.max(0, kept.length - overlap));
      for (const entry of entries) kept.push(entry);
    }
    if (messages !== undefined) for (const message of messages) pending.messages.push(message);
    if (onDurable !== undefined) pending.onDurable.push(onDurable);
  }
}
