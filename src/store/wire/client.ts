import { type Clock, KeelsonError, type Random, systemClock, systemRandom } from '../../base/index.ts';
import { encodeRange, encodeTxn } from '../codec.ts';
import { COMPACT, DELETE, LEASE_GRANT, LEASE_KEEP_ALIVE, LEASE_REVOKE, PUT } from '../command.ts';
import type {
  RangeRequest,
  RangeResult,
  Store,
  StoreStatus,
  TxnRequest,
  TxnResult,
  WatchHandle,
  WatchRequest,
} from '../types.ts';
import { validateOperation, validateRange, validateRangeKeys, validateRevision } from '../validate.ts';
import { Channel } from './channel.ts';
import type { TlsOptions } from './link.ts';
import { BARRIER, LEASE_TIME_TO_LIVE, LEASES, SERIALIZABLE_RANGE, STATUS } from './protocol.ts';
import { RemoteWatch } from './remote-watch.ts';
import { decodeKeyValue, decodeTxnResult, type KeyValueRow, type TxnRow } from './results.ts';

export interface ConnectStoreOptions {
  /** Peers, `https://host:port` or `wss://host:port/path`; when one fails the next one is asked. */
  urls: readonly string[];
  tls?: TlsOptions;
  /** How long a request waits for a connection before UNAVAILABLE. Default: 5 s. */
  timeoutMs?: number;
  /** Between pings; a connection without an answer for so long is given up. Default: 5 s. */
  pingMs?: number;
  clock?: Clock;
  random?: Random;
}

/**
 * A store on the other side of a network. Beside the usual codes, requests reject with UNAVAILABLE: when
 * the connection was lost on the way of a write its outcome is unknown; reads are asked again by
 * themselves, and watches go on, exactly once, over whatever connection comes next. Values may be views
 * of a whole frame: copy what is to be kept for long. Rejects with UNAVAILABLE when no peer can be reached.
 */
export async function connectStore(options: ConnectStoreOptions): Promise<Store> {
  if (options.urls.length === 0) throw new KeelsonError('INVALID', 'no url to connect to was given');
  const store = new RemoteStore(options);
  try {
    await store.status();
  } catch (error) {
    await store.close();
    throw error;
  }
  return store;
}

class RemoteStore implements Store {
  readonly #channel: Channel;

  constructor({ urls, tls = {}, timeoutMs = 5000, pingMs = 5000, clock, random }: ConnectStoreOptions) {
    this.#channel = new Channel({
      urls,
      tls,
      timeoutMs,
      pingMs,
      clock: clock ?? systemClock,
      random: random ?? systemRandom,
    });
  }

  async range(request: RangeRequest): Promise<RangeResult> {
    const command = encodeRange(request);
    validateRange(command);
    const [op, ...rest] = command;
    const answer = await this.#channel.request([request.serializable ? SERIALIZABLE_RANGE : op, ...rest], true);
    const [, , revision, count, more, kvs] = answer as [number, number, number, number, boolean, KeyValueRow[]];
    return { revision, kvs: kvs.map(decodeKeyValue), count, more };
  }

  async txn(request: TxnRequest): Promise<TxnResult> {
    const command = encodeTxn(request);
    validateOperation(command);
    const answer = await this.#channel.request(command, false);
    return decodeTxnResult(answer[2] as TxnRow);
  }

  async put(key: string, value: Uint8Array, options?: { lease?: number }): Promise<{ revision: number }> {
    const command = [PUT, key, value, options?.lease ?? 0, 0];
    validateOperation(command);
    const answer = await this.#channel.request(command, false);
    return { revision: answer[2] as number };
  }

  async delete(key: string, end?: string): Promise<{ revision: number; deleted: number }> {
    const command = [DELETE, key, end ?? null, 0];
    validateOperation(command);
    const answer = await this.#channel.request(command, false);
    return { revision: answer[2] as number, deleted: answer[3] as number };
  }

  watch(request: WatchRequest): WatchHandle {
    validateRangeKeys(request.key, request.end);
    validateRevision(request.fromRevision ?? 0);
    const watch = new RemoteWatch(request, (cancelled) => this.#channel.unwatch(cancelled));
    this.#channel.watch(watch);
    return watch;
  }

  async leaseGrant({ ttl, id = 0 }: { ttl: number; id?: number }): Promise<{ id: number; ttl: number }> {
    const answer = await this.#channel.request([LEASE_GRANT, id, ttl], false);
    return { id: answer[2] as number, ttl: answer[3] as number };
  }

  async leaseRevoke(id: number): Promise<{ revision: number }> {
    const answer = await this.#channel.request([LEASE_REVOKE, id], false);
    return { revision: answer[2] as number };
  }

  /** Repeated when a connection is lost: twice does no harm. */
  async leaseKeepAlive(id: number): Promise<{ ttl: number }> {
    const answer = await this.#channel.request([LEASE_KEEP_ALIVE, id], true);
    return { ttl: answer[2] as number };
  }

  async leaseTimeToLive(id: number): Promise<{ ttl: number; remaining: number; keys: string[] }> {
    const answer = await this.#channel.request([LEASE_TIME_TO_LIVE, id], true);
    const [, , ttl, remaining, keys] = answer as [number, number, number, number, string[]];
    return { ttl, remaining, keys };
  }

  async leases(): Promise<number[]> {
    return (await this.#channel.request([LEASES], true))[2] as number[];
  }

  async compact(revision: number): Promise<void> {
    await this.#channel.request([COMPACT, revision], false);
  }

  async status(): Promise<StoreStatus> {
    return (await this.#channel.request([STATUS], true))[2] as StoreStatus;
  }

  async readBarrier(): Promise<void> {
    await this.#channel.request([BARRIER], true);
  }

  async close(): Promise<void> {
    this.#channel.close();
  }
}
