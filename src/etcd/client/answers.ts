import type { KeyValue, Operation, OperationResult, RangeResult, TxnRequest, TxnResult } from '../../store/index.ts';
import type {
  Bytes,
  DeleteRangeAnswer,
  Int64,
  KeyValueMessage,
  PutAnswer,
  RangeAnswer,
  TxnAnswer,
} from '../messages.ts';
import { toValue } from '../values.ts';
import type { KeySpace } from './key-space.ts';

/** An answer as it is decoded: its numbers may be objects of 64 bits. */
export type Decoded<T> = T extends number
  ? Int64
  : T extends Bytes
    ? Bytes
    : T extends readonly (infer Item)[]
      ? Decoded<Item>[]
      : T extends object
        ? { [Name in keyof T]: Decoded<T[Name]> }
        : T;

/** Revisions, versions and counts never get so large that this is not exact; lease ids of other clients may. */
export function toNumber(value: Int64 | undefined): number {
  return typeof value === 'object' ? value.toNumber() : (value ?? 0);
}

/** Undefined for a key that is not of the store's data. */
export function toKeyValue(message: Decoded<KeyValueMessage>, keys: KeySpace): KeyValue | undefined {
  const key = keys.from(message.key);
  if (key === undefined) return undefined;
  return {
    key,
    value: toValue(message.value),
    createRevision: toNumber(message.createRevision),
    modRevision: toNumber(message.modRevision),
    version: toNumber(message.version),
    lease: toNumber(message.lease),
  };
}

export function toRangeResult(answer: Decoded<RangeAnswer>, revision: number, keys: KeySpace): RangeResult {
  return { revision, kvs: toKeyValues(answer.kvs, keys), count: toNumber(answer.count), more: answer.more };
}

/** etcd does not tell everywhere within a transaction which revision it is at: it is the new one from the first write on. */
export function toTxnResult(request: TxnRequest, answer: Decoded<TxnAnswer>, keys: KeySpace): TxnResult {
  const after = toNumber(answer.header.revision);
  const cursor: Cursor = { revision: writes(answer) ? after - 1 : after, after };
  return { ...branchResult(request, answer, cursor, keys), revision: after };
}

interface Cursor {
  revision: number;
  readonly after: number;
}

function branchResult(request: TxnRequest, answer: Decoded<TxnAnswer>, cursor: Cursor, keys: KeySpace): TxnResult {
  const { succeeded } = answer;
  const operations = succeeded ? request.then : (request.else ?? []);
  const results = operations.map((each, i) => operationResult(each, answer.responses[i] as Response, cursor, keys));
  return { succeeded, revision: cursor.revision, results };
}

/** One of its fields is there. */
interface Response {
  responseRange?: Decoded<RangeAnswer> | null;
  responsePut?: Decoded<PutAnswer> | null;
  responseDeleteRange?: Decoded<DeleteRangeAnswer> | null;
  responseTxn?: Decoded<TxnAnswer> | null;
}

function operationResult(operation: Operation, response: Response, cursor: Cursor, keys: KeySpace): OperationResult {
  const { responseRange, responsePut, responseDeleteRange, responseTxn } = response;
  if (responseTxn) {
    // A read at a revision went as a transaction.
    if (operation.type !== 'txn') return operationResult(operation, responseTxn.responses[0] as Response, cursor, keys);
    return { type: 'txn', result: branchResult(operation.request, responseTxn, cursor, keys) };
  }
  if (responseRange) return { type: 'range', result: toRangeResult(responseRange, cursor.revision, keys) };
  if (responsePut) {
    cursor.revision = cursor.after;
    const previous = responsePut.prevKv && toKeyValue(responsePut.prevKv, keys);
    return previous ? { type: 'put', previous } : { type: 'put' };
  }
  if (responseDeleteRange) {
    const deleted = toNumber(responseDeleteRange.deleted);
    if (deleted > 0) cursor.revision = cursor.after;
    return operation.type === 'delete' && operation.previous
      ? { type: 'delete', deleted, previous: toKeyValues(responseDeleteRange.prevKvs, keys) }
      : { type: 'delete', deleted };
  }
  throw new TypeError(`etcd answered a ${operation.type} with something else`);
}

function writes({ responses }: Decoded<TxnAnswer>): boolean {
  return (responses as Response[]).some(
    ({ responsePut, responseDeleteRange, responseTxn }) =>
      Boolean(responsePut) ||
      toNumber(responseDeleteRange?.deleted) > 0 ||
      (Boolean(responseTxn) && writes(responseTxn as Decoded<TxnAnswer>)),
  );
}

function toKeyValues(messages: readonly Decoded<KeyValueMessage>[], keys: KeySpace): KeyValue[] {
  return messages.flatMap((message) => toKeyValue(message, keys) ?? []);
}
