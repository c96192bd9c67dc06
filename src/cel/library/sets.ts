import { type Cost, declare, type Library } from '../functions.ts';
import { equal, type Value } from '../values.ts';

/** Each element of the one is compared with each of the other. */
const product: Cost = ([a, b]) => 1 + (a as Value[]).length * (b as Value[]).length;

function contains(set: readonly Value[], other: readonly Value[]): boolean {
  return other.every((element) => set.some((candidate) => equal(candidate, element)));
}

export const sets: Library = [
  declare('sets.contains(list<T>, list<T>): bool', contains, product),
  declare(
    'sets.equivalent(list<T>, list<T>): bool',
    (a: Value[], b: Value[]) => contains(a, b) && contains(b, a),
    (args, result) => 2 * product(args, result),
  ),
  declare(
    'sets.intersects(list<T>, list<T>): bool',
    (a: Value[], b: Value[]) => a.some((element) => b.some((candidate) => equal(candidate, element))),
    product,
  ),
];
