import { type Cost, declare, type Library, type Spend } from '../functions.ts';
import { equal, type Value } from '../values.ts';

/** Each element of the one is compared with each of the other. */
const product: Cost = ([a, b]) => 1 + (a as Value[]).length * (b as Value[]).length;

function contains(set: readonly Value[], other: readonly Value[], spend: Spend): boolean {
  return other.every((element) => set.some((candidate) => equal(candidate, element, spend)));
}

export const sets: Library = [
  declare('sets.contains(list<T>, list<T>): bool', contains, product),
  declare(
    'sets.equivalent(list<T>, list<T>): bool',
    (a: Value[], b: Value[], spend: Spend) => contains(a, b, spend) && contains(b, a, spend),
    (args) => 2 * product(args),
  ),
  declare(
    'sets.intersects(list<T>, list<T>): bool',
    (a: Value[], b: Value[], spend: Spend) =>
      a.some((element) => b.some((candidate) => equal(candidate, element, spend))),
    product,
  ),
];
