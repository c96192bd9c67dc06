import { assert } from '../base/index.ts';
import type { Entry, HardState, PeerId, SnapshotPosition } from '../raft/index.ts';
import { openDatabase } from './level-database.ts';
import { GuardedDatabase, type Operation, record } from './level-guard.ts';
import { FORMAT, keys, numberIn, sealEntry, unsealEntry } from './level-records.ts';
import { LevelSnapshots } from './level-snapshots.ts';
import {
  type Identity,
  type SnapshotReader,
  type SnapshotStream,
  type StagedSnapshot,
  type Storage,
  type StoreCredential,
  type StoredState,
  type WriteBatch,
  withLife,
} from './storage.ts';

/**
 * Opens (or creates) the storage in `directory`, which holds nothing else. Rejects with DATA_LOCKED when it is open
 * already, DATA_FOREIGN when something else lives there, DATA_CORRUPT when it is damaged.
 */
export async function openLevelStorage(directory: string): Promise<Storage> {
  return new LevelStorage(new GuardedDatabase(directory, await openDatabase(directory)));
}

const initialHardState: HardState = { term: 0, vote: 0, commit: 0 };

interface IdentityRecord extends Identity {
  format: number;
  store: string;
  founders: readonly PeerId[];
}

class LevelStorage implements Storage {
  readonly #database: GuardedDatabase;
  readonly #snapshots: LevelSnapshots;
  #hardState = initialHardState;
  #firstIndex = 1;
  #lastIndex = 0;

  constructor(database: GuardedDatabase) {
    this.#database = database;
    this.#snapshots = new LevelSnapshots(database);
  }

  load(identity: Identity): Promise<StoredState | undefined> {
    const database = this.#database;
    return database.guard(async () => {
      const stored = await database.read<IdentityRecord>(keys.identity);
      if (stored === undefined) {
        const rows = await database.level.keys({ limit: 1 }).all();
        if (rows.length > 0) throw database.foreign('holds a database that is not of Keelson');
        return undefined;
      }
      this.#checkOwner(stored, identity);
      await this.#snapshots.load();
      const { position } = this.#snapshots;
      const entries = await this.#loadEntries(position);
      const peers = await this.#loadPeers();
      const lives = await this.#loadLives();
      const { store, founders } = stored;
      const hardState = this.#hardState;
      return { identity, store, founders, lives, hardState, snapshot: position, entries, peers };
    });
  }

