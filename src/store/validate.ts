import {
  DELETE,
  OPERATORS,
  type OperationCommand,
  PUT,
  RANGE,
  type RangeCommand,
  TARGETS,
  TXN,
  type TxnCommand,
  VALUE_TARGET,
} from './command.ts';
import { DuplicateKeyError, InvalidRequestError, TooLargeError } from './errors.ts';

/** Bytes of keys and values in one request, as in etcd. */
export const MAX_REQUEST_BYTES = 1_572_864;
/** Operations and compares in one transaction, nested ones included. */
export const MAX_OPERATIONS = 4096;
const MAX_NESTING = 8;

/**
 * Checks a request that changes something, in array form, from an untrusted caller: everything that
 * can be said without looking at the state. Throws INVALID or TOO_LARGE.
 */
export function validateOperation(command: unknown): asserts command is OperationCommand {
  const budget = { bytes: MAX_REQUEST_BYTES, operations: MAX_OPERATIONS };
  checkOperation(command, budget, 0);
  if (command[0] === TXN) checkBranches(command);
}

export function validateRange(command: unknown): asserts command is RangeCommand {
  checkOperation(command, { bytes: MAX_REQUEST_BYTES, operations: 1 }, 0);
  if (command[0] !== RANGE) throw new InvalidRequestError('not a range');
}

export function validateLeaseId(id: unknown): asserts id is number {
  if (!isCount(id)) throw new InvalidRequestError('a lease id must be a whole number from 0 to 2^53 - 1');
}

export function validateTtl(ttl: unknown): asserts ttl is number {
  if (!isCount(ttl) || ttl < 1 || ttl > MAX_TTL) {
    throw new InvalidRequestError(`a lease's ttl must be a whole number of seconds from 1 to ${MAX_TTL}`);
  }
}
/** As in etcd. */
const MAX_TTL = 9_000_000_000;

export function validateRevision(revision: unknown): asserts revision is number {
  if (!isCount(revision)) throw new InvalidRequestError('a revision must be a whole number, not below 0');
}

/** A key to be written may not be empty; the start of a range may. */
export function validateRangeKeys(key: unknown, end: unknown): asserts key is string {
  if (!isBinary(key)) throw new InvalidRequestError('a key must be a string of characters up to \\xff');
  if (end !== null && end !== undefined && (typeof end !== 'string' || BEYOND_END.test(end))) {
    throw new InvalidRequestError('the end of a range must be a string of characters up to \\xff, or \\u0100');
  }
}

interface Budget {
  bytes: number;
  operations: number;
}

function checkOperation(command: unknown, budget: Budget, depth: number): asserts command is OperationCommand {
  if (!Array.isArray(command)) throw new InvalidRequestError('an operation must be an array');
  if (--budget.operations < 0) throw new TooLargeError(`more than ${MAX_OPERATIONS} operations in one transaction`);
  switch (command[0]) {
    case PUT: {
      const [, key, value, lease, flags] = command;
      expectLength(command, 5);
      if (!isBinary(key) || key === '')
        throw new InvalidRequestError('a key must be a string of characters up to \\xff, and not empty');
      if (!(value instanceof Uint8Array)) throw new InvalidRequestError('a value must be bytes');
      validateLeaseId(lease);
      expectFlags(flags);
      spend(budget, key.length + value.length);
      return;
    }
    case DELETE: {
      const [, key, end, flags] = command;
      expectLength(command, 4);
      validateRangeKeys(key, end);
      expectFlags(flags);
      spend(budget, key.length);
      return;
    }
    case RANGE: {
      const [, key, end, revision, limit, flags] = command;
      expectLength(command, 6);
      validateRangeKeys(key, end);
      validateRevision(revision);
      if (!isCount(limit)) throw new InvalidRequestError('a limit must be a whole number, not below 0');
      expectFlags(flags);
      spend(budget, key.length);
      return;
    }
    case TXN: {
      const [, compare, then, otherwise] = command;
      expectLength(command, 4);
      if (depth >= MAX_NESTING) throw new InvalidRequestError(`transactions nested deeper than ${MAX_NESTING}`);
      if (!Array.isArray(compare) || !Array.isArray(then) || !Array.isArray(otherwise)) {
        throw new InvalidRequestError('a transaction consists of three lists');
      }
      for (const item of compare) checkCompare(item, budget);
      for (const item of then) checkOperation(item, budget, depth + 1);
      for (const item of otherwise) checkOperation(item, budget, depth + 1);
      return;
    }
    default:
      throw new InvalidRequestError('no such operation');
  }
}

