import { EvaluationError } from '../errors.ts';
import { declare, type Library } from '../functions.ts';
import { Duration, isList, MapValue, Optional, Uint, type Value } from '../values.ts';

/** Whether a value is what its type begins with: nothing in it. */
function isZero(value: Value): boolean {
  if (isList(value)) return value.length === 0;
  if (value instanceof MapValue) return value.size === 0;
  if (value instanceof Uint8Array) return value.length === 0;
  if (value instanceof Uint) return value.value === 0n;
  if (value instanceof Duration) return value.nanos === 0n;
  return value === null || value === false || value === '' || value === 0 || value === 0n;
}

export const optionals: Library = [
  declare('optional.of(A): optional<A>', (value: Value) => new Optional(value)),
  declare('optional.none(): optional<A>', () => new Optional(undefined)),
  declare('optional.ofNonZeroValue(A): optional<A>', (value: Value) => new Optional(isZero(value) ? undefined : value)),
  declare('(optional<A>).hasValue(): bool', ({ value }: Optional) => value !== undefined),
  declare('(optional<A>).value(): A', ({ value }: Optional) => {
    if (value === undefined) throw new EvaluationError('optional.none() dereference');
    return value;
  }),
  declare('(optional<A>).or(optional<A>): optional<A>', (one: Optional, other: Optional) =>
    one.value === undefined ? other : one,
  ),
  declare('(optional<A>).orValue(A): A', ({ value }: Optional, other: Value) => (value === undefined ? other : value)),
];
