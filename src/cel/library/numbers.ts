import { EvaluationError } from '../errors.ts';
import { Uint } from '../values.ts';

const MIN_INT = -(2n ** 63n);
const MAX_INT = 2n ** 63n - 1n;
const MAX_UINT = 2n ** 64n - 1n;

/** Throws unless it fits into 64 bits with a sign. */
export function checkedInt(value: bigint): bigint {
  if (value < MIN_INT || value > MAX_INT) throw new EvaluationError('integer overflow');
  return value;
}

/** Throws unless it fits into 64 bits without a sign. */
export function checkedUint(value: bigint): Uint {
  if (value < 0n || value > MAX_UINT) throw new EvaluationError('unsigned integer overflow');
  return new Uint(value);
}

/** Cuts the fraction off. Doubles as large as the bounds are no longer exact, so they don't pass either. */
export function doubleToInt(value: number): bigint {
  if (!Number.isFinite(value) || value <= -(2 ** 63) || value >= 2 ** 63) throw new EvaluationError('integer overflow');
  return BigInt(Math.trunc(value));
}

export function doubleToUint(value: number): Uint {
  if (!Number.isFinite(value) || value < 0 || value >= 2 ** 64) throw new EvaluationError('unsigned integer overflow');
  return new Uint(BigInt(Math.trunc(value)));
}

/** As Go writes it with `%g` and the fewest digits: exponents from 10⁻⁵ down and 10²¹ up. */
export function formatDouble(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (Object.is(value, -0)) return '-0';
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (value === 0 || (power >= -4 && power < 21)) return plainDigits(value);
  return `${mantissa}e${goExponent(power)}`;
}

/** At least two digits, always with a sign. */
export function goExponent(power: number): string {
  return `${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

function plainDigits(value: number): string {
  const text = String(value);
  return text.includes('e') ? value.toFixed(20).replace(/0+$/, '').replace(/\.$/, '') : text;
}
