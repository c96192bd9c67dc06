import { traversal } from '../budget.ts';
import { EvaluationError } from '../errors.ts';
import { type Cost, declare, type Library } from '../functions.ts';
import {
  type Duration,
  type MapValue,
  type Timestamp,
  TypeValue,
  typeOfValue,
  type Uint,
  type Value,
} from '../values.ts';
import { checkedInt, checkedUint, doubleToInt, doubleToUint, formatDouble } from './numbers.ts';
import {
  checkedDuration,
  checkedTimestamp,
  formatDuration,
  formatTimestamp,
  parseDuration,
  parseTimestamp,
} from './time.ts';

const SECOND = 1_000_000_000n;
const text: Cost = ([value]) => 1 + traversal((value as string | Uint8Array).length);

function convert<T extends Value>(value: T | undefined, from: string, to: string): T {
  if (value === undefined) throw new EvaluationError(`type conversion error from '${from}' to '${to}'`);
  return value;
}

const identity = (value: Value): Value => value;

const truths: Readonly<Record<string, boolean>> = {
  '1': true,
  t: true,
  T: true,
  true: true,
  TRUE: true,
  True: true,
  '0': false,
  f: false,
  F: false,
  false: false,
  FALSE: false,
  False: false,
};

function parseInteger(from: string, pattern: RegExp): bigint | undefined {
  return pattern.test(from) && from.length <= 21 ? BigInt(from.replace('+', '')) : undefined;
}

function parseDouble(from: string): number | undefined {
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(from)) return Number(from);
  const special = /^([+-]?)(inf|infinity|nan)$/i.exec(from);
  if (special === null) return undefined;
  if (special[2]!.toLowerCase() === 'nan') return Number.NaN;
  return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

function decode(from: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(from);
  } catch {
    throw new EvaluationError('invalid UTF-8 in bytes, cannot convert to string');
  }
}

/** Code points of a text. */
export function sizeOfText(value: string): number {
  let size = value.length;
  for (let index = 0; index < value.length; index++) {
    if (value.charCodeAt(index) >= 0xd800 && value.codePointAt(index)! > 0xffff) {
      size--;
      index++;
    }
  }
  return size;
}

const sizes: readonly [string, (value: never) => bigint][] = [
  ['string', (value: string) => BigInt(sizeOfText(value))],
  ['bytes', (value: Uint8Array) => BigInt(value.length)],
  ['list<A>', (value: Value[]) => BigInt(value.length)],
  ['map<A, B>', (value: MapValue) => BigInt(value.size)],
];

export const conversions: Library = [
  ...sizes.flatMap(([type, size]) => [declare(`size(${type}): int`, size), declare(`(${type}).size(): int`, size)]),
  declare('dyn(A): dyn', identity),
  declare('type(A): type<A>', (value: Value) => new TypeValue(typeOfValue(value))),

  declare('bool(bool): bool', identity),
  declare('bool(string): bool', (from: string) =>
    convert(Object.hasOwn(truths, from) ? truths[from] : undefined, from, 'bool'),
  ),
  declare('bytes(bytes): bytes', identity),
  declare('bytes(string): bytes', (from: string) => new Uint8Array(Buffer.from(from)), text),

  declare('int(int): int', identity),
  declare('int(uint): int', (from: Uint) => checkedInt(from.value)),
  declare('int(double): int', (from: number) => doubleToInt(from)),
  declare('int(string): int', (from: string) => checkedInt(convert(parseInteger(from, /^[+-]?\d+$/), from, 'int'))),
  declare('int(timestamp): int', ({ nanos }: Timestamp) => (nanos - (((nanos % SECOND) + SECOND) % SECOND)) / SECOND),
  declare('int(duration): int', ({ nanos }: Duration) => nanos),

  declare('uint(uint): uint', identity),
  declare('uint(int): uint', (from: bigint) => checkedUint(from)),
  declare('uint(double): uint', (from: number) => doubleToUint(from)),
  declare('uint(string): uint', (from: string) => checkedUint(convert(parseInteger(from, /^\d+$/), from, 'uint'))),

  declare('double(double): double', identity),
  declare('double(int): double', (from: bigint) => Number(from)),
  declare('double(uint): double', (from: Uint) => Number(from.value)),
  declare('double(string): double', (from: string) => convert(parseDouble(from), from, 'double')),

  declare('string(string): string', identity),
  declare('string(bool): string', (from: boolean) => String(from)),
  declare('string(int): string', (from: bigint) => String(from)),
  declare('string(uint): string', (from: Uint) => String(from.value)),
  declare('string(double): string', (from: number) => formatDouble(from)),
  declare('string(bytes): string', (from: Uint8Array) => decode(from), text),
  declare('string(timestamp): string', (from: Timestamp) => formatTimestamp(from)),
  declare('string(duration): string', (from: Duration) => formatDuration(from)),

  declare('timestamp(timestamp): timestamp', identity),
  declare('timestamp(string): timestamp', (from: string) =>
    convert(parseTimestamp(from), from, 'google.protobuf.Timestamp'),
  ),
  declare('timestamp(int): timestamp', (from: bigint) => checkedTimestamp(from * SECOND)),
  declare('duration(duration): duration', identity),
  declare('duration(string): duration', (from: string) =>
    convert(parseDuration(from), from, 'google.protobuf.Duration'),
  ),
  declare('duration(int): duration', (from: bigint) => checkedDuration(from)),
];
