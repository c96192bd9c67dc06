import { assert } from '../base/index.ts';
import type { SnapshotPosition } from '../raft/index.ts';
import { type GuardedDatabase, type Operation, record } from './level-guard.ts';
import { keys, seal, unseal } from './level-records.ts';
import type { SnapshotReader, StagedSnapshot } from './storage.ts';

/** Which snapshot is current; id 0 stands for the empty one of a new replica. */
interface SnapshotRecord {
  id: number;
  position: SnapshotPosition;
  chunks: number;
  bytes: number;
}

/** The snapshots in a database: the current one, those being staged, and old ones that somebody still reads. */
export class LevelSnapshots {
  readonly #database: GuardedDatabase;
  readonly #readers = new Map<number, number>();
  readonly #stagedChunks = new Map<number, number>();
  #current: SnapshotRecord | undefined;
  #lastId = 0;

  constructor(database: GuardedDatabase) {
    this.#database = database;
  }

  get position(): SnapshotPosition {
    return this.#current!.position;
  }

  /** Finds the current snapshot and removes what was staged but never became it. */
  async load(): Promise<void> {
    const { level } = this.#database;
    this.#current = await this.#database.read<SnapshotRecord>(keys.snapshot);
    if (this.#current === undefined) throw this.#database.corrupt('the snapshot is missing');
    const { id } = this.#current;
    this.#lastId = id;
    await level.clear({ gte: keys.chunksBegin, lt: keys.chunk(id, 0) });
    await level.clear({ gte: keys.chunk(id + 1, 0), lt: keys.chunksEnd });
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
      let count = 0;
      let bytes = 0;
      try {
        for await (const chunk of chunks) {
          const key = keys.chunk(id, count);
          // Synchronous each: LevelDB may lose an older unsynced write and keep a younger synced one.
          await database.guard(() => database.commit([{ type: 'put', key, value: seal(key, chunk) }]));
          count += 1;
          bytes += chunk.length;
        }
      } catch (error) {
        if (!database.hasFailed) database.inBackground(this.#clear(id));
        throw error;
      }
      this.#stagedChunks.set(id, count);
      return { id, position, bytes };
    });
  }

  async discard({ id }: StagedSnapshot): Promise<void> {
    if (this.#stagedChunks.delete(id)) await this.#clear(id);
  }

  /** Makes a staged snapshot current. Returns what is to be written for it, and to be called when that is durable. */
  promote({ id, position, bytes }: StagedSnapshot): { operation: Operation; onDurable(): void } {
    const chunks = this.#stagedChunks.get(id);
    assert(chunks !== undefined, 'only a staged snapshot can become current');
    this.#stagedChunks.delete(id);
    const replaced = this.#current!;
    this.#current = { id, position, chunks, bytes };
    return { operation: record(keys.snapshot, this.#current), onDurable: () => this.#removeIfUnread(replaced.id) };
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
