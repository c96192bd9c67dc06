import { assert, errorCode } from '../base/index.ts';
import type { SnapshotPosition } from '../raft/index.ts';
import { type GuardedDatabase, type Operation, record } from './level-guard.ts';
import { keys, seal, unseal } from './level-records.ts';
import { extended, noPart } from './snapshot-part.ts';
import type { SnapshotPart, SnapshotReader, SnapshotStream, StagedSnapshot } from './storage.ts';

/** Which snapshot is current; id 0 stands for the empty one of a new replica. */
interface SnapshotRecord {
  id: number;
  position: SnapshotPosition;
  chunks: number;
  bytes: number;
}

/** A snapshot that another store sends: what has arrived of it is in chunks already. */
interface ReceivedRecord {
  id: number;
  source: string;
  position: SnapshotPosition;
}

/** The snapshots in a database: the current one, those being staged, and old ones that somebody still reads. */
export class LevelSnapshots {
  readonly #database: GuardedDatabase;
  readonly #readers = new Map<number, number>();
  readonly #stagedChunks = new Map<number, number>();
  #current: SnapshotRecord | undefined;
  #received: ReceivedRecord | undefined;
  #lastId = 0;

  constructor(database: GuardedDatabase) {
    this.#database = database;
  }

  get position(): SnapshotPosition {
    return this.#current!.position;
  }

