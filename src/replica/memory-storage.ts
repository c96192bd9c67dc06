import { assert, errorCode, KeelsonError } from '../base/index.ts';
import type { Entry, HardState, PeerId, SnapshotPosition } from '../raft/index.ts';
import { extended, noPart } from './snapshot-part.ts';
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

/** What survives a crash of a replica whose storage is in memory; open it again with `openMemoryStorage`. */
export class MemoryDisk {
  identity: Identity | undefined;
  store = '';
  founders: readonly PeerId[] = [];
  peers = new Map<PeerId, StoreCredential>();
  hardState: HardState = { term: 0, vote: 0, commit: 0 };
  snapshot: MemorySnapshot | undefined;
  /** What has arrived of the snapshot that another store sends. */
  received: ReceivedSnapshot | undefined;
  /** Contiguous, from `firstIndex` on. */
  entries: Entry[] = [];
  firstIndex = 1;
  lives: readonly number[] = [0];
  snapshots = 0;
  /** Whoever opened it last; earlier ones write no more. */
  owner: object | undefined;

  /** As it is now, for whoever opens that one. */
  copy(): MemoryDisk {
    const copy = Object.assign(new MemoryDisk(), { ...this, entries: [...this.entries], owner: undefined });
    copy.peers = new Map(this.peers);
    if (this.received !== undefined) copy.received = { ...this.received, chunks: [...this.received.chunks] };
    return copy;
  }
}

interface MemorySnapshot {
  id: number;
  position: SnapshotPosition;
  chunks: readonly Uint8Array[];
}

interface ReceivedSnapshot extends MemorySnapshot {
  source: string;
  chunks: Uint8Array[];
}

export interface MemoryStorageOptions {
  /** Called before a write becomes durable: tests delay here, or throw to break the disk. */
  beforeSync?: () => Promise<void>;
}

/** A storage that lives as long as `disk`. Opening the disk again cuts off who had it: a crash loses what was not synced. */
export function openMemoryStorage(disk: MemoryDisk = new MemoryDisk(), options: MemoryStorageOptions = {}): Storage {
  return new MemoryStorage(disk, options);
}

class MemoryStorage implements Storage {
  readonly #disk: MemoryDisk;
  readonly #beforeSync: (() => Promise<void>) | undefined;
  readonly #staged = new Map<number, MemorySnapshot>();
  #failure: KeelsonError | undefined;
  #closed = false;

  constructor(disk: MemoryDisk, options: MemoryStorageOptions) {
    this.#disk = disk;
    this.#beforeSync = options.beforeSync;
    disk.owner = this;
  }

  async load(identity: Identity): Promise<StoredState | undefined> {
    this.#check();
    const { identity: stored, store, founders, lives, snapshot, hardState, entries, peers } = this.#disk;
    if (stored === undefined || snapshot === undefined) return undefined;
    if (stored.clusterId !== identity.clusterId || stored.peerId !== identity.peerId) {
      throw new KeelsonError(
        'DATA_FOREIGN',
        `this memory belongs to peer ${stored.peerId} of cluster ${stored.clusterId}`,
      );
    }
    return {
      identity: stored,
      store,
      founders,
      lives,
      hardState,
      snapshot: snapshot.position,
      entries: [...entries],
      peers: new Map(peers),
    };
  }

  async initialise(identity: Identity, store: string, position: SnapshotPosition): Promise<void> {
    await this.#sync();
    this.#disk.identity = { ...identity };
    this.#disk.store = store;
    this.#disk.founders = position.configuration.voters;
    this.#disk.snapshot = { id: 0, position, chunks: [] };
    this.#disk.firstIndex = position.index + 1;
  }

