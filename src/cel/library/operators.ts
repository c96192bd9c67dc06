import { traversal } from '../budget.ts';
import { EvaluationError } from '../errors.ts';
import { type Cost, declare, type Library, type Overload } from '../functions.ts';
import { compare, concatenate, type Duration, type Timestamp, Uint, type Value } from '../values.ts';
import { checkedInt, checkedUint } from './numbers.ts';
import { checkedDuration, checkedTimestamp } from './time.ts';

const ordered = ['bool', 'int', 'uint', 'double', 'string', 'bytes', 'timestamp', 'duration'];
const numbers = ['int', 'uint', 'double'];

const bothSizes: Cost = ([a, b]) => 1 + traversal((a as { length: number }).length + (b as { length: number }).length);
const lesserSize: Cost = ([a, b]) => 1 + traversal(Math.min(sizeOf(a!), sizeOf(b!)));

function sizeOf(value: Value): number {
  return typeof value === 'string' || value instanceof Uint8Array ? value.length : 0;
}

function comparisons(operator: string, holds: (order: number) => boolean): Overload[] {
  const run = (a: Value, b: Value): boolean => holds(compare(a, b)!);
  const pairs = [
    ...ordered.map((type) => [type, type]),
    ...numbers.flatMap((a) => numbers.filter((b) => a !== b).map((b) => [a, b])),
  ];
  return pairs.map(([a, b]) => declare(`${operator}(${a}, ${b}): bool`, run, lesserSize));
}

const divisor = (value: bigint, message: string): bigint => {
  if (value === 0n) throw new EvaluationError(message);
  return value;
};

const DIVISION = 'division by zero';
const MODULUS = 'modulus by zero';

/** What the interpreter does by itself; declared for their types. */
const builtIn = (): never => {
  throw new EvaluationError('no such overload');
};

export const operators: Library = [
  declare('_&&_(bool, bool): bool', builtIn),
  declare('_||_(bool, bool): bool', builtIn),
  declare('_?_:_(bool, A, A): A', builtIn),
  declare('_==_(A, A): bool', builtIn),
  declare('_!=_(A, A): bool', builtIn),
  declare('@in(A, list<A>): bool', builtIn),
  declare('@in(A, map<A, B>): bool', builtIn),
  declare('_[_](list<A>, int): A', builtIn),
  declare('_[_](map<A, B>, A): B', builtIn),
  declare('_[_](optional<list<A>>, int): optional<A>', builtIn),
  declare('_[_](optional<map<A, B>>, A): optional<B>', builtIn),
  declare('_[?_](list<A>, int): optional<A>', builtIn),
  declare('_[?_](map<A, B>, A): optional<B>', builtIn),
  declare('_[?_](optional<list<A>>, int): optional<A>', builtIn),
  declare('_[?_](optional<map<A, B>>, A): optional<B>', builtIn),

  declare('!_(bool): bool', (a: boolean) => !a),
  declare('-_(int): int', (a: bigint) => checkedInt(-a)),
  declare('-_(double): double', (a: number) => -a),

  declare('_+_(int, int): int', (a: bigint, b: bigint) => checkedInt(a + b)),
  declare('_+_(uint, uint): uint', (a: Uint, b: Uint) => checkedUint(a.value + b.value)),
  declare('_+_(double, double): double', (a: number, b: number) => a + b),
  declare('_+_(string, string): string', (a: string, b: string) => a + b, bothSizes),
  declare('_+_(bytes, bytes): bytes', (a: Uint8Array, b: Uint8Array) => new Uint8Array([...a, ...b]), bothSizes),
  declare('_+_(list<A>, list<A>): list<A>', concatenate, bothSizes),
  declare('_+_(timestamp, duration): timestamp', (a: Timestamp, b: Duration) => checkedTimestamp(a.nanos + b.nanos)),
  declare('_+_(duration, timestamp): timestamp', (a: Duration, b: Timestamp) => checkedTimestamp(a.nanos + b.nanos)),
  declare('_+_(duration, duration): duration', (a: Duration, b: Duration) => checkedDuration(a.nanos + b.nanos)),

  declare('_-_(int, int): int', (a: bigint, b: bigint) => checkedInt(a - b)),
  declare('_-_(uint, uint): uint', (a: Uint, b: Uint) => checkedUint(a.value - b.value)),
  declare('_-_(double, double): double', (a: number, b: number) => a - b),
  declare('_-_(timestamp, timestamp): duration', (a: Timestamp, b: Timestamp) => checkedDuration(a.nanos - b.nanos)),
  declare('_-_(timestamp, duration): timestamp', (a: Timestamp, b: Duration) => checkedTimestamp(a.nanos - b.nanos)),
  declare('_-_(duration, duration): duration', (a: Duration, b: Duration) => checkedDuration(a.nanos - b.nanos)),

  declare('_*_(int, int): int', (a: bigint, b: bigint) => checkedInt(a * b)),
  declare('_*_(uint, uint): uint', (a: Uint, b: Uint) => checkedUint(a.value * b.value)),
  declare('_*_(double, double): double', (a: number, b: number) => a * b),
  declare('_/_(int, int): int', (a: bigint, b: bigint) => checkedInt(a / divisor(b, DIVISION))),
  declare('_/_(uint, uint): uint', (a: Uint, b: Uint) => new Uint(a.value / divisor(b.value, DIVISION))),
  declare('_/_(double, double): double', (a: number, b: number) => a / b),
  declare('_%_(int, int): int', (a: bigint, b: bigint) => a % divisor(b, MODULUS)),
  declare('_%_(uint, uint): uint', (a: Uint, b: Uint) => new Uint(a.value % divisor(b.value, MODULUS))),

  ...comparisons('_<_', (order) => order < 0),
  ...comparisons('_<=_', (order) => order <= 0),
  ...comparisons('_>_', (order) => order > 0),
  ...comparisons('_>=_', (order) => order >= 0),
];
