/**
 * A replicated, watchable, multi-version key-value store with etcd's semantics. Keys are binary strings
 * (each UTF-16 unit one byte, 0–255, so that string order is byte order; ASCII stands for itself).
 * Values are bytes, which neither side may change after handing them over.
 *
 * Every error is a KeelsonError; codes: COMPACTED (that revision is gone; `compactRevision` on the error),
 * FUTURE_REVISION, LEASE_NOT_FOUND, LEASE_EXISTS, TOO_LARGE, NO_SPACE, TIMEOUT (outcome unknown), OVERLOADED,
 * STOPPED, INVALID; over a network also UNAVAILABLE (of a write: outcome unknown).
 */
export interface Store {
  /** Keys in [key, end), or the one key. Linearizable unless `serializable`. */
  range(request: RangeRequest): Promise<RangeResult>;
  /** Compares, then runs one of two lists of operations, atomically at one new revision. */
  txn(request: TxnRequest): Promise<TxnResult>;
  /** Shorthands over `txn`. */
  put(key: string, value: Uint8Array, options?: { lease?: number }): Promise<{ revision: number }>;
  delete(key: string, end?: string): Promise<{ revision: number; deleted: number }>;
  /**
   * Calls `listener` for each revision that touches the range, from `fromRevision` on (default: the next),
   * in order, exactly once, all events of a revision in one batch, synchronously as it is applied on this
   * peer. The listener must be quick and must not throw. When `fromRevision` is compacted, `onEnd` gets COMPACTED.
   */
  watch(request: WatchRequest): WatchHandle;
  /** `ttl` in seconds. With `id` 0 or absent the store picks one. */
  leaseGrant(request: { ttl: number; id?: number }): Promise<{ id: number; ttl: number }>;
  /** Deletes the lease and all keys attached to it. */
  leaseRevoke(id: number): Promise<{ revision: number }>;
  leaseKeepAlive(id: number): Promise<{ ttl: number }>;
  /** `remaining` in seconds. */
  leaseTimeToLive(id: number): Promise<{ ttl: number; remaining: number; keys: string[] }>;
  leases(): Promise<number[]>;
  /** Drops history before `revision`; reads and watches at older revisions then fail with COMPACTED. */
  compact(revision: number): Promise<void>;
  status(): Promise<StoreStatus>;
  /** Waits until this peer has applied every write acknowledged anywhere before the call. */
  readBarrier(): Promise<void>;
  close(): Promise<void>;
}

export interface KeyValue {
  key: string;
  /** May share memory with others if smaller than 1 KiB (over a network: always): copy what is to be kept for long. */
  value: Uint8Array;
  createRevision: number;
  modRevision: number;
  /** Writes since creation, from 1. */
  version: number;
  /** 0: none. */
  lease: number;
}

export interface RangeRequest {
  key: string;
  /** Absent: just `key`. */
  end?: string;
  /** Absent or 0: now. */
  revision?: number;
  /** Absent or 0: no limit. */
  limit?: number;
  /** Answer from this peer as it is, without asking the others. */
  serializable?: boolean;
  keysOnly?: boolean;
  countOnly?: boolean;
  /** Default: ascending by key. */
  order?: 'ascend' | 'descend';
}

export interface RangeResult {
  /** The store's revision at the time of the read. */
  revision: number;
  /** Ascending by key unless asked otherwise. `value` is empty when `keysOnly`. */
  kvs: KeyValue[];
  /** All keys in the range, beyond `limit` too. */
  count: number;
  more: boolean;
}

/**
 * A missing key has version, createRevision, modRevision and lease 0, and no value: no compare of a value
 * holds for it, not even `!=`. Of a range, the compare must hold for every key; an empty range is a missing key.
 * All compares of a transaction, those of nested ones too, see the state before it.
 */
export type Compare = { key: string; end?: string } & (
  | { target: 'version' | 'createRevision' | 'modRevision' | 'lease'; operator: CompareOperator; operand: number }
  | { target: 'value'; operator: CompareOperator; operand: Uint8Array }
);
export type CompareOperator = '=' | '!=' | '<' | '>';

export type Operation =
  | {
      type: 'put';
      key: string;
      value: Uint8Array;
      lease?: number;
      previous?: boolean;
      ignoreValue?: boolean;
      ignoreLease?: boolean;
    }
  | { type: 'delete'; key: string; end?: string; previous?: boolean }
  | { type: 'range'; request: Omit<RangeRequest, 'serializable'> }
  | { type: 'txn'; request: TxnRequest };

/** No key may be written twice, whatever branches are taken. */
export interface TxnRequest {
  /** All must hold (none: true). */
  compare: readonly Compare[];
  then: readonly Operation[];
  else?: readonly Operation[];
}

export type OperationResult =
  | { type: 'put'; previous?: KeyValue }
  | { type: 'delete'; deleted: number; previous?: KeyValue[] }
  | { type: 'range'; result: RangeResult }
  | { type: 'txn'; result: TxnResult };

export interface TxnResult {
  succeeded: boolean;
  /** The store's revision after the transaction. */
  revision: number;
  results: OperationResult[];
}

export interface WatchRequest {
  key: string;
  end?: string;
  fromRevision?: number;
  /** Fill in `previous` of events. */
  previous?: boolean;
  listener: (batch: WatchBatch) => void;
  /** The watch is over: error.code COMPACTED or STOPPED; over a network also another one. Not called after `cancel`. */
  onEnd?: (error: Error) => void;
}

export interface WatchBatch {
  /** Of all events in the batch. */
  revision: number;
  events: readonly WatchEvent[];
}

export interface WatchEvent {
  type: 'put' | 'delete';
  /** For `delete`: key and modRevision only, value empty. */
  kv: KeyValue;
  previous?: KeyValue;
}

export interface WatchHandle {
  /** Idempotent; after it the listener is never called. */
  cancel(): void;
  /** The revision up to which everything was delivered. */
  readonly revision: number;
}

export interface StoreStatus {
  revision: number;
  compactRevision: number;
  keys: number;
  /** Bytes of all live keys and values. Absent: to tell, all would have to be read. */
  bytes?: number;
  leader: number;
  term: number;
  peerId: number;
  members: readonly number[];
  raftIndex: number;
  raftApplied: number;
}

/** What keys, history and leases take in this peer's memory, about, in bytes. */
export interface SpaceUsage {
  used: number;
  quota: number;
  /** Only deletions, revocations of leases and compactions are taken. */
  full: boolean;
}

/** See `hashKeyspace`. */
export interface StoreHash {
  /** CRC-32. */
  hash: number;
  /** What it is of: keys and history from the one to the other. */
  compactRevision: number;
  revision: number;
}

/** The end of the range of all keys with this prefix. */
export function prefixEnd(prefix: string): string {
  for (let i = prefix.length - 1; i >= 0; i--) {
    const unit = prefix.charCodeAt(i);
    if (unit < 0xff) return prefix.slice(0, i) + String.fromCharCode(unit + 1);
  }
  return '\u0100';
}
