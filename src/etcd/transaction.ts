import type { Compare, CompareOperator, Operation, OperationResult, TxnRequest, TxnResult } from '../store/index.ts';
import { etcdErrors } from './errors.ts';
import type { CompareMessage, RequestOp, ResponseHeader, ResponseOp, TxnAnswer, TxnMessage } from './messages.ts';
import { deleteAnswer, planDelete, planPut, putAnswer } from './operations.ts';
import { planRange, rangeAnswer } from './range.ts';
import { safe, toEnd, toKey, toValue } from './values.ts';

/** Operations in one list of a transaction and of those nested in it, as in etcd. */
const MAX_OPERATIONS = 128;

/** A transaction as the store runs it. Throws what etcd does before it looks at the keys. */
export function planTxn(message: TxnMessage, budget = MAX_OPERATIONS): TxnRequest {
  const { compare, success, failure } = message;
  const operations = Math.max(compare.length, success.length, failure.length);
  if (operations > budget) throw etcdErrors.tooManyOperations();
  const plan = (each: RequestOp): Operation => planOperation(each, budget - operations);
  return { compare: compare.map(planCompare), then: success.map(plan), else: failure.map(plan) };
}

function planOperation(message: RequestOp, budget: number): Operation {
  const { requestRange, requestPut, requestDeleteRange, requestTxn } = message;
  if (requestRange) return { type: 'range', request: planRange(requestRange) };
  if (requestPut) return planPut(requestPut);
  if (requestDeleteRange) return planDelete(requestDeleteRange);
  if (requestTxn) return { type: 'txn', request: planTxn(requestTxn, budget) };
  // What etcd says to an operation that is none.
  throw etcdErrors.keyNotFound();
}

/** By their numbers in etcd's messages. */
export const compareOperators: readonly CompareOperator[] = ['=', '>', '<', '!='];

function planCompare(message: CompareMessage): Compare {
  if (message.key.length === 0) throw etcdErrors.emptyKey();
  const operator = compareOperators[message.result];
  if (operator === undefined) throw etcdErrors.keyNotFound();
  const range = { key: toKey(message.key), end: toEnd(message.rangeEnd), operator };
  switch (message.target) {
    case 0:
      return { ...range, target: 'version', operand: safe(message.version ?? 0) };
    case 1:
      return { ...range, target: 'createRevision', operand: safe(message.createRevision ?? 0) };
    case 2:
      return { ...range, target: 'modRevision', operand: safe(message.modRevision ?? 0) };
    case 3:
      return { ...range, target: 'value', operand: toValue(message.value) };
    case 4:
      return { ...range, target: 'lease', operand: safe(message.lease ?? 0) };
    default:
      throw etcdErrors.keyNotFound();
  }
}

export function txnAnswer(message: TxnMessage, result: TxnResult, header: ResponseHeader): TxnAnswer {
  const before = result.results.some(writes) ? result.revision - 1 : result.revision;
  return answerOf(message, result, header, { revision: before, after: result.revision });
}

/** The revision that the next operation is told, and the one from the first write on. */
interface Cursor {
  revision: number;
  readonly after: number;
}

function answerOf(message: TxnMessage, result: TxnResult, header: ResponseHeader, cursor: Cursor): TxnAnswer {
  const { succeeded, results } = result;
  const requests = succeeded ? message.success : message.failure;
  const responses = results.map((each, i) => operationAnswer(requests[i] as RequestOp, each, cursor));
  return { header, succeeded, responses };
}

function operationAnswer(request: RequestOp, result: OperationResult, cursor: Cursor): ResponseOp {
  // A nested transaction's own writes tell.
  if (result.type !== 'txn' && writes(result)) cursor.revision = cursor.after;
  const header = { revision: cursor.revision };
  switch (result.type) {
    case 'put':
      return { responsePut: putAnswer(result, header) };
    case 'delete':
      return { responseDeleteRange: deleteAnswer(result, header) };
    case 'range':
      return { responseRange: rangeAnswer(request.requestRange!, result.result, header) };
    case 'txn':
      // etcd leaves this header empty.
      return { responseTxn: answerOf(request.requestTxn!, result.result, { revision: 0 }, cursor) };
  }
}

function writes(result: OperationResult): boolean {
  switch (result.type) {
    case 'put':
      return true;
    case 'delete':
      return result.deleted > 0;
    case 'range':
      return false;
    case 'txn':
      return result.result.results.some(writes);
  }
}
