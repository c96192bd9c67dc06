import { errorCode, KeelsonError, type Logger, type Random, randomInteger } from '../../base/index.ts';
import {
  CompactedError,
  checkRange,
  checkTxn,
  checkWatch,
  LeaseNotFoundError,
  type RangeRequest,
  type RangeResult,
  StoppedError,
  type Store,
  type StoreStatus,
  type TxnRequest,
  type TxnResult,
  validateLeaseId,
  validateRevision,
  validateTtl,
  type WatchHandle,
  type WatchRequest,
} from '../../store/index.ts';
import type {
  DeleteRangeAnswer,
  EmptyAnswer,
  LeaseAnswer,
  LeasesAnswer,
  LeaseTimeToLiveAnswer,
  RangeAnswer,
  ResponseHeader,
  TxnAnswer,
} from '../messages.ts';
import { type Decoded, toNumber, toRangeResult, toTxnResult } from './answers.ts';
import { awake, Connection, type ConnectionOptions, type Method } from './connection.ts';
import type { Subject } from './errors.ts';
import { EventSource } from './event-source.ts';
import { HistoryKeeper } from './history.ts';
import { KeySpace } from './key-space.ts';
import { claimPrefix } from './owner.ts';
import { Progress } from './progress.ts';
import { rangeMessage, txnMessage } from './requests.ts';
import { clusterStatus } from './status.ts';
import { findCompactRevision, keepAlive, type Patience } from './streams.ts';
import { Watches } from './watches.ts';

export interface EtcdStoreOptions extends Omit<ConnectionOptions, 'timeoutMs'> {
  /** Of all keys, and not empty: the same etcd may serve others as well. */
  prefix: string;
  /** Whose prefix it is; absent: whoever comes. */
  owner?: string;
  /** Default: 5 s. */
  timeoutMs?: number;
  /** How much history is kept, in milliseconds, by compacting etcd every so often. 0: that is left to etcd. */
  historyMs: number;
  random: Random;
  logger: Logger;
}

/** What etcd said last. */
export interface LastHeard {
  revision: number;
  /** Raft's, in etcd. */
  term: number;
}

export interface EtcdStore extends Store {
  readonly lastHeard: LastHeard;
}

const DEFAULT_TIMEOUT_MS = 5_000;
/** Of the ids that are exact numbers in JavaScript; etcd itself would pick any of 63 bits. */
const LEASE_IDS = 2 ** 53 - 1;

/**
 * A store on an etcd cluster, version 3.4 or later. Revisions, compaction and leases are those of the whole etcd, `leases` those
 * whose ids are exact numbers. Transactions of more than 128 operations need `--max-txn-ops`. Rejects with UNAVAILABLE when no
 * server answers, DATA_FOREIGN when the prefix belongs to another owner, STORE_REFUSED when etcd refuses access.
 */
export async function connectEtcdStore(options: EtcdStoreOptions): Promise<EtcdStore> {
  const store = new StoreOnEtcd(options);
  try {
    await store.start(options.owner);
  } catch (error) {
    await store.close();
    throw error;
  }
  return store;
}

class StoreOnEtcd implements EtcdStore {
  readonly #connection: Connection;
  readonly #prefix: string;
  readonly #keys: KeySpace;
  readonly #random: Random;
  readonly #patience: Patience;
  readonly #watches: Watches;
  readonly #progress: Progress;
  readonly #history: HistoryKeeper | undefined;
  readonly lastHeard: LastHeard = { revision: 0, term: 0 };
  #compactRevision = 0;

