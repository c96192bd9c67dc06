import type { Entry, HardState, PeerId, RestoredState, SnapshotPosition } from '../raft/index.ts';

/**
 * Durable home of one replica: log, hard state, snapshots. Any rejection is fatal for the peer: after a
 * failed write LevelDB may lose later ones, so the replica stops, and the storage refuses all further calls
 * with the same error. Errors are KeelsonErrors with code DATA_CORRUPT, DATA_FOREIGN, DATA_LOCKED or DATA_FAILED.
 */
export interface Storage {
  /**
   * State found at opening; undefined for an empty directory. Rejects with DATA_FOREIGN when the data is
   * another's than `identity`.
   */
  load(identity: Identity): Promise<StoredState | undefined>;
  /**
   * Writes the identity of a new replica and its first state; `store` names this storage; the
   * voters of `position` are the cluster's founders. Durable when it resolves.
   */
  initialise(identity: Identity, store: string, position: SnapshotPosition): Promise<void>;
  /**
   * Atomic and durable when it resolves. Calls must not overlap. The storage keeps no reference to what it is given
   * after that, but for the bytes of entries, which nobody may change.
   */
  write(batch: WriteBatch): Promise<void>;
  /**
   * Adds a life: its number is greater than those before, and `atLeast` so much. Returns it; durable when it resolves. Called
   * once at each start.
   */
  beginLife(atLeast: number): Promise<number>;
  /** This life is known to others, so nobody will ask for those before it, which are dropped. May run beside `write`. */
  confirmLife(incarnation: number): Promise<void>;
  /** Keeps the credential that another peer came with, in place of the one before. Durable when it resolves; may run beside `write`. */
  rememberPeer(peer: PeerId, credential: StoreCredential): Promise<void>;
  /**
   * Stores a snapshot's content, durably, without making it the current one: `write` does that. What was staged
   * and never written is removed by `discardSnapshot`, or when the storage is opened the next time. May run beside `write`.
   */
  stageSnapshot(position: SnapshotPosition, chunks: AsyncIterable<Uint8Array>): Promise<StagedSnapshot>;
  /**
   * As `stageSnapshot`, of a snapshot that another store sends. Each chunk is durable before the next one is asked for. What is here
   * when the stream ends with SNAPSHOT_BROKEN, or the process ends, is kept: a call for the same snapshot goes on behind it, after
   * a restart too. Any other error discards it, and so does the next snapshot of another kind, or one as new that becomes
   * current: one at most is kept. Calls must not overlap.
   */
  stageReceived(position: SnapshotPosition, stream: SnapshotStream): Promise<StagedSnapshot>;
  discardSnapshot(staged: StagedSnapshot): Promise<void>;
  /**
   * The current snapshot; undefined when there is none but that of `initialise`. Its chunks stay readable to the
   * end, even when a newer one lands. `close` gives them up when they are not read after all.
   */
  readSnapshot(): Promise<SnapshotReader | undefined>;
  /** Drops log entries with index ≤ `index`. May run beside `write`. */
  compact(index: number): Promise<void>;
  /** Waits for calls under way. Idempotent. */
  close(): Promise<void>;
}

export interface WriteBatch {
  hardState?: HardState | undefined;
  /** Becomes the current snapshot; the older one is removed once nobody reads it. */
  snapshot?: StagedSnapshot | undefined;
  /** With `snapshot`: the log before `entries` is dropped whole (a snapshot received). */
  replaceLog?: boolean;
  /** Replace whatever the log holds from the first one's index on. */
  entries: readonly Entry[];
}

/** Whose data this is. A directory never changes its identity. */
export interface Identity {
  clusterId: string;
  peerId: number;
}

/**
 * What a peer shows of itself to others. They notice by it that its data was lost, or replaced by an older copy: a peer that
 * forgot what it promised.
 */
export interface StoreCredential {
  /** Names the storage: random, made with it. */
  store: string;
  /** The voters that its cluster began with, as this peer was told; none for a peer that joined later. */
  founders: readonly PeerId[];
  /** Grows with each start of its peer. */
  incarnation: number;
  /** That of the start before, 0 at the first. What older software tells, and looks at. */
  previous: number;
  /**
   * Those of all starts before this one, from the last one that was confirmed on (0: none was yet), ascending: an older copy
   * does not know the later ones that others do, however often it was started. Absent: older software.
   */
  lives?: readonly number[];
  /** What its software can say in the log (version.ts). Absent: it is of the time before that was told. */
  version?: number;
}

export interface StoredState extends Omit<RestoredState, 'applied'> {
  identity: Identity;
  store: string;
  founders: readonly PeerId[];
  /** Incarnations: the last one that was confirmed, or 0, and all after it; ascending. */
  lives: readonly number[];
  /** What other peers came with last. */
  peers: ReadonlyMap<PeerId, StoreCredential>;
}

/** So many lives are remembered beside the one confirmed: a peer that nobody hears of restarts so often at most. */
const MAX_LIVES = 256;

/** The lives of a storage when one more begins. */
export function withLife(lives: readonly number[], atLeast: number): number[] {
  const [confirmed, ...others] = lives;
  return [confirmed!, ...others.slice(1 - MAX_LIVES), Math.max(atLeast, lives.at(-1)! + 1)];
}

/** A snapshot that is durable but not yet the current one. */
export interface StagedSnapshot {
  readonly id: number;
  readonly position: SnapshotPosition;
  readonly bytes: number;
}

/** A snapshot on its way from another store. */
export interface SnapshotStream {
  /** The store that sends it. One has a single snapshot at an index, in a single sequence of chunks. */
  source: string;
  /** The chunks behind `part`, which is here already. Called once. */
  after(part: SnapshotPart): AsyncIterable<Uint8Array>;
}

/** The beginning of a snapshot's sequence of chunks. */
export interface SnapshotPart {
  chunks: number;
  bytes: number;
  /** CRC32 of all its bytes. */
  checksum: number;
}

export interface SnapshotReader {
  position: SnapshotPosition;
  bytes: number;
  /** To be read once. */
  chunks: AsyncIterable<Uint8Array>;
  /** Idempotent. */
  close(): void;
}
