import { KeelsonError } from '../base/index.ts';

/**
 * What goes into the Raft core and what comes out of it. The core is pure: `step(input)` returns
 * effects, which the host (src/replica) carries out. It owns no timer, socket, disk or randomness.
 *
 * The host's duties:
 * 1. Carry out effects in the order in which `step` returned them.
 * 2. Make `hardState`, `entries` (cutting the log at the first one's index) and `snapshot` durable in
 *    one atomic batch. Only then, and after all earlier batches, send `messagesAfterPersist` and report
 *    `{ type: 'persisted' }`.
 * 3. Send `messages` at once: they don't wait for the disk (the leader's appends overlap its own write).
 * 4. Apply `committed` in order, then report `{ type: 'applied' }`.
 * 5. Answer a read once the state machine has applied at least `reads[].index`.
 * 6. A `snapshot` message is handed to `step` only when its content lies durably *beside* the current
 *    state (staged). If that step's effects carry `snapshot`, adopt the content: one atomic batch makes it
 *    the current snapshot and drops the whole log; then restore the state machine from it and report
 *    `applied`. If they don't, throw the content away and keep the log: it may hold acknowledged entries.
 */

/** The log lacks what this peer has acknowledged as durable: its disk has lost it, and the peer must not go on. */
export class LogLostError extends KeelsonError {
  constructor(acknowledged: number, lastIndex: number) {
    super(
      'DATA_LOST',
      `the log ends at entry ${lastIndex}, but entry ${acknowledged} was acknowledged: the disk has lost it; check the disk, then replace the peer ("keelson member remove", "keelson member add")`,
    );
  }
}

/** A member's number: positive, never reused in the life of a cluster. */
export type PeerId = number;
/** Nobody. */
export const NONE: PeerId = 0;

export type Role = 'follower' | 'pre-candidate' | 'candidate' | 'leader';

export interface Entry {
  index: number;
  term: number;
  /** `command` for the state machine, `configuration` for a membership change, `empty` opens a term. */
  kind: 'command' | 'configuration' | 'empty';
  data: Uint8Array;
}

/** Must be durable before any message that tells of it. */
export interface HardState {
  term: number;
  vote: PeerId;
  commit: number;
}

/** Who is in the cluster (§6; joint while `votersOutgoing` is not empty). Each list sorted ascending. */
export interface Configuration {
  voters: readonly PeerId[];
  votersOutgoing: readonly PeerId[];
  learners: readonly PeerId[];
  /** Become learners when the joint configuration is left. */
  learnersNext: readonly PeerId[];
  /** The leader leaves the joint configuration by itself, as soon as that is in effect. */
  autoLeave: boolean;
  /** Learners that the leader makes voters, each by a change of its own, once they have caught up. Absent: none. */
  promotable?: readonly PeerId[];
  /** Where members are reached; the host's affair, carried along here. */
  addresses?: Readonly<Record<PeerId, string>>;
  /** The highest number that any member has ever had, if that is higher than the members'. */
  highestId?: PeerId;
}

/** One step of a membership change. `add-voter` promotes a learner, and `add-learner` demotes a voter. */
export type MemberStep =
  | { type: 'add-voter'; peer: PeerId; address?: string }
  /** `autoPromote`: it becomes a voter once it has caught up. */
  | { type: 'add-learner'; peer: PeerId; address?: string; autoPromote?: boolean }
  | { type: 'remove'; peer: PeerId }
  /** Changes nothing but the address. */
  | { type: 'update'; peer: PeerId; address?: string };

/**
 * What comes of a change asked for: it is in effect, and a majority of the new configuration knows; whoever has applied
 * `index` follows it. Or why it was not proposed.
 */
export type ChangeAnswer = { index: number } | { refused: ChangeRefusal; why: string };

export type ChangeRefusal =
  /** Passes by itself: no leader is known, or it has only just been elected, or is about to hand over. */
  | 'not-ready'
  | 'under-way'
  | 'no-voters-left'
  /** Those who answer now are too few for the new configuration. */
  | 'quorum-lost'
  | 'not-caught-up'
  | 'id-used'
  | 'unknown-member'
  /** Proposed, but leadership was lost before it was known to be in effect. The new leader may yet commit it. */
  | 'outcome-unknown';

