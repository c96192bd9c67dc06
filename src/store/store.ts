import type { Clock } from '../base/index.ts';
import { systemClock } from '../base/index.ts';
import type { Replica, ReplicaStatus, StateMachine } from '../replica/index.ts';
import { AutoCompaction, type HistoryOptions } from './auto-compaction.ts';
import { encodeRange, encodeTxn } from './codec.ts';
import {
  CHECK,
  CHECKS_SINCE,
  COMPACT,
  type Command,
  DELETE,
  LEASE_EXPIRE,
  LEASE_GRANT,
  LEASE_KEEP_ALIVE,
  LEASE_REVOKE,
  PUT,
  REPORT,
} from './command.ts';
import { ConsistencyGuard } from './consistency-guard.ts';
import { StoppedError } from './errors.ts';
import { LeaseExpiry } from './lease-expiry.ts';
import { DEFAULT_QUOTA_BYTES, Quota } from './quota.ts';
import { hashKeyspace } from './snapshot.ts';
import { StoreStateMachine } from './state-machine.ts';
import type {
  RangeRequest,
  RangeResult,
  SpaceUsage,
  Store,
  StoreHash,
  StoreStatus,
  TxnRequest,
  TxnResult,
  WatchHandle,
  WatchRequest,
} from './types.ts';
import {
  validateLeaseId,
  validateOperation,
  validateRange,
  validateRangeKeys,
  validateRevision,
  validateTtl,
} from './validate.ts';

export interface StoreOptions {
  /** Default: the machine's clock. */
  clock?: Clock;
  /** How much history automatic compaction keeps; false: it is left to `compact`. */
  history?: HistoryOptions | false;
  /** Beyond it writes are refused with NO_SPACE. Default: 2 GiB. */
  quotaBytes?: number;
}

/** Serializable reads of this peer's state: it may lag behind the others'. */
export interface LocalReader {
  /** Throws COMPACTED, FUTURE_REVISION or INVALID. */
  range(request: Omit<RangeRequest, 'serializable'>): RangeResult;
  readonly revision: number;
  readonly compactRevision: number;
  /** The whole state now, leases included, to be read or closed; `readSnapshot` understands it. */
  snapshot(): AsyncIterable<Uint8Array>;
  /** Throws COMPACTED, FUTURE_REVISION or INVALID. `revision` 0: now. */
  hash(revision: number): Promise<StoreHash>;
  space(): SpaceUsage;
}

/** A store whose state is in this process. */
export interface LocalStore extends Store {
  readonly local: LocalReader;
  status(): Promise<Required<StoreStatus>>;
}

/**
 * A store in two steps, because a replica is started with the state machine that it is to feed, and the
 * store proposes through the replica. Closing the store does not stop the replica.
 */
export function createStore(options: StoreOptions = {}): {
  stateMachine: StateMachine;
  attach(replica: Replica): LocalStore;
} {
  const stateMachine = new StoreStateMachine(options.clock ?? systemClock);
  return { stateMachine, attach: (replica) => new ReplicatedStore(stateMachine, replica, options) };
}

class ReplicatedStore implements LocalStore {
  readonly #state: StoreStateMachine;
  readonly #replica: Replica;
  readonly #clock: Clock;
  readonly #expiry: LeaseExpiry;
  readonly #compaction: AutoCompaction | undefined;
  readonly #guard: ConsistencyGuard;
  readonly #quota: Quota;
  readonly #unsubscribe: () => void;
  #leading = false;
  #leader = 0;
  #term = 0;
  #closed = false;
  readonly local: LocalReader;

