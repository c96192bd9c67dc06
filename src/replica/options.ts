import type { Clock, Logger, Random } from '../base/index.ts';
import type { PeerId, Raft } from '../raft/index.ts';
import type { DiskSpace } from './disk-reserve.ts';
import type { Identity, Storage } from './storage.ts';
import type { PeerAddress, Transport } from './transport.ts';
import type { StateMachine } from './types.ts';

export interface ReplicaOptions {
  identity: Identity;
  /**
   * Voters of a new cluster, the same on each of its peers; nobody, for a peer that waits to be added to a running one.
   * Counts only while the storage is empty.
   */
  initialMembers: readonly PeerId[];
  /** Where peers are, as the operator knows. The replica adds members that come later. Absent: the caller tells the transport. */
  peers?: readonly PeerAddress[];
  /** Opened; the replica closes it. */
  storage: Storage;
  /** Not started; the replica starts and closes it. */
  transport: Transport;
  /** Empty; the replica fills it from snapshot and log. */
  stateMachine: StateMachine;
  clock: Clock;
  random: Random;
  logger: Logger;
  limits?: Partial<ReplicaLimits>;
  /** While less than its reserve is free, proposals of this peer are refused with NO_SPACE. Absent: not watched. */
  disk?: DiskSpace;
  /**
   * What makes a read linearizable; the same on all peers. `index`, the default: a round of heartbeats, whatever clocks
   * do. `lease`: nothing, for as long as the last heartbeats promise; sound only within `maxClockDrift`.
   */
  reads?: 'index' | 'lease';
  /** For tests: the version of older software (version.ts). Default: this one's. */
  version?: number;
  /** For simulation: stands before the Raft core, and sees each of its steps. */
  wrapRaft?: (core: Raft) => Raft;
}

export interface ReplicaLimits {
  /** The heart of all timing. Default 50 ms. */
  tickMs: number;
  /** Default 2: a heartbeat every 100 ms. */
  heartbeatTicks: number;
  /** Default 8: an election 400 to 800 ms after the leader was last heard. */
  electionTicks: number;
  /** After which a proposal's or barrier's promise is rejected with TIMEOUT. Default 5 s. */
  timeoutMs: number;
  /** Of one command, about. Default 1.5 MiB. */
  maxCommandBytes: number;
  /** Of all commands that wait, about; beyond, OVERLOADED. Default 32 MiB. */
  maxPendingBytes: number;
  /** Commands gather in one batch up to these. Defaults 512 KiB and 1 024. */
  maxBatchBytes: number;
  maxBatchCommands: number;
  /** Batches under way; commands gather meanwhile. Default 2. */
  maxBatchesInFlight: number;
  /** Commands applied in one turn of the event loop, about. Default 2 048. */
  applyPerTurn: number;
  /**
   * A snapshot is taken after so many bytes of log (or half as many as the last snapshot has, if more), or so many entries. This and
   * `keepBytes` bound the log, which is in memory, whoever is away: a follower that lacks more is sent a snapshot. Next to a
   * large state, which is in memory too, the log adds half as much at most. Defaults 16 MiB, 100 000.
   */
  snapshotBytes: number;
  snapshotEntries: number;
  /** Where little is written already after so many bytes, but not so soon after the last one. Defaults 4 MiB, 1 min. */
  idleSnapshotBytes: number;
  idleSnapshotMs: number;
  /**
   * The log behind a snapshot that stays for slow followers: no more than either, nor than the
   * snapshot has or 1 MiB, whichever is more. Defaults 8 MiB, 5 000.
   */
  keepBytes: number;
  keepEntries: number;
  /** With leases: how much faster one peer's clock may run than another's, as a share. Default 0.1, which is far more than clocks do. */
  maxClockDrift: number;
  /** See RaftOptions. Defaults 1 MiB, 256, 64 MiB. */
  maxAppendBytes: number;
  maxInflight: number;
  maxUncommittedBytes: number;
}

const MIB = 1024 * 1024;

export const defaultReplicaLimits: ReplicaLimits = {
  tickMs: 50,
  heartbeatTicks: 2,
  electionTicks: 8,
  timeoutMs: 5000,
  maxCommandBytes: 1.5 * MIB,
  maxPendingBytes: 32 * MIB,
  maxBatchBytes: MIB / 2,
  maxBatchCommands: 1024,
  maxBatchesInFlight: 2,
  applyPerTurn: 2048,
  snapshotBytes: 16 * MIB,
  snapshotEntries: 100_000,
  idleSnapshotBytes: 4 * MIB,
  idleSnapshotMs: 60_000,
  keepBytes: 8 * MIB,
  keepEntries: 5000,
  maxClockDrift: 0.1,
  maxAppendBytes: MIB,
  maxInflight: 256,
  maxUncommittedBytes: 64 * MIB,
};