  initialise(identity: Identity, store: string, position: SnapshotPosition): Promise<void> {
    return this.#database.guard(async () => {
      this.#firstIndex = position.index + 1;
      this.#lastIndex = position.index;
      await this.#database.commit([
        record(keys.identity, {
          format: FORMAT,
          store,
          founders: position.configuration.voters,
          ...identity,
        } satisfies IdentityRecord),
        record(keys.hardState, initialHardState),
        this.#snapshots.initialise(position),
        record(keys.floor, position.index),
      ]);
    });
  }

  write({ hardState, snapshot, replaceLog, entries }: WriteBatch): Promise<void> {
    return this.#database.guard(async () => {
      const operations: Operation[] = [];
      if (hardState !== undefined) this.#setHardState(hardState, entries.length > 0, operations);
      const promoted = snapshot && this.#snapshots.promote(snapshot);
      if (promoted !== undefined) operations.push(...promoted.operations);
      if (replaceLog) this.#dropLog(snapshot!.position.index, operations);
      this.#append(entries, operations);
      await this.#database.commitInOrder(operations);
      promoted?.onDurable();
      if (replaceLog) this.#database.inBackground(this.#clearBelowFirst());
    });
  }

  beginLife(atLeast: number): Promise<number> {
    return this.#database.guard(async () => {
      const lives = withLife(await this.#loadLives(), atLeast);
      await this.#database.commit([record(keys.lives, lives)]);
      return lives.at(-1)!;
    });
  }

  confirmLife(incarnation: number): Promise<void> {
    return this.#database.guard(() => this.#database.commit([record(keys.lives, [incarnation])]));
  }

  rememberPeer(peer: PeerId, credential: StoreCredential): Promise<void> {
    return this.#database.guard(() => this.#database.commit([record(keys.peer(peer), credential)]));
  }

  stageSnapshot(position: SnapshotPosition, chunks: AsyncIterable<Uint8Array>): Promise<StagedSnapshot> {
    return this.#snapshots.stage(position, chunks);
  }

  stageReceived(position: SnapshotPosition, stream: SnapshotStream): Promise<StagedSnapshot> {
    return this.#snapshots.stageReceived(position, stream);
  }

  discardSnapshot(staged: StagedSnapshot): Promise<void> {
    return this.#database.guard(() => this.#snapshots.discard(staged));
  }

  readSnapshot(): Promise<SnapshotReader | undefined> {
    return this.#database.guard(async () => this.#snapshots.read());
  }

  compact(index: number): Promise<void> {
    return this.#database.guard(async () => {
      if (index < this.#firstIndex) return;
      assert(index <= this.#snapshots.position.index, 'only what a snapshot covers may be dropped');
      this.#firstIndex = index + 1;
      // The floor first and durably: the deletes are not, so after a power cut some of them may be undone.
      await this.#database.commitInOrder([record(keys.floor, index)]);
      await this.#clearBelowFirst();
    });
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  #checkOwner(stored: IdentityRecord, { clusterId, peerId }: Identity): void {
    if (stored.format !== FORMAT) {
      throw this.#database.foreign(`has format ${stored.format}, and this version of Keelson reads format ${FORMAT}`);
    }
    if (stored.clusterId !== clusterId || stored.peerId !== peerId) {
      throw this.#database.foreign(
        `belongs to peer ${stored.peerId} of cluster ${stored.clusterId}, not to peer ${peerId} of cluster ${clusterId}`,
      );
    }
  }

  /** One number alone: written by software that remembered the last life only. */
  async #loadLives(): Promise<number[]> {
    return [(await this.#database.read<number | number[]>(keys.lives)) ?? 0].flat();
  }

  async #loadPeers(): Promise<Map<PeerId, StoreCredential>> {
    const peers = new Map<PeerId, StoreCredential>();
    for await (const [key] of this.#database.level.iterator({ gte: keys.peer(0), lt: keys.peersEnd })) {
      peers.set(numberIn(key), (await this.#database.read<StoreCredential>(key))!);
    }
    return peers;
  }

  async #loadEntries(snapshot: SnapshotPosition): Promise<Entry[]> {
    const database = this.#database;
    const hardState = (await database.read<HardState>(keys.hardState)) ?? initialHardState;
    const floor = (await database.read<number>(keys.floor)) ?? 0;
    const entries: Entry[] = [];
    let commit = Math.max(hardState.commit, snapshot.index);
    for await (const [key, value] of this.#rowsFrom(floor + 1)) {
      const next = floor + 1 + entries.length;
      if (numberIn(key) !== next) throw database.corrupt(`log entry ${next} is missing`);
      const stored = unsealEntry(key, value);
      entries.push(stored.entry);
      commit = Math.max(commit, stored.commit);
    }
    const last = floor + entries.length;
    if (floor > snapshot.index) throw database.corrupt('the snapshot is older than the log');
    if (commit > last) throw database.corrupt(`log entry ${last + 1} is missing`);
    this.#firstIndex = floor + 1;
    this.#lastIndex = last;
    this.#hardState = { ...hardState, commit };
    if (floor > 0) database.inBackground(this.#clearBelowFirst());
    return entries;
  }

  async *#rowsFrom(index: number): AsyncGenerator<[Buffer, Buffer]> {
    const range = { gte: keys.entry(index), lt: keys.entriesEnd };
    const iterator = this.#database.level.iterator({ ...range, fillCache: false, highWaterMarkBytes: 1024 * 1024 });
    try {
      for (let rows = await iterator.nextv(1000); rows.length > 0; rows = await iterator.nextv(1000)) yield* rows;
    } finally {
      await iterator.close();
    }
  }

  /** The commit index alone rides along with entries; it needs no row of its own then. */
  #setHardState(hardState: HardState, withEntries: boolean, operations: Operation[]): void {
    const { term, vote } = this.#hardState;
    this.#hardState = hardState;
    if (withEntries && hardState.term === term && hardState.vote === vote) return;
    operations.push(record(keys.hardState, hardState));
  }

  /** The whole log goes: what the snapshot covers by the floor, the rest row by row. */
  #dropLog(snapshotIndex: number, operations: Operation[]): void {
    this.#deleteAfter(snapshotIndex, operations);
    operations.push(record(keys.floor, snapshotIndex));
    this.#firstIndex = snapshotIndex + 1;
    this.#lastIndex = snapshotIndex;
  }

  #append(entries: readonly Entry[], operations: Operation[]): void {
    const first = entries[0];
    if (first === undefined) return;
    assert(first.index >= this.#firstIndex && first.index <= this.#lastIndex + 1, 'the log must have no gap');
    for (const entry of entries) {
      const key = keys.entry(entry.index);
      operations.push({ type: 'put', key, value: sealEntry(key, entry, this.#hardState.commit) });
    }
    const last = first.index + entries.length - 1;
    this.#deleteAfter(last, operations);
    this.#lastIndex = last;
  }

  #deleteAfter(index: number, operations: Operation[]): void {
    for (let i = index + 1; i <= this.#lastIndex; i++) operations.push({ type: 'del', key: keys.entry(i) });
  }

  #clearBelowFirst(): Promise<void> {
    return this.#database.level.clear({ gte: keys.entry(0), lt: keys.entry(this.#firstIndex) });
  }
}
