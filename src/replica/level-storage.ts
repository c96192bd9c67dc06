import type { ClassicLevel } from 'classic-level';
import { Packr } from 'msgpackr';
import { assert, errorCode, errorMessage, KeelsonError } from '../base/index.ts';
import type { Entry, HardState, SnapshotPosition } from '../raft/index.ts';
import { corruptError, failedError, foreignError, openDatabase } from './level-database.ts';
import { DamagedRowError, entryIndex, FORMAT, keys, seal, sealEntry, unseal, unsealEntry } from './level-records.ts';
import type { Identity, SnapshotReader, StagedSnapshot, Storage, StoredState, WriteBatch } from './storage.ts';

/**
 * Opens (or creates) the storage in `directory`, which holds nothing else. Rejects with DATA_LOCKED when it is open
 * already, DATA_FOREIGN when something else lives there, DATA_CORRUPT when it is damaged.
 */
export async function openLevelStorage(directory: string): Promise<Storage> {
  const { database, release } = await openDatabase(directory);
  return new LevelStorage(directory, database, release);
}

interface SnapshotRecord {
  id: number;
  position: SnapshotPosition;
  chunks: number;
  bytes: number;
}

type Operation = { type: 'put'; key: Buffer; value: Buffer } | { type: 'del'; key: Buffer };

const packr = new Packr({ useRecords: false });
const initialHardState: HardState = { term: 0, vote: 0, commit: 0 };

class LevelStorage implements Storage {
  readonly #directory: string;
  readonly #database: ClassicLevel<Buffer, Buffer>;
  readonly #release: () => void;
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #readers = new Map<number, number>();
  readonly #stagedChunks = new Map<number, number>();
  #hardState = initialHardState;
  #snapshot: SnapshotRecord | undefined;
  #lastSnapshotId = 0;
  #firstIndex = 1;
  #lastIndex = 0;
  /** Rejected for good once a commit failed. */
  #lastCommit: Promise<void> = Promise.resolve();
  #failure: KeelsonError | undefined;
  #closed: Promise<void> | undefined;

  constructor(directory: string, database: ClassicLevel<Buffer, Buffer>, release: () => void) {
    this.#directory = directory;
    this.#database = database;
    this.#release = release;
  }

