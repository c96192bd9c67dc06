import { type Random, randomInteger } from '../../src/base/index.ts';
import type { Compare, CompareOperator, Operation, RangeRequest, TxnRequest } from '../../src/store/index.ts';

/** Something to ask a store, whose answer depends on nothing but what this asker asked before. */
export type Question =
  | { ask: 'put'; key: string; value: Uint8Array; lease: number }
  | { ask: 'delete'; key: string; end: string | undefined }
  | { ask: 'range'; request: RangeRequest }
  | { ask: 'txn'; request: TxnRequest }
  | { ask: 'grant' | 'revoke' | 'keep alive' | 'time to live'; lease: number }
  | { ask: 'leases' }
  | { ask: 'compact'; revision: number };

/** What an asker goes by. */
export interface Memory {
  /** Of all its keys. */
  prefix: string;
  /** The ids that its leases may have. */
  leases: readonly number[];
  /** Revisions of its writes, in their order. */
  writes: readonly number[];
}

/** Not reached by any run. */
const FUTURE = 2 ** 40;
/** Dropped before the first question is asked. */
const COMPACTED = 1;
const KEYS = ['a', 'ab', 'b', 'c'] as const;
const ENDS = ['b', 'c', 'd'] as const;
const VALUES = ['', 'x', 'y', 'zz'] as const;
const OPERATORS: readonly CompareOperator[] = ['=', '!=', '<', '>'];

/** The next question; many are wrong in some way. The same draws for the same `random`, however revisions are numbered. */
export function nextQuestion(random: Random, memory: Memory): Question {
  const { prefix, leases, writes } = memory;
  const one = <T>(...choices: readonly T[]): T => choices[randomInteger(random, choices.length)]!;
  const chance = (probability: number): boolean => random.next() < probability;
  const key = (): string => prefix + one(...KEYS);
  const end = (): string | undefined => (chance(0.5) ? undefined : prefix + one(...ENDS));
  const lease = (): number => one(...leases);
  const value = (): Uint8Array => Buffer.from(one(...VALUES));
  /** Of one of the last few writes. */
  const revision = (): number => writes[Math.max(0, writes.length - 1 - randomInteger(random, 6))] ?? 0;
  const readRevision = (): number => one(0, 0, 0, revision(), revision(), COMPACTED, FUTURE);

  const range = (at: number): RangeRequest => ({
    ...{ key: key(), end: end(), revision: at, limit: one(0, 0, 1, 2) },
    ...{ keysOnly: chance(0.2), countOnly: chance(0.1), order: one('ascend', 'descend') },
  });
  const compare = (): Compare => {
    const target = one('version', 'createRevision', 'modRevision', 'lease', 'value');
    const base = { key: key(), end: chance(0.2) ? end() : undefined, operator: one(...OPERATORS) };
    if (target === 'value') return { ...base, target, operand: value() };
    const operands = { version: one(0, 1, 2), lease: one(0, lease()) };
    return {
      ...base,
      target,
      operand: target === 'version' || target === 'lease' ? operands[target] : one(0, revision()),
    };
  };
  const operation = (): Operation => {
    const kind = randomInteger(random, 10);
    if (kind < 5) {
      const ignoreValue = chance(0.1);
      const attached = !ignoreValue && chance(0.2) ? lease() : 0;
      const content = ignoreValue ? Buffer.alloc(0) : value();
      return { type: 'put', key: key(), value: content, lease: attached, previous: chance(0.3), ignoreValue };
    }
    if (kind < 7) return { type: 'delete', key: key(), end: end(), previous: chance(0.5) };
    return { type: 'range', request: range(0) };
  };
  const list = <T>(most: number, make: () => T): T[] => Array.from({ length: randomInteger(random, most + 1) }, make);

  const kind = randomInteger(random, 100);
  if (kind < 25) return { ask: 'put', key: key(), value: value(), lease: chance(0.25) ? lease() : 0 };
  if (kind < 35) return { ask: 'delete', key: key(), end: end() };
  if (kind < 55) return { ask: 'range', request: range(readRevision()) };
  if (kind < 80)
    return { ask: 'txn', request: { compare: list(2, compare), then: list(3, operation), else: list(2, operation) } };
  if (kind < 98)
    return one<Question>(
      ...(['grant', 'revoke', 'keep alive', 'time to live'] as const).map((ask) => ({ ask, lease: lease() })),
      { ask: 'leases' },
    );
  return { ask: 'compact', revision: one(COMPACTED, FUTURE) };
}
