import type { MemberStep, PeerId, Role } from '../raft/index.ts';
import type { DiskStatus } from './disk-reserve.ts';
import type { Member } from './members.ts';

/**
 * A replicated state machine as its user sees it. Commands are plain data that `msgpackr` can carry.
 * Many commands share one Raft entry and one fsync. Each is applied exactly once and in the order in
 * which this peer proposed it, even across leader changes: a peer numbers its batches in a session
 * (peer id, incarnation, sequence), resends what was not applied, and the apply step skips repeats.
 */
export interface Replica {
  readonly id: PeerId;
  /**
   * Replicates a command; resolves with what the state machine's `apply` returned on this peer. The caller must not
   * change the command until then.
   * Rejects with code TIMEOUT (the outcome is unknown), OVERLOADED, NO_SPACE,
   * TOO_LARGE or INVALID (nothing was proposed) or STOPPED (unknown).
   */
  propose(command: unknown): Promise<unknown>;
  /**
   * Resolves when the local state machine has applied every write acknowledged anywhere before the
   * call (ReadIndex). Concurrent calls share a round. Rejects with TIMEOUT or STOPPED.
   */
  readBarrier(): Promise<void>;
  status(): ReplicaStatus;
  /** Called on each change of role, term or leader. Returns a function that ends it. */
  onStatus(listener: (status: ReplicaStatus) => void): () => void;
  /** Asks `to` (or the most up-to-date follower) to take over leadership; resolves when done or after a timeout rejects. */
  transferLeadership(to?: PeerId): Promise<void>;
  /**
   * Hands leadership over, if it can be done within an election timeout, finishes writes under way and closes storage
   * and transport. `handOver: false` leaves the others to notice. Idempotent.
   */
  stop(options?: { handOver?: boolean }): Promise<void>;
  /** Settles when the replica had to stop by itself: rejects with the disk error, or REMOVED when it is no member any more. */
  readonly failed: Promise<never>;
}

/** A replica whose cluster can change. */
export interface ClusterMember extends Replica {
  /** Who is in the cluster, as far as this peer knows. */
  members(): Member[];
  /** The number for the next member: higher than any that was given out, as far as this peer knows. */
  nextId(): PeerId;
  /**
   * Changes who is in the cluster, all steps at once; asked on any peer, and resolves when it is in effect, so that
   * peers that were removed may be switched off. A change that would leave too few voters that answer is refused.
   * Rejects with QUORUM_LOST, NOT_CAUGHT_UP, CHANGE_UNDER_WAY, NO_VOTERS_LEFT, ID_USED, NO_SUCH_PEER or NO_LEADER
   * (nothing was changed), TIMEOUT or STOPPED (unknown).
   */
  changeMembership(steps: readonly MemberStep[]): Promise<void>;
}

export interface ReplicaStatus {
  id: PeerId;
  role: Role;
  term: number;
  /** 0 when unknown. */
  leader: PeerId;
  commit: number;
  applied: number;
  members: readonly PeerId[];
  /** The cluster's, as applied here: what came with a later one must not be proposed (version.ts). */
  version: number;
  /** Absent: not watched. */
  disk?: DiskStatus;
}

/** What a replica applies commands to. Deterministic: same commands, same state, on every peer. */
export interface StateMachine {
  /**
   * Applies the commands of one entry, in order, and returns one result each. Must not throw: that would stop the peer.
   * The commands are copies of what was proposed, on every peer; the state machine may keep them and their bytes.
   */
  apply(commands: readonly unknown[], index: number): unknown[];
  /**
   * A consistent snapshot of the state now, in chunks of about 256 KiB, 8 MiB at most. The state may change while the
   * chunks are read: the iterator still yields the state at the call.
   */
  snapshot(): AsyncIterable<Uint8Array>;
  /** Replaces the whole state. */
  restore(chunks: AsyncIterable<Uint8Array>): Promise<void>;
}
