import {
  addQuantities,
  compareQuantities,
  type Quantity,
  subtractQuantities,
  tryParseQuantity,
} from '../../api/index.ts';
import { traversal } from '../budget.ts';
import { EvaluationError } from '../errors.ts';
import { type Cost, declare, type Library } from '../functions.ts';
import { opaque } from '../types.ts';
import { OpaqueValue } from '../values.ts';
import { checkedInt } from './numbers.ts';

const quantityType = opaque('kubernetes.Quantity');
const NANO = 1_000_000_000n;
const length: Cost = ([text]) => 1 + traversal((text as string).length);

class QuantityValue extends OpaqueValue {
  override readonly type = quantityType;
  readonly amount: Quantity;

  constructor(amount: Quantity) {
    super();
    this.amount = amount;
  }

  override equals(other: OpaqueValue): boolean {
    return other instanceof QuantityValue && compareQuantities(other.amount, this.amount) === 0;
  }
}

const fromInt = (value: bigint): Quantity => ({ nanos: value * NANO, format: 'DecimalSI' });

function isInteger({ amount: { nanos } }: QuantityValue): boolean {
  return nanos % NANO === 0n && nanos / NANO >= -(2n ** 63n) && nanos / NANO < 2n ** 63n;
}

type Combine = (a: Quantity, b: Quantity) => Quantity;
const combine = (with_: Combine) => (a: QuantityValue, b: QuantityValue) =>
  new QuantityValue(with_(a.amount, b.amount));
const combineInt = (with_: Combine) => (a: QuantityValue, b: bigint) => new QuantityValue(with_(a.amount, fromInt(b)));

export const quantities: Library = [
  declare(
    'quantity(string): kubernetes.Quantity',
    (text: string) => {
      const amount = tryParseQuantity(text);
      if ('error' in amount) throw new EvaluationError(amount.error);
      return new QuantityValue(amount);
    },
    length,
  ),
  declare('isQuantity(string): bool', (text: string) => !('error' in tryParseQuantity(text)), length),
  declare('(kubernetes.Quantity).sign(): int', ({ amount: { nanos } }: QuantityValue) =>
    nanos > 0n ? 1n : nanos < 0n ? -1n : 0n,
  ),
  declare('(kubernetes.Quantity).isInteger(): bool', isInteger),
  declare('(kubernetes.Quantity).asInteger(): int', (quantity: QuantityValue) => {
    if (!isInteger(quantity)) throw new EvaluationError('cannot convert value to integer');
    return checkedInt(quantity.amount.nanos / NANO);
  }),
  declare(
    '(kubernetes.Quantity).asApproximateFloat(): double',
    ({ amount }: QuantityValue) => Number(amount.nanos) / Number(NANO),
  ),
  declare('(kubernetes.Quantity).add(kubernetes.Quantity): kubernetes.Quantity', combine(addQuantities)),
  declare('(kubernetes.Quantity).add(int): kubernetes.Quantity', combineInt(addQuantities)),
  declare('(kubernetes.Quantity).sub(kubernetes.Quantity): kubernetes.Quantity', combine(subtractQuantities)),
  declare('(kubernetes.Quantity).sub(int): kubernetes.Quantity', combineInt(subtractQuantities)),
  declare(
    '(kubernetes.Quantity).isLessThan(kubernetes.Quantity): bool',
    (a: QuantityValue, b: QuantityValue) => compareQuantities(a.amount, b.amount) < 0,
  ),
  declare(
    '(kubernetes.Quantity).isGreaterThan(kubernetes.Quantity): bool',
    (a: QuantityValue, b: QuantityValue) => compareQuantities(a.amount, b.amount) > 0,
  ),
  declare('(kubernetes.Quantity).compareTo(kubernetes.Quantity): int', (a: QuantityValue, b: QuantityValue) =>
    BigInt(compareQuantities(a.amount, b.amount)),
  ),
];
