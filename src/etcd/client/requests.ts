import type { Compare, Operation, RangeRequest, TxnRequest } from '../../store/index.ts';
import {
  type CompareMessage,
  type DeleteRangeMessage,
  type PutMessage,
  type RangeMessage,
  type RequestOp,
  sortOrders,
  type TxnMessage,
} from '../messages.ts';
import { compareOperators } from '../transaction.ts';
import type { KeySpace } from './key-space.ts';

/** What is left out is zero. */
type Message<T> = Partial<T>;

export function rangeMessage(request: RangeRequest, keys: KeySpace): Message<RangeMessage> {
  const { revision, limit, serializable, keysOnly, countOnly, order } = request;
  return {
    ...keys.range(request.key, request.end),
    revision,
    limit,
    serializable,
    keysOnly,
    countOnly,
    // Ascending is how they lie: asking for it would have them all read and sorted.
    sortOrder: order === 'descend' ? sortOrders.descend : sortOrders.none,
  };
}

export function txnMessage({ compare, then, else: otherwise = [] }: TxnRequest, keys: KeySpace): Message<TxnMessage> {
  return {
    compare: compare.map((each) => compareMessage(each, keys) as CompareMessage),
    success: then.map((each) => operationMessage(each, keys)),
    failure: otherwise.map((each) => operationMessage(each, keys)),
  };
}

const targets = { version: 0, createRevision: 1, modRevision: 2, value: 3, lease: 4 } as const;

function compareMessage({ key, end, target, operator, operand }: Compare, keys: KeySpace): Message<CompareMessage> {
  return {
    ...keys.range(key, end),
    target: targets[target],
    result: compareOperators.indexOf(operator),
    [target]: operand,
  };
}

function operationMessage(operation: Operation, keys: KeySpace): RequestOp {
  switch (operation.type) {
    case 'put': {
      const { key, value, lease, previous, ignoreValue, ignoreLease } = operation;
      const message: Message<PutMessage> = {
        key: keys.key(key),
        // etcd refuses those that are not to be used.
        ...(ignoreValue ? { ignoreValue } : { value }),
        ...(ignoreLease ? { ignoreLease } : { lease }),
        prevKv: previous,
      };
      return { requestPut: message as PutMessage };
    }
    case 'delete':
      return {
        requestDeleteRange: {
          ...keys.range(operation.key, operation.end),
          prevKv: operation.previous,
        } as DeleteRangeMessage,
      };
    case 'range':
      return pastMessage(rangeMessage(operation.request, keys) as RangeMessage);
    case 'txn':
      return { requestTxn: txnMessage(operation.request, keys) as TxnMessage };
  }
}

/**
 * A read at a revision goes as a transaction of its own in the transaction. etcd (3.4 to 3.6) has only the server that answers
 * look at a transaction's reads: when one fails, for its revision is compacted or in the future, that server drops the
 * transaction while the others carry it out, and their data are never the same again. Nested ones, all servers look at.
 */
function pastMessage(requestRange: RangeMessage): RequestOp {
  if (!requestRange.revision) return { requestRange };
  return { requestTxn: { compare: [], success: [{ requestRange }], failure: [] } };
}