  constructor(state: StoreStateMachine, replica: Replica, options: StoreOptions) {
    this.#state = state;
    this.#replica = replica;
    this.#clock = options.clock ?? systemClock;
    this.#quota = new Quota(state, options.quotaBytes ?? DEFAULT_QUOTA_BYTES);
    const keyspace = (): StoreStateMachine['keyspace'] => state.keyspace;
    this.#expiry = new LeaseExpiry(
      this.#clock,
      () => state.leases,
      // When this fails the lease comes up again.
      (lease) => this.#propose([LEASE_EXPIRE, lease.id, lease.generation]).catch(() => {}),
    );
    if (options.history !== false) {
      this.#compaction = new AutoCompaction(
        this.#clock,
        keyspace,
        (revision) => this.#propose([COMPACT, revision]),
        options.history ?? {},
      );
    }
    this.#guard = new ConsistencyGuard({
      clock: this.#clock,
      keyspace,
      members: () => {
        const { id, members } = replica.status();
        return { id, count: members.length };
      },
      isUnderstood: () => replica.status().version >= CHECKS_SINCE,
      check: (id) => this.#propose([CHECK, id]),
      report: (check, hash) => this.#propose([REPORT, check, replica.id, hash]),
    });
    state.observer = {
      onGrant: (lease) => this.#expiry.add(lease),
      onRestore: () => {
        if (this.#leading) this.#expiry.lead();
        this.#guard.onRestore();
      },
      onCheck: (id) => this.#guard.onCheck(id),
      onReport: (check, peer, hash) => this.#guard.onReport(check, peer, hash),
      onApplied: () => this.#compaction?.onApplied(),
    };
    this.local = {
      range: (request) => {
        validateRange(encodeRange(request));
        return state.keyspace.range(request);
      },
      get revision() {
        return state.keyspace.revision;
      },
      get compactRevision() {
        return state.keyspace.compactRevision;
      },
      snapshot: () => state.snapshot(),
      hash: async (revision) => {
        validateRevision(revision);
        return await hashKeyspace(state.keyspace, revision, this.#clock);
      },
      space: () => this.#quota.usage(),
    };
    this.#unsubscribe = replica.onStatus((status) => this.#onStatus(status));
    this.#onStatus(replica.status());
  }

  async range(request: RangeRequest): Promise<RangeResult> {
    this.#checkOpen();
    validateRange(encodeRange(request));
    if (!request.serializable) await this.#replica.readBarrier();
    return this.#state.keyspace.range(request);
  }

  async txn(request: TxnRequest): Promise<TxnResult> {
    const command = encodeTxn(request);
    validateOperation(command);
    return (await this.#propose(command)) as TxnResult;
  }

  async put(key: string, value: Uint8Array, options?: { lease?: number }): Promise<{ revision: number }> {
    const command: Command = [PUT, key, value, options?.lease ?? 0, 0];
    validateOperation(command);
    return (await this.#propose(command)) as { revision: number };
  }

  async delete(key: string, end?: string): Promise<{ revision: number; deleted: number }> {
    const command: Command = [DELETE, key, end ?? null, 0];
    validateOperation(command);
    return (await this.#propose(command)) as { revision: number; deleted: number };
  }

  watch(request: WatchRequest): WatchHandle {
    validateRangeKeys(request.key, request.end);
    validateRevision(request.fromRevision ?? 0);
    return this.#state.watches.watch(request);
  }

  async leaseGrant({ ttl, id = 0 }: { ttl: number; id?: number }): Promise<{ id: number; ttl: number }> {
    validateLeaseId(id);
    validateTtl(ttl);
    return (await this.#propose([LEASE_GRANT, id, ttl])) as { id: number; ttl: number };
  }

  async leaseRevoke(id: number): Promise<{ revision: number }> {
    validateLeaseId(id);
    return (await this.#propose([LEASE_REVOKE, id])) as { revision: number };
  }

  async leaseKeepAlive(id: number): Promise<{ ttl: number }> {
    validateLeaseId(id);
    return (await this.#propose([LEASE_KEEP_ALIVE, id])) as { ttl: number };
  }

  /** `remaining` is as this peer sees it, which for a follower is an estimate. */
  async leaseTimeToLive(id: number): Promise<{ ttl: number; remaining: number; keys: string[] }> {
    validateLeaseId(id);
    await this.readBarrier();
    const lease = this.#state.leases.require(id);
    const remaining = Math.max(0, (lease.deadline - this.#clock.monotonic()) / 1000);
    return { ttl: lease.ttl, remaining, keys: [...lease.keys].sort() };
  }

  async leases(): Promise<number[]> {
    await this.readBarrier();
    return Array.from(this.#state.leases.all(), (lease) => lease.id);
  }

  async compact(revision: number): Promise<void> {
    validateRevision(revision);
    await this.#propose([COMPACT, revision]);
  }

  async status(): Promise<Required<StoreStatus>> {
    this.#checkOpen();
    const { keyspace } = this.#state;
    const { leader, term, id, members, commit, applied } = this.#replica.status();
    return {
      revision: keyspace.revision,
      compactRevision: keyspace.compactRevision,
      keys: keyspace.size,
      bytes: keyspace.bytes,
      leader,
      term,
      peerId: id,
      members,
      raftIndex: commit,
      raftApplied: applied,
    };
  }

  async readBarrier(): Promise<void> {
    this.#checkOpen();
    await this.#replica.readBarrier();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#unsubscribe();
    this.#expiry.follow();
    this.#compaction?.stop();
    this.#guard.stop();
    this.#state.observer = undefined;
    this.#state.watches.close();
  }

  async #propose(command: Command): Promise<unknown> {
    this.#checkOpen();
    this.#quota.check(command);
    const result = await this.#replica.propose(command);
    if (result instanceof Error) throw result;
    return result;
  }

  #checkOpen(): void {
    if (this.#closed) throw new StoppedError();
  }

  #onStatus({ role, leader, term }: ReplicaStatus): void {
    const leading = role === 'leader';
    if (leading && (!this.#leading || term !== this.#term)) this.#expiry.lead();
    else if (!leading && this.#leading) this.#expiry.follow();
    // Followers follow suit, so that what they tell of remaining times agrees with the leader.
    if (!leading && leader !== 0 && (leader !== this.#leader || term !== this.#term)) this.#state.leases.extendAll();
    this.#compaction?.lead(leading);
    this.#guard.lead(leading);
    this.#leading = leading;
    this.#term = term;
    if (leader !== 0) this.#leader = leader;
  }
}