  constructor(options: EtcdStoreOptions) {
    const { prefix, timeoutMs = DEFAULT_TIMEOUT_MS, historyMs, clock, random, logger } = options;
    const connection = new Connection({ ...options, timeoutMs });
    const keys = new KeySpace(prefix);
    this.#connection = connection;
    this.#prefix = prefix;
    this.#keys = keys;
    this.#random = random;
    this.#patience = { clock, timeoutMs };
    this.#watches = new Watches(
      (source) => new EventSource({ ...source, connection, keys, clock }),
      () => this.lastHeard.revision,
    );
    this.#progress = new Progress(
      clock,
      () => this.#watches.revision,
      () => this.#write('KV.Put', { key: keys.progress }),
    );
    if (historyMs > 0) {
      this.#history = new HistoryKeeper(connection, keys.compaction, { clock, logger, intervalMs: historyMs });
    }
  }

  /** Finds out who answers, and where etcd is. */
  async start(owner: string | undefined): Promise<void> {
    if (owner !== undefined) await claimPrefix(this.#connection, this.#keys.owner, this.#prefix, owner);
    await this.#revision();
  }

  async range(request: RangeRequest): Promise<RangeResult> {
    checkRange(request);
    const answer = await this.#read<RangeAnswer>('KV.Range', rangeMessage(request, this.#keys));
    const revision = toNumber(answer.header.revision);
    this.#progress.expect(revision);
    return toRangeResult(answer, revision, this.#keys);
  }

  async txn(request: TxnRequest): Promise<TxnResult> {
    checkTxn(request);
    const answer = await this.#write<TxnAnswer>('KV.Txn', txnMessage(request, this.#keys));
    return toTxnResult(request, answer, this.#keys);
  }

  async put(key: string, value: Uint8Array, { lease = 0 }: { lease?: number } = {}): Promise<{ revision: number }> {
    checkTxn({ compare: [], then: [{ type: 'put', key, value, lease }] });
    const { header } = await this.#write('KV.Put', { key: this.#keys.key(key), value, lease }, { lease });
    return { revision: toNumber(header.revision) };
  }

  async delete(key: string, end?: string): Promise<{ revision: number; deleted: number }> {
    checkTxn({ compare: [], then: [{ type: 'delete', key, end }] });
    const answer = await this.#write<DeleteRangeAnswer>('KV.DeleteRange', this.#keys.range(key, end));
    return { revision: toNumber(answer.header.revision), deleted: toNumber(answer.deleted) };
  }

  watch(request: WatchRequest): WatchHandle {
    checkWatch(request);
    return this.#watches.watch(request);
  }

  async leaseGrant({ ttl, id = 0 }: { ttl: number; id?: number }): Promise<{ id: number; ttl: number }> {
    validateLeaseId(id);
    validateTtl(ttl);
    for (;;) {
      const lease = id || 1 + randomInteger(this.#random, LEASE_IDS);
      try {
        const answer = await this.#write<LeaseAnswer>('Lease.LeaseGrant', { ID: lease, TTL: ttl }, { lease });
        return { id: lease, ttl: toNumber(answer.TTL) };
      } catch (error) {
        if (id !== 0 || errorCode(error) !== 'LEASE_EXISTS') throw error;
      }
    }
  }

  async leaseRevoke(id: number): Promise<{ revision: number }> {
    validateLeaseId(id);
    const { header } = await this.#write('Lease.LeaseRevoke', { ID: id }, { lease: id });
    return { revision: toNumber(header.revision) };
  }

  async leaseKeepAlive(id: number): Promise<{ ttl: number }> {
    validateLeaseId(id);
    return { ttl: await keepAlive(this.#connection, this.#patience, id) };
  }

  async leaseTimeToLive(id: number): Promise<{ ttl: number; remaining: number; keys: string[] }> {
    validateLeaseId(id);
    const answer = await this.#read<LeaseTimeToLiveAnswer>('Lease.LeaseTimeToLive', { ID: id, keys: true });
    const remaining = toNumber(answer.TTL);
    if (remaining < 0) throw new LeaseNotFoundError(id);
    const keys = (answer.keys ?? []).flatMap((key) => this.#keys.from(key) ?? []).sort();
    return { ttl: toNumber(answer.grantedTTL), remaining, keys };
  }

  async leases(): Promise<number[]> {
    const answer = await this.#read<LeasesAnswer>('Lease.LeaseLeases', {});
    return answer.leases.map(({ ID }) => toNumber(ID)).filter(Number.isSafeInteger);
  }

  async compact(revision: number): Promise<void> {
    validateRevision(revision);
    await this.#write('KV.Compact', { revision });
  }

  async status(): Promise<StoreStatus> {
    const read = <Answer>(method: Method, request: object): Promise<Decoded<Answer>> => this.#read(method, request);
    const { key, rangeEnd } = this.#keys.range('', '\u0100');
    const [compactRevision, { count }, cluster] = await Promise.all([
      this.#findCompactRevision(),
      read<RangeAnswer>('KV.Range', { key, rangeEnd, countOnly: true }),
      clusterStatus(read),
    ]);
    return { revision: this.lastHeard.revision, compactRevision, keys: toNumber(count), ...cluster };
  }

  async readBarrier(): Promise<void> {
    const revision = await this.#revision();
    this.#progress.expect(revision);
    const { clock, timeoutMs } = this.#patience;
    const reached = new Promise<void>((resolve, reject) => {
      const timer = clock.setTimer(timeoutMs, () =>
        reject(new KeelsonError('TIMEOUT', `etcd is at revision ${revision}, of which its watch did not tell in time`)),
      );
      void this.#watches.reached(revision).then(() => {
        timer.cancel();
        resolve();
      });
    });
    await awake(reached);
    if (this.#connection.signal.aborted) throw new StoppedError();
  }

  async close(): Promise<void> {
    this.#history?.stop();
    this.#progress.stop();
    this.#watches.close();
    this.#connection.close();
  }

  /** The latest. Linearizable. */
  async #revision(): Promise<number> {
    const { header } = await this.#read<RangeAnswer>('KV.Range', { key: this.#keys.progress, countOnly: true });
    return toNumber(header.revision);
  }

  #read<Answer>(method: Method, request: object): Promise<Decoded<Answer>> {
    return this.#call(method, request, { repeatable: true });
  }

  #write<Answer = EmptyAnswer>(method: Method, request: object, subject: Subject = {}): Promise<Decoded<Answer>> {
    return this.#call(method, request, { ...subject, repeatable: false });
  }

  async #call<Answer>(
    method: Method,
    request: object,
    options: { repeatable: boolean } & Subject,
  ): Promise<Decoded<Answer>> {
    try {
      const answer = await this.#connection.call<Decoded<Answer> & { header: Decoded<ResponseHeader> }>(
        method,
        request,
        options,
      );
      this.#hear(answer.header);
      return answer;
    } catch (error) {
      if (errorCode(error) === 'COMPACTED') throw new CompactedError(await this.#findCompactRevision());
      throw error;
    }
  }

  #hear({ revision, raftTerm }: Decoded<ResponseHeader>): void {
    // Servers may lag behind each other.
    this.lastHeard.revision = Math.max(this.lastHeard.revision, toNumber(revision));
    this.lastHeard.term = Math.max(this.lastHeard.term, toNumber(raftTerm));
  }

  async #findCompactRevision(): Promise<number> {
    const known = { known: this.#compactRevision, key: this.#keys.progress };
    const found = await findCompactRevision(this.#connection, this.#patience, known);
    this.#compactRevision = Math.max(this.#compactRevision, found);
    return this.#compactRevision;
  }
}
