/**
 * Amounts of resources, such as `500m`, `1Gi` or `1e3`, exact down to 10⁻⁹; what is finer is
 * rounded away from zero, as Kubernetes does.
 */
export interface Quantity {
  /** The amount in units of 10⁻⁹. */
  readonly nanos: bigint;
  readonly format: QuantityFormat;
}

/** Which family of suffixes an amount was written with, and so is shown with. */
export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent';

const nanosInOne = 1_000_000_000n;
const nanosInMilli = 1_000_000n;
const decimalSuffixes: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const decimalNames = new Map(Object.entries(decimalSuffixes).map(([name, power]) => [power, name]));
const binarySuffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const maxBinary = (2n ** 63n - 1n) * nanosInOne;
/** Bounds the work that a few characters such as `1e999999999` could ask for. */
const maxExponent = 60;
/** Digits that Kubernetes computes with in 64 bits; longer amounts take another way there. */
const shortDigits = 18;

const grammar = /^([+-]?)(\d*)(?:\.(\d*))?((?:[numkMGTPE]|[KMGTPE]i)?|[eE][+-]?\d+)$/;
const formatText = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

interface Written {
  negative: boolean;
  whole: string;
  fraction: string;
  suffix: string;
  format: QuantityFormat;
  /** Of ten, or of two for BinarySI. */
  exponent: number;
}

/** Reads an amount, or returns why it can't be read. Numbers in JSON are amounts as well. */
export function tryParseQuantity(text: string | number): Quantity | { error: string } {
  const written = read(String(text));
  if ('error' in written) return written;
  const { negative, fraction, format, exponent } = written;
  let magnitude = BigInt(written.whole + fraction);
  const shift = (format === 'BinarySI' ? 0 : exponent) - fraction.length + 9;
  if (format === 'BinarySI') magnitude <<= BigInt(exponent);
  if (shift >= 0) magnitude *= 10n ** BigInt(shift);
  else magnitude = divideUp(magnitude, 10n ** BigInt(-shift));
  if (format === 'BinarySI' && magnitude > maxBinary) magnitude = maxBinary;
  const belowOne = magnitude > 0n && magnitude < nanosInOne;
  return {
    nanos: negative ? -magnitude : magnitude,
    format: format === 'BinarySI' && belowOne ? 'DecimalSI' : format,
  };
}

/** Reads an amount; throws a RangeError for what isn't one. */
export function parseQuantity(text: string | number): Quantity {
  const parsed = tryParseQuantity(text);
  if ('error' in parsed) throw new RangeError(`${JSON.stringify(text)}: ${parsed.error}`);
  return parsed;
}

/** What is wrong with a text that should be an amount, or undefined. */
export function quantityProblem(text: string | number): string | undefined {
  const parsed = tryParseQuantity(text);
  return 'error' in parsed ? parsed.error : undefined;
}

/** The amount in its canonical form: no fraction, the largest suffix that needs none. */
export function formatQuantity(quantity: Quantity): string {
  const { nanos, format } = quantity;
  if (nanos === 0n) return '0';
  const thousandTwentyFour = 1024n * nanosInOne;
  const binary =
    format === 'BinarySI' && (nanos <= -thousandTwentyFour || nanos >= thousandTwentyFour) && nanos % nanosInOne === 0n;
  if (binary) {
    let amount = nanos / nanosInOne;
    let power = 0;
    while (power < binarySuffixes.length - 1 && amount % 1024n === 0n) {
      amount /= 1024n;
      power++;
    }
    return `${amount}${binarySuffixes[power]}`;
  }
  let amount = nanos;
  let power = -9;
  while (amount % 1000n === 0n && (format === 'DecimalExponent' || power < 18)) {
    amount /= 1000n;
    power += 3;
  }
  if (format === 'DecimalExponent') return power === 0 ? `${amount}` : `${amount}e${power}`;
  return `${amount}${decimalNames.get(power)}`;
}

/**
 * The text that an API server stores and shows for an amount that a client wrote, or undefined
 * for what isn't one. Kubernetes keeps the client's spelling where its parser takes it for canonical.
 */
export function canonicalQuantity(text: string | number): string | undefined {
  const source = String(text);
  const written = read(source);
  if ('error' in written) return undefined;
  return keepsSpelling(written) ? source : formatQuantity(parseQuantity(source));
}

