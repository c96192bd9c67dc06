import { assert } from '../base/index.ts';
import { decodeRange } from './codec.ts';
import {
  type CompareCommand,
  DELETE,
  IGNORE_LEASE,
  IGNORE_VALUE,
  type OperationCommand,
  PREVIOUS,
  PUT,
  type PutCommand,
  RANGE,
  TXN,
  type TxnCommand,
  VALUE_TARGET,
} from './command.ts';
import { KeyNotFoundError } from './errors.ts';
import type { Keyspace } from './keyspace.ts';
import type { LeaseTable } from './leases.ts';
import type { OperationResult, TxnResult } from './types.ts';
import { fromBytes, toKeyValue, type Version } from './version.ts';

/** A transaction whose branches are chosen, down to the innermost one. */
interface Plan {
  succeeded: boolean;
  operations: readonly OperationCommand[];
  /** Of the transactions among the operations, in order. */
  nested: Plan[];
}

/**
 * Runs a transaction up to, but without, the commit. Like in etcd all compares, nested ones too, see the
 * state before it, and whatever makes it fail is found before anything is written.
 */
export function runTxn(keyspace: Keyspace, leases: LeaseTable, txn: TxnCommand): TxnResult {
  const plan = choose(keyspace, txn);
  check(keyspace, leases, plan);
  return execute(keyspace, leases, plan);
}

/** A put that is not part of a transaction. */
export function runPut(keyspace: Keyspace, leases: LeaseTable, put: PutCommand): void {
  checkPut(keyspace, leases, put);
  executePut(keyspace, leases, put);
}

/** Stages a deletion and takes the keys off their leases. */
export function runDelete(keyspace: Keyspace, leases: LeaseTable, key: string, end: string | null): Version[] {
  const deleted = keyspace.delete(key, end ?? undefined);
  for (const version of deleted) leases.detach(version.lease, version.key);
  return deleted;
}

function choose(keyspace: Keyspace, [, compares, then, otherwise]: TxnCommand): Plan {
  const succeeded = compares.every((compare) => holds(keyspace, compare));
  const operations = succeeded ? then : otherwise;
  const nested: Plan[] = [];
  for (const operation of operations) if (operation[0] === TXN) nested.push(choose(keyspace, operation));
  return { succeeded, operations, nested };
}

/** In etcd's order, which decides what is told of several faults: all puts, then all ranges. */
function check(keyspace: Keyspace, leases: LeaseTable, plan: Plan): void {
  visit(plan, (operation) => {
    if (operation[0] === PUT) checkPut(keyspace, leases, operation);
  });
  visit(plan, (operation) => {
    if (operation[0] === RANGE) keyspace.checkRevision(operation[3]);
  });
}

/** Each operation that will be carried out, in order. */
function visit(plan: Plan, each: (operation: OperationCommand) => void): void {
  const nested = plan.nested.values();
  for (const operation of plan.operations) {
    if (operation[0] === TXN) visit(nested.next().value as Plan, each);
    else each(operation);
  }
}

function checkPut(keyspace: Keyspace, leases: LeaseTable, [, key, , lease, flags]: PutCommand): void {
  if ((flags & IGNORE_LEASE) === 0 && lease !== 0) leases.require(lease);
  if ((flags & (IGNORE_VALUE | IGNORE_LEASE)) !== 0 && keyspace.get(key) === undefined) {
    throw new KeyNotFoundError();
  }
}

function execute(keyspace: Keyspace, leases: LeaseTable, plan: Plan): TxnResult {
  const nested = plan.nested.values();
  const results = plan.operations.map((operation) => executeOne(keyspace, leases, operation, nested));
  return { succeeded: plan.succeeded, revision: keyspace.nextRevision, results };
}

function executeOne(
  keyspace: Keyspace,
  leases: LeaseTable,
  operation: OperationCommand,
  nested: Iterator<Plan>,
): OperationResult {
  switch (operation[0]) {
    case PUT: {
      const superseded = executePut(keyspace, leases, operation);
      if ((operation[4] & PREVIOUS) === 0 || superseded === undefined) return { type: 'put' };
      return { type: 'put', previous: toKeyValue(superseded) };
    }
    case DELETE: {
      const deleted = runDelete(keyspace, leases, operation[1], operation[2]);
      if ((operation[3] & PREVIOUS) === 0) return { type: 'delete', deleted: deleted.length };
      return { type: 'delete', deleted: deleted.length, previous: deleted.map((version) => toKeyValue(version)) };
    }
    case RANGE:
      return { type: 'range', result: keyspace.range(decodeRange(operation)) };
    case TXN: {
      const plan = nested.next();
      assert(!plan.done, 'a nested transaction has no plan');
      return { type: 'txn', result: execute(keyspace, leases, plan.value) };
    }
  }
}

function executePut(
  keyspace: Keyspace,
  leases: LeaseTable,
  [, key, bytes, leaseId, flags]: PutCommand,
): Version | undefined {
  const current = flags === 0 ? undefined : keyspace.get(key);
  const value = (flags & IGNORE_VALUE) !== 0 && current !== undefined ? current.value : fromBytes(bytes);
  const lease = (flags & IGNORE_LEASE) !== 0 && current !== undefined ? current.lease : leaseId;
  const superseded = keyspace.put(key, value, lease);
  if (superseded !== undefined && superseded.lease !== lease) leases.detach(superseded.lease, superseded.key);
  if (lease !== 0 && superseded?.lease !== lease) leases.attach(lease, keyspace.get(key)!.key);
  return superseded;
}

function holds(keyspace: Keyspace, [key, end, target, operator, operand]: CompareCommand): boolean {
  if (target === VALUE_TARGET) {
    assert(typeof operand !== 'number', 'a value is compared with a number');
    const wanted = fromBytes(operand);
    // A missing key has no value, so no comparison with it holds, not even `!=`.
    return all(keyspace, key, end, (version) => version !== undefined && compare(version.value, operator, wanted));
  }
  assert(typeof operand === 'number', 'a number is compared with a value');
  return all(keyspace, key, end, (version) => compare(numberOf(version, target), operator, operand));
}

/** Whether the test holds for each key in the range; an empty range stands for one missing key. */
function all(
  keyspace: Keyspace,
  key: string,
  end: string | null,
  test: (version: Version | undefined) => boolean,
): boolean {
  if (end === null) return test(keyspace.get(key));
  let none = true;
  let holding = true;
  keyspace.visit(key, end, (version) => {
    none = false;
    holding = test(version);
    return holding;
  });
  return none ? test(undefined) : holding;
}

function numberOf(version: Version | undefined, target: number): number {
  if (version === undefined) return 0;
  switch (target) {
    case 0:
      return version.version;
    case 1:
      return version.createRevision;
    case 2:
      return version.modRevision;
    default:
      return version.lease;
  }
}

function compare<T extends string | number>(left: T, operator: number, right: T): boolean {
  switch (operator) {
    case 0:
      return left === right;
    case 1:
      return left !== right;
    case 2:
      return left < right;
    default:
      return left > right;
  }
}