function checkCompare(compare: unknown, budget: Budget): void {
  if (!Array.isArray(compare)) throw new InvalidRequestError('a compare must be an array');
  expectLength(compare, 5);
  if (--budget.operations < 0) throw new TooLargeError(`more than ${MAX_OPERATIONS} compares in one transaction`);
  const [key, end, target, operator, operand] = compare;
  validateRangeKeys(key, end);
  if (TARGETS[target] === undefined)
    throw new InvalidRequestError(`a compare's target is one of ${TARGETS.join(', ')}`);
  if (OPERATORS[operator] === undefined)
    throw new InvalidRequestError(`a compare's operator is one of ${OPERATORS.join(' ')}`);
  if (target === VALUE_TARGET ? !(operand instanceof Uint8Array) : !Number.isSafeInteger(operand)) {
    throw new InvalidRequestError("a compare's operand is bytes for a value, else a whole number");
  }
  spend(budget, key.length + (target === VALUE_TARGET ? operand.length : 0));
}

/** Keys and ranges that one list of operations may write. */
interface Writes {
  puts: Set<string>;
  deletes: [key: string, end: string | null][];
}

function checkBranches([, , then, otherwise]: TxnCommand): Writes {
  const left = checkList(then);
  const right = checkList(otherwise);
  return { puts: left.puts.union(right.puts), deletes: [...left.deletes, ...right.deletes] };
}

/** In one list a key may be put once only, and not put and deleted, whatever branches are taken within. */
function checkList(operations: readonly OperationCommand[]): Writes {
  const all: Writes = { puts: new Set(), deletes: [] };
  for (const operation of operations) {
    let writes: Writes;
    if (operation[0] === PUT) writes = { puts: new Set([operation[1]]), deletes: [] };
    else if (operation[0] === DELETE) writes = { puts: new Set(), deletes: [[operation[1], operation[2]]] };
    else if (operation[0] === TXN) writes = checkBranches(operation);
    else continue;
    if (
      !all.puts.isDisjointFrom(writes.puts) ||
      overlaps(all.puts, writes.deletes) ||
      overlaps(writes.puts, all.deletes)
    ) {
      throw new DuplicateKeyError();
    }
    for (const key of writes.puts) all.puts.add(key);
    all.deletes.push(...writes.deletes);
  }
  return all;
}

function overlaps(puts: ReadonlySet<string>, deletes: Writes['deletes']): boolean {
  for (const [key, end] of deletes) {
    if (end === null) {
      if (puts.has(key)) return true;
    } else {
      for (const put of puts) if (put >= key && put < end) return true;
    }
  }
  return false;
}

function spend(budget: Budget, bytes: number): void {
  budget.bytes -= bytes;
  if (budget.bytes < 0) throw new TooLargeError(`the request holds more than ${MAX_REQUEST_BYTES} bytes`);
}

const BEYOND_BYTE = /[^\0-\xff]/;
const BEYOND_END = /[^\0-\u0100]/;

function isBinary(key: unknown): key is string {
  return typeof key === 'string' && !BEYOND_BYTE.test(key);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function expectFlags(flags: unknown): void {
  if (!isCount(flags) || flags > 7) throw new InvalidRequestError('unknown flags');
}

function expectLength(list: readonly unknown[], length: number): void {
  if (list.length !== length) throw new InvalidRequestError('too many or too few parts');
}