/** Negative, zero or positive, as for sorting. */
export function compareQuantities(a: Quantity, b: Quantity): number {
  return a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0;
}

/** The sum, in the format of `a` unless that is zero. */
export function addQuantities(a: Quantity, b: Quantity): Quantity {
  return { nanos: a.nanos + b.nanos, format: a.nanos === 0n ? b.format : a.format };
}

/** The difference, in the format of `a` unless that is zero. */
export function subtractQuantities(a: Quantity, b: Quantity): Quantity {
  return { nanos: a.nanos - b.nanos, format: a.nanos === 0n ? b.format : a.format };
}

/** The least amount of whole thousandths that isn't less; for negative ones away from zero too. */
export function roundUpToMilli({ nanos, format }: Quantity): Quantity {
  return { nanos: divideUpSigned(nanos, nanosInMilli) * nanosInMilli, format };
}

export const zeroQuantity: Quantity = { nanos: 0n, format: 'DecimalSI' };

/** Thousandths, rounded up: for CPU. Plain spellings such as `500m` and `2` take a fast way. */
export function milliValueOf(text: string | number): number {
  if (typeof text === 'number' && Number.isSafeInteger(text)) return text * 1000;
  const fast = plainInteger(String(text));
  if (fast !== undefined) {
    if (fast.suffix === '') return fast.integer * 1000;
    if (fast.suffix === 'm') return fast.integer;
  }
  return Number(divideUpSigned(parseQuantity(text).nanos, nanosInMilli));
}

/** Whole units, rounded up: bytes, pods. Plain spellings such as `128Mi` and `110` take a fast way. */
export function wholeValueOf(text: string | number): number {
  if (typeof text === 'number' && Number.isSafeInteger(text)) return text;
  const fast = plainInteger(String(text));
  if (fast !== undefined) {
    const power = binarySuffixes.indexOf(fast.suffix);
    const value = power >= 0 ? fast.integer * 1024 ** power : Number.NaN;
    if (Number.isSafeInteger(value)) return value;
  }
  return Number(divideUpSigned(parseQuantity(text).nanos, nanosInOne));
}

function read(text: string): Written | { error: string } {
  const match = grammar.exec(text);
  if (match === null) return { error: formatText };
  const [, sign, whole = '', fraction = '', suffix = ''] = match;
  if (whole === '' && fraction === '') return { error: formatText };
  const common = { negative: sign === '-', whole: whole.replace(/^0+/, '') || '0', fraction, suffix };
  const power = decimalSuffixes[suffix];
  if (power !== undefined) return { ...common, format: 'DecimalSI', exponent: power };
  const binary = binarySuffixes.indexOf(suffix);
  if (binary > 0) return { ...common, format: 'BinarySI', exponent: binary * 10 };
  const exponent = Number(suffix.slice(1));
  if (Math.abs(exponent) > maxExponent) return { error: "unable to parse quantity's suffix" };
  return { ...common, format: 'DecimalExponent', exponent };
}

function keepsSpelling({ whole, fraction, format, exponent }: Written): boolean {
  const digits = whole + fraction;
  if (format === 'BinarySI') {
    const fits = 15 - whole.length - Math.trunc((exponent * 3) / 10) - 1 >= 0;
    return fraction === '' && fits && (BigInt(whole) & 7n) !== 0n;
  }
  const scale = exponent - fraction.length;
  const short = digits.length <= shortDigits && scale >= -9;
  return short && scale % 3 === 0 && !digits.endsWith('000') && digits[0] !== '0';
}

function plainInteger(text: string): { integer: number; suffix: string } | undefined {
  let index = 0;
  let integer = 0;
  for (; index < text.length; index++) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) break;
    integer = integer * 10 + digit;
  }
  return index === 0 || index > 12 ? undefined : { integer, suffix: text.slice(index) };
}

function divideUp(amount: bigint, divisor: bigint): bigint {
  return (amount + divisor - 1n) / divisor;
}

/** Rounds away from zero. */
function divideUpSigned(amount: bigint, divisor: bigint): bigint {
  return amount < 0n ? -divideUp(-amount, divisor) : divideUp(amount, divisor);
}