/** Identifies a snapshot: the state after applying `index`, which was of `term`. */
export interface SnapshotPosition {
  index: number;
  term: number;
  configuration: Configuration;
}

/**
 * A voter's answer, with the last entry that it knows to be committed: a candidate that it refuses may hold that one
 * without knowing, and with it a configuration in which the voter's consent is not even needed.
 */
export type Vote = { granted: boolean; commit?: number; commitTerm?: number };

export type Message =
  /** Would you vote for me in `term`? Changes nothing at either side (thesis §9.6). */
  | { type: 'pre-vote'; from: PeerId; to: PeerId; term: number; lastIndex: number; lastTerm: number }
  | ({ type: 'pre-vote-response'; from: PeerId; to: PeerId; term: number } & Vote)
  /** `transfer`: the leader asked for this election, so leases don't protect it (thesis §3.10). */
  | { type: 'vote'; from: PeerId; to: PeerId; term: number; lastIndex: number; lastTerm: number; transfer: boolean }
  | ({ type: 'vote-response'; from: PeerId; to: PeerId; term: number } & Vote)
  /** Log entries after (`previousIndex`, `previousTerm`); may be empty to carry `commit`. */
  | {
      type: 'append';
      from: PeerId;
      to: PeerId;
      term: number;
      previousIndex: number;
      previousTerm: number;
      entries: readonly Entry[];
      commit: number;
    }
  /**
   * `match`: the log up to here is durable and equals the leader's. When rejected, it is the
   * `previousIndex` refused, and `hintIndex` and `hintTerm` let the leader skip whole terms.
   */
  | {
      type: 'append-response';
      from: PeerId;
      to: PeerId;
      term: number;
      rejected: boolean;
      match: number;
      hintIndex: number;
      hintTerm: number;
    }
  /** `commit` is capped at what the follower is known to hold. `readRound` confirms leadership for reads. */
  | { type: 'heartbeat'; from: PeerId; to: PeerId; term: number; commit: number; readRound: number }
  | { type: 'heartbeat-response'; from: PeerId; to: PeerId; term: number; readRound: number }
  /** The host streams the snapshot's content beside this message; see `Effects.snapshotsToSend`. */
  | { type: 'snapshot'; from: PeerId; to: PeerId; term: number; position: SnapshotPosition }
  /** Proposals forwarded to the leader. Best effort: may be lost. */
  | { type: 'propose'; from: PeerId; to: PeerId; term: number; data: readonly Uint8Array[] }
  | { type: 'read-index'; from: PeerId; to: PeerId; term: number; id: number }
  | { type: 'read-index-response'; from: PeerId; to: PeerId; term: number; id: number; index: number }
  /** Start an election at once (thesis §3.10). */
  | { type: 'timeout-now'; from: PeerId; to: PeerId; term: number }
  /** A change forwarded to the leader. Best effort: it or its answer may be lost. */
  | { type: 'change-membership'; from: PeerId; to: PeerId; term: number; id: number; steps: readonly MemberStep[] }
  | { type: 'change-membership-response'; from: PeerId; to: PeerId; term: number; id: number; answer: ChangeAnswer };

export type Input =
  /** One tick of the host's clock has passed. */
  | { type: 'tick' }
  | { type: 'message'; message: Message }
  /** Commands to append (leader) or forward (follower that knows the leader). */
  | { type: 'propose'; data: readonly Uint8Array[] }
  /** Asks for an index that is safe to read at; `id` is unique in this process. */
  | { type: 'read-index'; id: number }
  /** The log up to `index`, whose entry is of `term`, is durable (a stale report is ignored). */
  | { type: 'persisted'; index: number; term: number }
  | { type: 'applied'; index: number }
  /** The host holds a durable snapshot at `position`; entries up to `compactIndex` (≤ position.index) may be dropped. */
  | { type: 'snapshot-taken'; position: SnapshotPosition; compactIndex: number }
  /** The outcome of a snapshot that was sent. */
  | { type: 'snapshot-sent'; peer: PeerId; ok: boolean }
  /** The transport could not reach `peer`: stop pipelining to it until it answers. */
  | { type: 'unreachable'; peer: PeerId }
  /** Start an election now (tests, and a single peer's start). */
  | { type: 'campaign' }
  /** Hand leadership to `to` (NONE: the most up-to-date voter). Ignored unless this peer leads. */
  | { type: 'transfer-leadership'; to: PeerId }
  /** Proposes a membership change, by way of the leader; `id` is unlike any other of this peer, in earlier lives too. */
  | { type: 'change-membership'; id: number; steps: readonly MemberStep[] };

