import { traversal } from '../budget.ts';
import { EvaluationError } from '../errors.ts';
import { type Cost, declare, type Library, type Spend } from '../functions.ts';
import { compare, Duration, equal, Uint, type Value } from '../values.ts';
import { checkedInt, checkedUint } from './numbers.ts';
import { checkedDuration } from './time.ts';

/** One for each element, and a tenth for each character in it. */
const each: Cost = ([elements]) =>
  (elements as readonly Value[]).reduce<number>(
    (cost, element) => cost + 1 + (typeof element === 'string' ? traversal(element.length) : 0),
    1,
  );

const comparable = ['int', 'uint', 'double', 'bool', 'duration', 'timestamp', 'string', 'bytes'];
const summable = ['int', 'uint', 'double', 'duration'];

function order(a: Value, b: Value): number {
  const result = compare(a, b);
  if (result === undefined) throw new EvaluationError('no such overload');
  return result;
}

function isSorted(elements: readonly Value[]): boolean {
  return elements.every((element, index) => index === 0 || order(elements[index - 1]!, element) <= 0);
}

function extreme(elements: readonly Value[], name: string, better: (order: number) => boolean): Value {
  const [first, ...others] = elements;
  if (first === undefined) throw new EvaluationError(`${name} called on empty list`);
  return others.reduce<Value>((best, element) => (better(order(element, best)) ? element : best), first);
}

function add(a: Value, b: Value): Value {
  if (typeof a === 'bigint' && typeof b === 'bigint') return checkedInt(a + b);
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  if (a instanceof Uint && b instanceof Uint) return checkedUint(a.value + b.value);
  if (a instanceof Duration && b instanceof Duration) return checkedDuration(a.nanos + b.nanos);
  throw new EvaluationError('no such overload');
}

const zeros: Readonly<Record<string, Value>> = { int: 0n, uint: new Uint(0n), double: 0, duration: new Duration(0n) };

function sum(elements: readonly Value[], zero: Value): Value {
  const [first, ...others] = elements;
  return first === undefined ? zero : others.reduce<Value>(add, first);
}

export const lists: Library = [
  ...comparable.flatMap((type) => [
    declare(`(list<${type}>).isSorted(): bool`, isSorted, each),
    declare(`(list<${type}>).min(): ${type}`, (of: Value[]) => extreme(of, 'min', (result) => result < 0), each),
    declare(`(list<${type}>).max(): ${type}`, (of: Value[]) => extreme(of, 'max', (result) => result > 0), each),
  ]),
  ...summable.map((type) => declare(`(list<${type}>).sum(): ${type}`, (of: Value[]) => sum(of, zeros[type]!), each)),
  declare(
    '(list<A>).indexOf(A): int',
    (of: Value[], value: Value, spend: Spend) => BigInt(of.findIndex((element) => equal(element, value, spend))),
    each,
  ),
  declare(
    '(list<A>).lastIndexOf(A): int',
    (of: Value[], value: Value, spend: Spend) => BigInt(of.findLastIndex((element) => equal(element, value, spend))),
    each,
  ),
];
