import { EvaluationError } from '../errors.ts';
import type { Spend } from '../functions.ts';
import { formatType, typeName } from '../types.ts';
import {
  Duration,
  isList,
  MapValue,
  Optional,
  Timestamp,
  TypeValue,
  typeOfValue,
  Uint,
  type Value,
} from '../values.ts';
import { formatDouble, goExponent } from './numbers.ts';
import { formatDuration, formatTimestamp } from './time.ts';

/** As many digits as JavaScript writes. */
const MAX_PRECISION = 100;
const DEFAULT_PRECISION = 6;

/** `"%s is %d".format([name, count])`: verbs s, d, f, e, b, o, x, X; `%.2f`. Throws EvaluationError. */
export function format(template: string, args: readonly Value[], spend: Spend): string {
  let used = 0;
  const result = template.replace(/%(?:%|(?:\.(\d+))?(.|$))/gsu, (whole, precision?: string, verb?: string) => {
    if (whole === '%%') return '%';
    if (!verb) throw problem('unexpected end of string');
    if (used >= args.length) throw problem(`index ${used} out of range`);
    const digits = precision === undefined ? DEFAULT_PRECISION : Number(precision);
    if (digits > MAX_PRECISION) throw problem(`precision must be at most ${MAX_PRECISION}`);
    const run = verbs[verb];
    if (run === undefined) throw problem(`unrecognized formatting clause "${verb}"`);
    return run(args[used++]!, digits, spend);
  });
  return result;
}

const verbs: Readonly<Record<string, (value: Value, precision: number, spend: Spend) => string>> = {
  s: (value, _precision, spend) => shown(value, spend),
  d: (value) => decimal(value),
  f: (value, precision) => real(value, (number) => fixedPoint(number, precision)),
  e: (value, precision) =>
    real(value, (number) => {
      const [mantissa, exponent] = number.toExponential(precision).split('e');
      return `${mantissa}e${goExponent(Number(exponent))}`;
    }),
  b: (value) => (typeof value === 'boolean' ? (value ? '1' : '0') : radix(value, 2, 'binary', 'integers and bools')),
  o: (value) => radix(value, 8, 'octal', 'integers'),
  x: (value, _precision, spend) => hex(value, spend),
  X: (value, _precision, spend) => hex(value, spend).toUpperCase(),
};

function problem(text: string): EvaluationError {
  return new EvaluationError(`error during formatting: ${text}`);
}

function typeOf(value: Value): string {
  return typeName(typeOfValue(value));
}

function shown(value: Value, spend: Spend): string {
  if (typeof value === 'string') {
    spend(value.length);
    return value;
  }
  if (typeof value === 'boolean' || typeof value === 'bigint' || value === null) return String(value);
  if (typeof value === 'number') return special(value) ?? formatDouble(value);
  if (value instanceof Uint) return String(value.value);
  if (value instanceof Uint8Array) {
    spend(value.length);
    return Buffer.from(value).toString();
  }
  if (value instanceof Duration) return formatDuration(value);
  if (value instanceof Timestamp) return formatTimestamp(value);
  if (value instanceof TypeValue) return typeName(value.type);
  if (isList(value)) {
    spend(value.length);
    return `[${value.map((element) => shown(element, spend)).join(', ')}]`;
  }
  if (value instanceof MapValue) {
    const entries = value.keys().map((key) => [shown(key, spend), shown(value.get(key)!, spend)] as const);
    entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return `{${entries.map(([key, element]) => `${key}: ${element}`).join(', ')}}`;
  }
  const type = value instanceof Optional ? 'optional_type' : formatType(value.type);
  throw problem(
    `string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, was given ${type}`,
  );
}

function special(value: number): string | undefined {
  if (Number.isNaN(value)) return 'NaN';
  if (value === Number.POSITIVE_INFINITY) return 'Infinity';
  return value === Number.NEGATIVE_INFINITY ? '-Infinity' : undefined;
}

function decimal(value: Value): string {
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Uint) return String(value.value);
  const name = typeof value === 'number' ? special(value) : undefined;
  if (name !== undefined) return name;
  throw problem(`decimal clause can only be used on integers, was given ${typeOf(value)}`);
}

function real(value: Value, write: (number: number) => string): string {
  const number = value instanceof Uint ? Number(value.value) : typeof value === 'bigint' ? Number(value) : value;
  if (typeof number !== 'number') {
    throw problem(`fixed-point clause can only be used on doubles, was given ${typeOf(value)}`);
  }
  return special(number) ?? write(number);
}

/** Ties go to the even digit, as in Go. */
function fixedPoint(number: number, precision: number): string {
  const digits = { minimumFractionDigits: precision, maximumFractionDigits: precision };
  return new Intl.NumberFormat('en-US', { ...digits, useGrouping: false, roundingMode: 'halfEven' }).format(number);
}

function radix(value: Value, base: number, name: string, takes: string): string {
  const number = value instanceof Uint ? value.value : value;
  if (typeof number === 'bigint') return number.toString(base);
  throw problem(`${name} clause can only be used on ${takes}, was given ${typeOf(value)}`);
}

function hex(value: Value, spend: Spend): string {
  if (typeof value === 'string' || value instanceof Uint8Array) spend(2 * value.length);
  if (typeof value === 'string') return Buffer.from(value).toString('hex');
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return radix(value, 16, 'hex', 'integers, byte buffers, and strings');
}