export interface Effects {
  /** Present when term or vote changed; a new `commit` alone waits for the next write, to save an fsync. */
  hardState: HardState | undefined;
  /** To be written to the log, after dropping whatever it holds from `entries[0].index` on. */
  entries: readonly Entry[];
  /**
   * A snapshot received in full is to replace log and state, before `entries` is written. What was
   * committed before it and isn't applied yet is part of it: don't apply that any more.
   */
  snapshot: SnapshotPosition | undefined;
  messages: readonly Message[];
  messagesAfterPersist: readonly Message[];
  /** To be applied now, in order; contiguous with what was returned before. */
  committed: readonly Entry[];
  /** Reads that may be answered when `index` is applied. */
  reads: readonly { id: number; index: number }[];
  /** Reads that could not be confirmed (no leader, or leadership lost): ask again. */
  readsFailed: readonly number[];
  /** What came of changes that this peer asked for. */
  changes: readonly { id: number; answer: ChangeAnswer }[];
  /** Proposals that were neither appended nor forwarded: no leader known, or over the bound. */
  rejected: { data: readonly Uint8Array[]; reason: 'no-leader' | 'overloaded' | 'transferring' } | undefined;
  /**
   * Peers that need the latest snapshot streamed to them, with the message that announces it. If the host
   * has a newer one by then, it puts that one's position into the message. The outcome of each must be
   * reported by `snapshot-sent`: till then the peer gets no entries.
   */
  snapshotsToSend: readonly Extract<Message, { type: 'snapshot' }>[];
  /** Present when role, term, leader or configuration changed. */
  status: RaftStatus | undefined;
}

export interface RaftStatus {
  id: PeerId;
  role: Role;
  term: number;
  /** NONE when unknown. */
  leader: PeerId;
  commit: number;
  applied: number;
  lastIndex: number;
  /** First index still in the log. */
  firstIndex: number;
  configuration: Configuration;
}

export interface RaftOptions {
  id: PeerId;
  /** Ticks without a leader before an election; the real timeout is random in [n, 2n). */
  electionTicks: number;
  heartbeatTicks: number;
  /** Bytes of entries in one append message. */
  maxAppendBytes: number;
  /** Append messages under way to one follower. */
  maxInflight: number;
  /** Bytes of proposals not yet committed; beyond, proposals are rejected as overloaded. */
  maxUncommittedBytes: number;
  /** Uniform in [0, 1); the only source of randomness. */
  random: () => number;
  /** Present, on all peers alike: reads rest on a lease while there is one. Absent: each is confirmed by a round. */
  lease?: LeaseOptions | undefined;
}

/**
 * Leases for reads (thesis §6.4.1). A leader may answer alone for a while after it sent the heartbeats that a quorum
 * answered: till then none of those followers helps to elect another. Only as sound as the bound on the clocks' drift.
 */
export interface LeaseOptions {
  /** The host's monotonic clock, in milliseconds. Ticks won't do: a process that stood still has missed some. */
  now: () => number;
  /** Less than what `electionTicks` - 1 ticks of the fastest peer's clock take by the slowest peer's. */
  durationMs: number;
}

/** What was durable when the peer stopped. */
export interface RestoredState {
  hardState: HardState;
  /** Position of the latest snapshot; index 0 and term 0 for a new cluster, with its first configuration. */
  snapshot: SnapshotPosition;
  /** The log after compaction: contiguous, may begin before snapshot.index + 1. */
  entries: readonly Entry[];
  /** Applied to the state machine already (the snapshot's index, if the state lives in memory). */
  applied: number;
}

export interface Raft {
  /** Advances the state machine by one input. Throws LogLostError when the disk has lost what it held, AssertionError only on a bug. */
  step(input: Input): Effects;
  /** Like `step` of each in turn, but with one set of effects: what came together is sent and written together. */
  stepAll(inputs: readonly Input[]): Effects;
  status(): RaftStatus;
  /** Per follower, on the leader: for status pages and tests. */
  progress(): ReadonlyMap<PeerId, { match: number; next: number; state: 'probe' | 'replicate' | 'snapshot' }>;
}