  load(identity: Identity): Promise<StoredState | undefined> {
    return this.#guard(async () => {
      const stored = await this.#read<{ format: number } & Identity>(keys.identity);
      if (stored === undefined) {
        for await (const _ of this.#database.keys({ limit: 1 })) {
          throw this.#foreign('holds a database that is not of Keelson');
        }
        return undefined;
      }
      if (stored.format !== FORMAT) {
        throw this.#foreign(`has format ${stored.format}, and this version of Keelson reads format ${FORMAT}`);
      }
      if (stored.clusterId !== identity.clusterId || stored.peerId !== identity.peerId) {
        throw this.#foreign(
          `belongs to peer ${stored.peerId} of cluster ${stored.clusterId}, ` +
            `not to peer ${identity.peerId} of cluster ${identity.clusterId}`,
        );
      }
      this.#hardState = (await this.#read<HardState>(keys.hardState)) ?? initialHardState;
      this.#snapshot = await this.#read<SnapshotRecord>(keys.snapshot);
      if (this.#snapshot === undefined) throw this.#corrupt('the snapshot');
      this.#lastSnapshotId = this.#snapshot.id;
      await this.#removeSnapshotsExcept(this.#snapshot.id);
      const entries = await this.#loadEntries(this.#snapshot.position);
      return {
        identity: { clusterId: stored.clusterId, peerId: stored.peerId },
        hardState: this.#hardState,
        snapshot: this.#snapshot.position,
        entries,
      };
    });
  }

  initialise(identity: Identity, position: SnapshotPosition): Promise<void> {
    return this.#guard(async () => {
      this.#snapshot = { id: 0, position, chunks: 0, bytes: 0 };
      await this.#commit([
        put(keys.identity, packr.pack({ format: FORMAT, ...identity })),
        put(keys.hardState, packr.pack(initialHardState)),
        put(keys.snapshot, packr.pack(this.#snapshot)),
        put(keys.floor, packr.pack(position.index)),
      ]);
      this.#firstIndex = position.index + 1;
      this.#lastIndex = position.index;
    });
  }

  write({ hardState, snapshot, replaceLog, entries }: WriteBatch): Promise<void> {
    return this.#guard(async () => {
      const operations: Operation[] = [];
      if (hardState !== undefined) {
        const commitRidesAlong =
          entries.length > 0 && hardState.term === this.#hardState.term && hardState.vote === this.#hardState.vote;
        if (!commitRidesAlong) operations.push(put(keys.hardState, packr.pack(hardState)));
        this.#hardState = hardState;
      }
      const replaced = this.#snapshot;
      if (snapshot !== undefined) {
        const chunks = this.#stagedChunks.get(snapshot.id);
        assert(chunks !== undefined, 'only a staged snapshot can become current');
        this.#snapshot = { id: snapshot.id, position: snapshot.position, chunks, bytes: snapshot.bytes };
        this.#stagedChunks.delete(snapshot.id);
        operations.push(put(keys.snapshot, packr.pack(this.#snapshot)));
        if (replaceLog) this.#replaceLog(snapshot.position.index, operations);
      }
      this.#append(entries, operations);
      await this.#commitInOrder(operations);
      if (snapshot !== undefined && replaced !== undefined) this.#removeWhenUnread(replaced.id);
      if (replaceLog) this.#inBackground(this.#clearBelow(this.#firstIndex));
    });
  }

  nextIncarnation(atLeast: number): Promise<number> {
    return this.#guard(async () => {
      const incarnation = Math.max(atLeast, ((await this.#read<number>(keys.incarnation)) ?? 0) + 1);
      await this.#commit([put(keys.incarnation, packr.pack(incarnation))]);
      return incarnation;
    });
  }

  stageSnapshot(position: SnapshotPosition, chunks: AsyncIterable<Uint8Array>): Promise<StagedSnapshot> {
    this.#lastSnapshotId += 1;
    const id = this.#lastSnapshotId;
    return this.#run(async () => {
      let count = 0;
      let bytes = 0;
      try {
        for await (const chunk of chunks) {
          const key = keys.chunk(id, count);
          // Synchronous each: LevelDB may lose an older unsynced write and keep a younger synced one.
          await this.#guard(() => this.#commit([put(key, chunk)]));
          count += 1;
          bytes += chunk.length;
        }
      } catch (error) {
        if (this.#failure === undefined) this.#inBackground(this.#clearSnapshot(id));
        throw error;
      }
      this.#stagedChunks.set(id, count);
      return { id, position, bytes };
    });
  }

  discardSnapshot(staged: StagedSnapshot): Promise<void> {
    return this.#guard(async () => {
      if (this.#stagedChunks.delete(staged.id)) await this.#clearSnapshot(staged.id);
    });
  }

  readSnapshot(): Promise<SnapshotReader | undefined> {
    return this.#guard(async () => {
      const snapshot = this.#snapshot;
      if (snapshot === undefined || snapshot.id === 0) return undefined;
      this.#readers.set(snapshot.id, (this.#readers.get(snapshot.id) ?? 0) + 1);
      let open = true;
      const close = (): void => {
        if (!open) return;
        open = false;
        const left = this.#readers.get(snapshot.id)! - 1;
        if (left > 0) {
          this.#readers.set(snapshot.id, left);
          return;
        }
        this.#readers.delete(snapshot.id);
        if (this.#snapshot?.id !== snapshot.id) this.#removeWhenUnread(snapshot.id);
      };
      return { position: snapshot.position, bytes: snapshot.bytes, chunks: this.#chunks(snapshot, close), close };
    });
  }

  compact(index: number): Promise<void> {
    return this.#guard(async () => {
      if (index < this.#firstIndex) return;
      assert(index <= this.#snapshot!.position.index, 'only what a snapshot covers may be dropped');
      // The floor first and durably: the deletes are not, so after a power cut some of them may be undone.
      this.#firstIndex = index + 1;
      this.#lastIndex = Math.max(this.#lastIndex, index);
      await this.#commitInOrder([put(keys.floor, packr.pack(index))]);
      await this.#clearBelow(index + 1);
    });
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled([...this.#underWay]);
    await this.#database.close();
    this.#release();
  }

  async #loadEntries(snapshot: SnapshotPosition): Promise<Entry[]> {
    const floor = (await this.#read<number>(keys.floor)) ?? 0;
    const entries: Entry[] = [];
    let commit = Math.max(this.#hardState.commit, snapshot.index);
    let next: number | undefined;
    const iterator = this.#database.iterator({
      gte: keys.entry(floor + 1),
      lt: keys.entriesEnd,
      fillCache: false,
      highWaterMarkBytes: 1024 * 1024,
    });
    try {
      for (;;) {
        const rows = await iterator.nextv(1000);
        if (rows.length === 0) break;
        for (const [key, value] of rows) {
          const index = entryIndex(key);
          if (next !== undefined && index !== next) throw this.#corrupt(`log entry ${next} is missing`);
          next = index + 1;
          const { entry, commit: entryCommit } = unsealEntry(key, value);
          entries.push(entry);
          commit = Math.max(commit, entryCommit);
        }
      }
    } finally {
      await iterator.close();
    }
    const first = entries[0]?.index ?? floor + 1;
    const last = entries.at(-1)?.index ?? floor;
    if (first !== floor + 1) throw this.#corrupt(`log entry ${floor + 1} is missing`);
    if (floor > snapshot.index || last < snapshot.index) throw this.#corrupt('the snapshot');
    if (commit > Math.max(last, snapshot.index)) throw this.#corrupt(`log entry ${commit} is missing`);
    this.#firstIndex = floor + 1;
    this.#lastIndex = last;
    this.#hardState = { ...this.#hardState, commit };
    if (floor > 0) this.#inBackground(this.#clearBelow(floor + 1));
    return entries;
  }

  /** The whole log goes: what the snapshot covers by the floor, the rest row by row. */
  #replaceLog(index: number, operations: Operation[]): void {
    for (let i = index + 1; i <= this.#lastIndex; i++) operations.push({ type: 'del', key: keys.entry(i) });
    operations.push(put(keys.floor, packr.pack(index)));
    this.#firstIndex = index + 1;
    this.#lastIndex = index;
  }

  #append(entries: readonly Entry[], operations: Operation[]): void {
    const first = entries[0];
    if (first === undefined) return;
    assert(first.index >= this.#firstIndex && first.index <= this.#lastIndex + 1, 'the log must have no gap');
    const { commit } = this.#hardState;
    for (const entry of entries) {
      const key = keys.entry(entry.index);
      operations.push({ type: 'put', key, value: sealEntry(key, entry, commit) });
    }
    const last = first.index + entries.length - 1;
    for (let i = last + 1; i <= this.#lastIndex; i++) operations.push({ type: 'del', key: keys.entry(i) });
    this.#lastIndex = last;
  }

  async *#chunks(snapshot: SnapshotRecord, close: () => void): AsyncGenerator<Uint8Array> {
    try {
      for (let i = 0; i < snapshot.chunks; i++) {
        const key = keys.chunk(snapshot.id, i);
        yield await this.#guard(async () => {
          const value = await this.#database.get(key, { fillCache: false });
          if (value === undefined) throw this.#corrupt(`chunk ${i} of snapshot ${snapshot.id} is missing`);
          return unseal(key, value);
        });
      }
    } finally {
      close();
    }
  }

  #removeWhenUnread(snapshotId: number): void {
    if (snapshotId !== 0 && !this.#readers.has(snapshotId)) this.#inBackground(this.#clearSnapshot(snapshotId));
  }

  #clearSnapshot(id: number): Promise<void> {
    return this.#database.clear({ gte: keys.chunk(id, 0), lt: keys.chunk(id + 1, 0) });
  }

  async #removeSnapshotsExcept(id: number): Promise<void> {
    await this.#database.clear({ gte: keys.chunksBegin, lt: keys.chunk(id, 0) });
    await this.#database.clear({ gte: keys.chunk(id + 1, 0), lt: keys.chunksEnd });
  }

  #clearBelow(index: number): Promise<void> {
    return this.#database.clear({ gte: keys.entry(0), lt: keys.entry(index) });
  }

  async #read<T>(key: Buffer): Promise<T | undefined> {
    const value = await this.#database.get(key);
    if (value === undefined) return undefined;
    const body = unseal(key, value);
    return packr.unpack(body) as T;
  }

  async #commit(operations: Operation[]): Promise<void> {
    if (operations.length > 0) await this.#database.batch(operations, { sync: true });
  }

  /** After the commits so ordered before: LevelDB may let one batch overtake another. */
  #commitInOrder(operations: Operation[]): Promise<void> {
    const turn = this.#lastCommit.then(() => this.#commit(operations));
    this.#lastCommit = turn;
    return turn;
  }

  /** Runs an operation; its failure is the storage's end. */
  #guard<T>(operation: () => Promise<T>): Promise<T> {
    return this.#run(async () => {
      try {
        return await operation();
      } catch (error) {
        this.#failure ??= this.#failureOf(error);
        throw this.#failure;
      }
    });
  }

  #run<T>(operation: () => Promise<T>): Promise<T> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#closed !== undefined) {
      return Promise.reject(failedError(this.#directory, 'it is closed'));
    }
    const result = operation();
    this.#track(result);
    return result;
  }

  /** What is deleted but not yet removed costs space, nothing else; a failure still ends the storage. */
  #inBackground(work: Promise<void>): void {
    this.#track(
      work.catch((error) => {
        this.#failure ??= this.#failureOf(error);
      }),
    );
  }

  #track(work: Promise<unknown>): void {
    this.#underWay.add(work);
    const forget = (): void => {
      this.#underWay.delete(work);
    };
    work.then(forget, forget);
  }

  #failureOf(error: unknown): KeelsonError {
    if (error instanceof KeelsonError) return error;
    if (error instanceof DamagedRowError) return this.#corrupt(error.message, error);
    if (errorCode(error) === 'LEVEL_CORRUPTION') return this.#corrupt(errorMessage(error), error);
    return failedError(this.#directory, error);
  }

  #corrupt(what: string, cause?: unknown): KeelsonError {
    return corruptError(this.#directory, what, cause);
  }

  #foreign(what: string): KeelsonError {
    return foreignError(this.#directory, what);
  }
}

function put(key: Buffer, body: Uint8Array): Operation {
  return { type: 'put', key, value: seal(key, body) };
}
