import type { EnumType, ScalarType } from '../description/index.ts';
import { canonicalQuantity, quantityProblem } from '../quantity.ts';
import { formatTime, parseTime } from '../time.ts';

/** A value of the right JSON type that does not read as what it should be; the text is Go's. */
export class ScalarError {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** The canonical form of a scalar from JSON; undefined when its JSON type is wrong. Never null. */
export function readScalar(type: ScalarType | EnumType, value: unknown): unknown {
  switch (type.kind) {
    case 'string':
    case 'enum':
      return typeof value === 'string' ? value : undefined;
    case 'bool':
      return typeof value === 'boolean' ? value : undefined;
    case 'int32':
      return isInteger(value, 2 ** 31) ? value : undefined;
    case 'int64':
      return isInteger(value, 2 ** 63) ? value : undefined;
    case 'float64':
      return Number.isFinite(value) ? value : undefined;
    case 'bytes':
      return typeof value === 'string' ? readBase64(value) : undefined;
    case 'time':
      return readTime(value);
    case 'microTime':
      return readMicroTime(value);
    case 'quantity':
      return readQuantity(value);
    case 'intOrString':
      return readIntOrString(value);
    default:
      return value;
  }
}

function isInteger(value: unknown, bound: number): boolean {
  return Number.isInteger(value) && (value as number) >= -bound && (value as number) < bound;
}

function readBase64(text: string): string | ScalarError {
  const canonical = Buffer.from(text, 'base64').toString('base64');
  if (canonical === text) return text;
  const bare = text.replace(/[\r\n]/g, '');
  // Go takes bits beyond the last byte, but no other alphabet and no missing padding.
  if (/^[A-Za-z0-9+/]*={0,2}$/.test(bare) && bare.length % 4 === 0)
    return Buffer.from(bare, 'base64').toString('base64');
  const body = /^(?:[A-Za-z0-9+/]|[\r\n])*/.exec(text)![0];
  return new ScalarError(`illegal base64 data at input byte ${Math.min(body.length, text.length)}`);
}

const timeLayout = '2006-01-02T15:04:05Z07:00';
const microTimeLayout = '2006-01-02T15:04:05.000000Z07:00';

function readTime(value: unknown): string | ScalarError {
  if (typeof value !== 'string') return notText(value);
  const ms = parseTime(value);
  return ms === undefined ? badTime(value, timeLayout) : formatTime(ms);
}

function readMicroTime(value: unknown): string | ScalarError {
  if (typeof value !== 'string') return notText(value);
  const fraction = /\.(\d{6})(?:Z|[+-]\d\d:\d\d)$/.exec(value)?.[1];
  const ms = parseTime(value);
  if (fraction === undefined || ms === undefined) return badTime(value, microTimeLayout);
  return `${formatTime(ms).slice(0, -1)}.${fraction}Z`;
}

function badTime(text: string, layout: string): ScalarError {
  return new ScalarError(`parsing time ${JSON.stringify(text)} as ${JSON.stringify(layout)}: cannot parse`);
}

function readQuantity(value: unknown): string | ScalarError {
  if (typeof value !== 'string' && typeof value !== 'number') return new ScalarError(quantityProblem('') ?? '');
  const text = typeof value === 'string' ? value.trim() : value;
  return canonicalQuantity(text) ?? new ScalarError(quantityProblem(text) ?? '');
}

function readIntOrString(value: unknown): unknown {
  if (typeof value === 'string' || isInteger(value, 2 ** 31)) return value;
  return notInteger(value);
}

function notText(value: unknown): ScalarError {
  return new ScalarError(`json: cannot unmarshal ${nameOf(value)} into Go value of type string`);
}

function notInteger(value: unknown): ScalarError {
  const name = typeof value === 'number' ? `number ${value}` : nameOf(value);
  return new ScalarError(`json: cannot unmarshal ${name} into Go value of type int32`);
}

function nameOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}
