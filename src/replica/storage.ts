import type { Entry, HardState, RestoredState, SnapshotPosition } from '../raft/index.ts';

/**
 * Durable home of one replica: log, hard state, snapshots. Any rejection is fatal for the peer: after a
 * failed write LevelDB may lose later ones, so the replica stops.
 */
export interface Storage {
  /** Identity and state found at opening; undefined for an empty directory. */
  load(): Promise<StoredState | undefined>;
  /** Writes the identity of a new replica and its first state. Durable when it resolves. */
  initialise(identity: Identity, snapshot: SnapshotPosition): Promise<void>;
  /** Atomic and durable when it resolves. Entries replace whatever the log holds from the first one's index on. */
  write(batch: { hardState?: HardState | undefined; entries: readonly Entry[] }): Promise<void>;
  /** Adds one to the incarnation, durably, and returns it: called once at each start. */
  nextIncarnation(): Promise<number>;
  /**
   * Stores a snapshot in chunks; durable and the current one when it resolves, after which the older one
   * is removed. With `replaceLog` the whole log is dropped in the same atomic step (a snapshot received).
   */
  writeSnapshot(
    position: SnapshotPosition,
    chunks: AsyncIterable<Uint8Array>,
    options: { replaceLog: boolean },
  ): Promise<void>;
  /** The current snapshot's chunks; undefined when there is none. Stays readable to its end even when a newer one lands. */
  readSnapshot(): Promise<{ position: SnapshotPosition; chunks: AsyncIterable<Uint8Array> } | undefined>;
  /** Drops log entries with index ≤ `index`. */
  compact(index: number): Promise<void>;
  close(): Promise<void>;
}

/** Whose data this is. A directory never changes its identity. */
export interface Identity {
  clusterId: string;
  peerId: number;
}

export interface StoredState extends Omit<RestoredState, 'applied'> {
  identity: Identity;
}
