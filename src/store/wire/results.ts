import { errorCode, errorMessage, KeelsonError } from '../../base/index.ts';
import { DELETE, PUT, RANGE, TXN } from '../command.ts';
import { CompactedError } from '../errors.ts';
import type { KeyValue, OperationResult, RangeResult, TxnResult, WatchEvent } from '../types.ts';

/** Results and events as arrays, and back. */
export type KeyValueRow = [
  key: string,
  value: Uint8Array,
  createRevision: number,
  modRevision: number,
  version: number,
  lease: number,
];

export type RangeRow = [revision: number, count: number, more: boolean, kvs: KeyValueRow[]];
export type TxnRow = [succeeded: boolean, revision: number, results: OperationRow[]];

type OperationRow =
  | [op: typeof PUT, previous: KeyValueRow | null]
  | [op: typeof DELETE, deleted: number, previous: KeyValueRow[] | null]
  | [op: typeof RANGE, result: RangeRow]
  | [op: typeof TXN, result: TxnRow];

/** A put: the key and its previous state; a deletion: no value, but key and revision. */
export type EventRow = [isPut: boolean, kv: KeyValueRow, previous: KeyValueRow | null];

export function encodeKeyValue(kv: KeyValue): KeyValueRow {
  return [kv.key, kv.value, kv.createRevision, kv.modRevision, kv.version, kv.lease];
}

export function decodeKeyValue([key, value, createRevision, modRevision, version, lease]: KeyValueRow): KeyValue {
  return { key, value, createRevision, modRevision, version, lease };
}

export function encodeRangeResult({ revision, count, more, kvs }: RangeResult): RangeRow {
  return [revision, count, more, kvs.map(encodeKeyValue)];
}

export function decodeRangeResult([revision, count, more, kvs]: RangeRow): RangeResult {
  return { revision, kvs: kvs.map(decodeKeyValue), count, more };
}

export function encodeTxnResult({ succeeded, revision, results }: TxnResult): TxnRow {
  return [succeeded, revision, results.map(encodeOperationResult)];
}

export function decodeTxnResult([succeeded, revision, results]: TxnRow): TxnResult {
  return { succeeded, revision, results: results.map(decodeOperationResult) };
}

export function encodeEvent({ type, kv, previous }: WatchEvent): EventRow {
  return [type === 'put', encodeKeyValue(kv), previous === undefined ? null : encodeKeyValue(previous)];
}

export function decodeEvent([isPut, kv, previous]: EventRow): WatchEvent {
  const event: WatchEvent = { type: isPut ? 'put' : 'delete', kv: decodeKeyValue(kv) };
  if (previous !== null) event.previous = decodeKeyValue(previous);
  return event;
}

export function encodeError(error: unknown): [code: string, message: string, compactRevision: number] {
  const compactRevision = error instanceof CompactedError ? error.compactRevision : 0;
  return [errorCode(error) ?? 'INTERNAL', errorMessage(error), compactRevision];
}

export function decodeError(code: string, message: string, compactRevision: number): KeelsonError {
  return code === 'COMPACTED' ? new CompactedError(compactRevision) : new KeelsonError(code, message);
}

function encodeOperationResult(result: OperationResult): OperationRow {
  switch (result.type) {
    case 'put':
      return [PUT, result.previous === undefined ? null : encodeKeyValue(result.previous)];
    case 'delete':
      return [DELETE, result.deleted, result.previous?.map(encodeKeyValue) ?? null];
    case 'range':
      return [RANGE, encodeRangeResult(result.result)];
    case 'txn':
      return [TXN, encodeTxnResult(result.result)];
  }
}

function decodeOperationResult(row: OperationRow): OperationResult {
  switch (row[0]) {
    case PUT:
      return row[1] === null ? { type: 'put' } : { type: 'put', previous: decodeKeyValue(row[1]) };
    case DELETE:
      return row[2] === null
        ? { type: 'delete', deleted: row[1] }
        : { type: 'delete', deleted: row[1], previous: row[2].map(decodeKeyValue) };
    case RANGE:
      return { type: 'range', result: decodeRangeResult(row[1]) };
    case TXN:
      return { type: 'txn', result: decodeTxnResult(row[1]) };
  }
}
