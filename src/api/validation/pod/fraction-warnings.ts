import type { FieldPath } from '../../field-errors.ts';
import { canonicalQuantity, parseQuantity } from '../../quantity.ts';
import { quote } from '../../text.ts';

/** Parts of bytes. */
export function fractionWarnings(
  warnings: string[],
  path: FieldPath,
  amounts: Readonly<Record<string, string | number>> = {},
  names: readonly string[] = ['memory', 'ephemeral-storage'],
): void {
  for (const name of names) {
    const amount = amounts[name];
    const text = amount === undefined ? undefined : canonicalQuantity(amount);
    if (text === undefined || parseQuantity(text).nanos % 1_000_000_000n === 0n) continue;
    warnings.push(`${path.key(name)}: fractional byte value ${quote(text)} is invalid, must be an integer`);
  }
}