  /** Finds the current snapshot and the one being received, and removes what was staged but never became current. */
  async load(): Promise<void> {
    const database = this.#database;
    this.#current = await database.read<SnapshotRecord>(keys.snapshot);
    if (this.#current === undefined) throw database.corrupt('the snapshot is missing');
    const received = await database.read<ReceivedRecord>(keys.received);
    if (received !== undefined && received.position.index > this.#current.position.index) this.#received = received;
    const kept = [this.#current, this.#received].flatMap((each) => each?.id ?? []).sort((a, b) => a - b);
    this.#lastId = kept.at(-1)!;
    let from: Buffer = keys.chunksBegin;
    for (const id of kept) {
      await database.level.clear({ gte: from, lt: keys.chunk(id, 0) });
      from = keys.chunk(id + 1, 0);
    }
    await database.level.clear({ gte: from, lt: keys.chunksEnd });
  }

  initialise(position: SnapshotPosition): Operation {
    this.#current = { id: 0, position, chunks: 0, bytes: 0 };
    return record(keys.snapshot, this.#current);
  }

  stage(position: SnapshotPosition, chunks: AsyncIterable<Uint8Array>): Promise<StagedSnapshot> {
    this.#lastId += 1;
    const id = this.#lastId;
    const database = this.#database;
    return database.run(async () => {
      try {
        return await this.#store(id, position, noPart, chunks);
      } catch (error) {
        if (!database.hasFailed) database.inBackground(this.#clear(id));
        throw error;
      }
    });
  }

  stageReceived(position: SnapshotPosition, stream: SnapshotStream): Promise<StagedSnapshot> {
    const database = this.#database;
    return database.run(async () => {
      const id = await database.guard(() => this.#openReceived(stream.source, position));
      const part = await database.guard(() => this.#partOf(id));
      try {
        return await this.#store(id, position, part, stream.after(part));
      } catch (error) {
        if (!database.hasFailed && errorCode(error) !== 'SNAPSHOT_BROKEN') await database.guard(() => this.#drop(id));
        throw error;
      }
    });
  }

  async discard({ id }: StagedSnapshot): Promise<void> {
    if (this.#stagedChunks.delete(id)) await this.#drop(id);
  }

  /** Makes a staged snapshot current. Returns what is to be written for it, and to be called when that is durable. */
  promote({ id, position, bytes }: StagedSnapshot): { operations: Operation[]; onDurable(): void } {
    const chunks = this.#stagedChunks.get(id);
    assert(chunks !== undefined, 'only a staged snapshot can become current');
    this.#stagedChunks.delete(id);
    const promoted: SnapshotRecord = { id, position, chunks, bytes };
    const operations = [record(keys.snapshot, promoted)];
    const received = this.#received;
    const isOver = received !== undefined && received.position.index <= position.index;
    if (isOver) {
      this.#received = undefined;
      operations.push({ type: 'del', key: keys.received });
    }
    return {
      operations,
      // Not before: what others are sent must not be taken back by a crash.
      onDurable: () => {
        const replaced = this.#current!;
        this.#current = promoted;
        this.#removeIfUnread(replaced.id);
        if (isOver && received.id !== id) this.#database.inBackground(this.#clear(received.id));
      },
    };
  }

  read(): SnapshotReader | undefined {
    const snapshot = this.#current;
    if (snapshot === undefined || snapshot.id === 0) return undefined;
    this.#readers.set(snapshot.id, (this.#readers.get(snapshot.id) ?? 0) + 1);
    let isOpen = true;
    const close = (): void => {
      if (isOpen) this.#readerLeft(snapshot.id);
      isOpen = false;
    };
    return { position: snapshot.position, bytes: snapshot.bytes, chunks: this.#chunks(snapshot, close), close };
  }

  async *#chunks({ id, chunks }: SnapshotRecord, close: () => void): AsyncGenerator<Uint8Array> {
    const database = this.#database;
    try {
      for (let number = 0; number < chunks; number++) {
        const key = keys.chunk(id, number);
        yield await database.guard(async () => {
          const value = await database.level.get(key, { fillCache: false });
          if (value === undefined) throw database.corrupt(`chunk ${number} of snapshot ${id} is missing`);
          return unseal(key, value);
        });
      }
    } finally {
      close();
    }
  }

  /** Under which id a snapshot is received: that of its beginning, if that is here. Any other one's makes way. */
  async #openReceived(source: string, position: SnapshotPosition): Promise<number> {
    const before = this.#received;
    const { index, term } = before?.position ?? {};
    if (before?.source === source && index === position.index && term === position.term) return before.id;
    this.#lastId += 1;
    this.#received = { id: this.#lastId, source, position };
    await this.#database.commitInOrder([record(keys.received, this.#received)]);
    if (before !== undefined) this.#database.inBackground(this.#clear(before.id));
    return this.#received.id;
  }

  /** Rows of an older one, whose deletion a power cut undid, would count; the checksum over all tells then. */
  async #partOf(id: number): Promise<SnapshotPart> {
    let part = noPart;
    for (;;) {
      const key = keys.chunk(id, part.chunks);
      const value = await this.#database.level.get(key, { fillCache: false });
      if (value === undefined) return part;
      part = extended(part, unseal(key, value));
    }
  }

  /** Stores what follows `part`. */
  async #store(
    id: number,
    position: SnapshotPosition,
    part: SnapshotPart,
    chunks: AsyncIterable<Uint8Array>,
  ): Promise<StagedSnapshot> {
    const database = this.#database;
    let { chunks: count, bytes } = part;
    for await (const chunk of chunks) {
      const key = keys.chunk(id, count);
      // Synchronous each: LevelDB may lose an older unsynced write and keep a younger synced one.
      await database.guard(() => database.commit([{ type: 'put', key, value: seal(key, chunk) }]));
      count += 1;
      bytes += chunk.length;
    }
    this.#stagedChunks.set(id, count);
    return { id, position, bytes };
  }

  async #drop(id: number): Promise<void> {
    if (this.#received?.id === id) {
      this.#received = undefined;
      await this.#database.commitInOrder([{ type: 'del', key: keys.received }]);
    }
    await this.#clear(id);
  }

  #readerLeft(id: number): void {
    const left = this.#readers.get(id)! - 1;
    if (left > 0) this.#readers.set(id, left);
    else this.#readers.delete(id);
    if (id !== this.#current?.id) this.#removeIfUnread(id);
  }

  #removeIfUnread(id: number): void {
    if (id !== 0 && !this.#readers.has(id)) this.#database.inBackground(this.#clear(id));
  }

  #clear(id: number): Promise<void> {
    return this.#database.level.clear({ gte: keys.chunk(id, 0), lt: keys.chunk(id + 1, 0) });
  }
}
