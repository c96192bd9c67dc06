import {
  COUNT_ONLY,
  type CompareCommand,
  DELETE,
  DESCEND,
  IGNORE_LEASE,
  IGNORE_VALUE,
  KEYS_ONLY,
  OPERATORS,
  type OperationCommand,
  PREVIOUS,
  PUT,
  RANGE,
  type RangeCommand,
  TARGETS,
  TXN,
  type TxnCommand,
} from './command.ts';
import type { Compare, Operation, RangeRequest, TxnRequest } from './types.ts';

/** Requests as arrays and back. `decode` trusts its input: what comes from outside passes `validate.ts` first. */
export function encodeTxn(request: TxnRequest): TxnCommand {
  return [
    TXN,
    request.compare.map(encodeCompare),
    request.then.map(encodeOperation),
    (request.else ?? []).map(encodeOperation),
  ];
}

export function decodeTxn([, compare, then, otherwise]: TxnCommand): TxnRequest {
  return {
    compare: compare.map(decodeCompare),
    then: then.map(decodeOperation),
    else: otherwise.map(decodeOperation),
  };
}

export function encodeRange(request: Omit<RangeRequest, 'serializable'>): RangeCommand {
  const flags =
    (request.keysOnly ? KEYS_ONLY : 0) |
    (request.countOnly ? COUNT_ONLY : 0) |
    (request.order === 'descend' ? DESCEND : 0);
  return [RANGE, request.key, request.end ?? null, request.revision ?? 0, request.limit ?? 0, flags];
}

export function decodeRange([, key, end, revision, limit, flags]: RangeCommand): Omit<RangeRequest, 'serializable'> {
  return {
    key,
    end: end ?? undefined,
    revision,
    limit,
    keysOnly: (flags & KEYS_ONLY) !== 0,
    countOnly: (flags & COUNT_ONLY) !== 0,
    order: (flags & DESCEND) !== 0 ? 'descend' : 'ascend',
  };
}

function encodeCompare(compare: Compare): CompareCommand {
  return [
    compare.key,
    compare.end ?? null,
    TARGETS.indexOf(compare.target),
    OPERATORS.indexOf(compare.operator),
    compare.operand,
  ];
}

function decodeCompare([key, end, target, operator, operand]: CompareCommand): Compare {
  return {
    key,
    end: end ?? undefined,
    target: TARGETS[target],
    operator: OPERATORS[operator],
    operand,
  } as Compare;
}

function encodeOperation(operation: Operation): OperationCommand {
  switch (operation.type) {
    case 'put': {
      const flags =
        (operation.previous ? PREVIOUS : 0) |
        (operation.ignoreValue ? IGNORE_VALUE : 0) |
        (operation.ignoreLease ? IGNORE_LEASE : 0);
      return [PUT, operation.key, operation.value, operation.lease ?? 0, flags];
    }
    case 'delete':
      return [DELETE, operation.key, operation.end ?? null, operation.previous ? PREVIOUS : 0];
    case 'range':
      return encodeRange(operation.request);
    case 'txn':
      return encodeTxn(operation.request);
  }
}

function decodeOperation(command: OperationCommand): Operation {
  switch (command[0]) {
    case PUT: {
      const [, key, value, lease, flags] = command;
      return {
        type: 'put',
        key,
        value,
        lease,
        previous: (flags & PREVIOUS) !== 0,
        ignoreValue: (flags & IGNORE_VALUE) !== 0,
        ignoreLease: (flags & IGNORE_LEASE) !== 0,
      };
    }
    case DELETE: {
      const [, key, end, flags] = command;
      return { type: 'delete', key, end: end ?? undefined, previous: (flags & PREVIOUS) !== 0 };
    }
    case RANGE:
      return { type: 'range', request: decodeRange(command) };
    case TXN:
      return { type: 'txn', request: decodeTxn(command) };
  }
}