  async write({ hardState, snapshot, replaceLog, entries }: WriteBatch): Promise<void> {
    const batch = [...entries];
    await this.#sync();
    const disk = this.#disk;
    if (hardState !== undefined) disk.hardState = { ...hardState };
    if (snapshot !== undefined) {
      const staged = this.#staged.get(snapshot.id);
      assert(staged !== undefined, 'only a staged snapshot can become current');
      this.#staged.delete(snapshot.id);
      disk.snapshot = staged;
      if (disk.received !== undefined && disk.received.position.index <= staged.position.index)
        disk.received = undefined;
      if (replaceLog) {
        disk.entries = [];
        disk.firstIndex = snapshot.position.index + 1;
      }
    }
    const first = batch[0];
    if (first === undefined) return;
    const at = first.index - disk.firstIndex;
    assert(at >= 0 && at <= disk.entries.length, 'the log must have no gap');
    disk.entries.length = at;
    for (const entry of batch) disk.entries.push(entry);
  }

  async beginLife(atLeast: number): Promise<number> {
    await this.#sync();
    this.#disk.lives = withLife(this.#disk.lives, atLeast);
    return this.#disk.lives.at(-1)!;
  }

  async confirmLife(incarnation: number): Promise<void> {
    await this.#sync();
    this.#disk.lives = [incarnation];
  }

  async rememberPeer(peer: PeerId, credential: StoreCredential): Promise<void> {
    await this.#sync();
    this.#disk.peers.set(peer, credential);
  }

  async stageSnapshot(position: SnapshotPosition, chunks: AsyncIterable<Uint8Array>): Promise<StagedSnapshot> {
    this.#check();
    this.#disk.snapshots += 1;
    const id = this.#disk.snapshots;
    const copies: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of chunks) {
      copies.push(chunk.slice());
      bytes += chunk.length;
    }
    await this.#sync();
    this.#staged.set(id, { id, position, chunks: copies });
    return { id, position, bytes };
  }

  async stageReceived(position: SnapshotPosition, stream: SnapshotStream): Promise<StagedSnapshot> {
    await this.#sync();
    const disk = this.#disk;
    const { source } = stream;
    const before = disk.received?.source === source ? disk.received : undefined;
    if (before?.position.index !== position.index || before.position.term !== position.term) {
      disk.snapshots += 1;
      disk.received = { id: disk.snapshots, source, position, chunks: [] };
    }
    const received = disk.received!;
    let part = received.chunks.reduce(extended, noPart);
    try {
      for await (const chunk of stream.after(part)) {
        const copy = chunk.slice();
        await this.#sync();
        received.chunks.push(copy);
        part = extended(part, copy);
      }
    } catch (error) {
      this.#check();
      if (errorCode(error) !== 'SNAPSHOT_BROKEN') this.#drop(received.id);
      throw error;
    }
    this.#staged.set(received.id, received);
    return { id: received.id, position, bytes: part.bytes };
  }

  async discardSnapshot(staged: StagedSnapshot): Promise<void> {
    this.#check();
    this.#staged.delete(staged.id);
    this.#drop(staged.id);
  }

  async readSnapshot(): Promise<SnapshotReader | undefined> {
    this.#check();
    const { snapshot } = this.#disk;
    if (snapshot === undefined || snapshot.id === 0) return undefined;
    return {
      position: snapshot.position,
      bytes: snapshot.chunks.reduce((sum, chunk) => sum + chunk.length, 0),
      chunks: iterate(snapshot.chunks),
      close() {},
    };
  }

  async compact(index: number): Promise<void> {
    await this.#sync();
    const disk = this.#disk;
    if (index < disk.firstIndex) return;
    disk.entries.splice(0, index - disk.firstIndex + 1);
    disk.firstIndex = index + 1;
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #drop(id: number): void {
    if (this.#disk.received?.id === id) this.#disk.received = undefined;
  }

  async #sync(): Promise<void> {
    this.#check();
    try {
      await this.#beforeSync?.();
    } catch (error) {
      this.#failure ??= new KeelsonError('DATA_FAILED', 'the disk failed', { cause: error });
    }
    this.#check();
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closed || this.#disk.owner !== this) throw new KeelsonError('DATA_FAILED', 'the storage is closed');
  }
}

async function* iterate(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}
