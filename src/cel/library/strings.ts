import { traversal } from '../budget.ts';
import { EvaluationError } from '../errors.ts';
import { type Cost, declare, type Library } from '../functions.ts';
import type { Value } from '../values.ts';
import { format } from './text-format.ts';

/** Positions count code points, not what JavaScript counts. */
function pointsOf(text: string): readonly string[] {
  return [...text];
}

function size(value: Value | undefined): number {
  return (value as string).length;
}

const once: Cost = ([text]) => traversal(size(text)) + 1;
const twice: Cost = ([text]) => traversal(2 * size(text)) + 1;
/** Every position of the text may be compared with all of the other. */
const searching: Cost = ([text, other]) => traversal(size(text) * Math.max(1, size(other) * 0.1)) + 1;
/** The text may be replaced wherever it can begin. */
const replacing: Cost = ([text, from, to]) => {
  const places = size(text) / Math.max(1, size(from)) + 1;
  return traversal(size(text) + places * size(to)) + 1;
};
const joining: Cost = ([parts, separator = '']) =>
  traversal((parts as readonly Value[]).reduce<number>((sum, part) => sum + lengthOf(part) + size(separator), 0)) + 1;

function lengthOf(part: Value): number {
  return typeof part === 'string' ? part.length : 0;
}

function charAt(text: string, index: bigint): string {
  const points = pointsOf(text);
  if (index < 0n || index > points.length) throw new EvaluationError(`index out of range: ${index}`);
  return points[Number(index)] ?? '';
}

function indexOf(text: string, other: string, start: bigint): bigint {
  const points = pointsOf(text);
  if (start < 0n || start > points.length) throw new EvaluationError(`index out of range: ${start}`);
  const skipped = points.slice(0, Number(start)).join('').length;
  const found = text.indexOf(other, skipped);
  return found < 0 ? -1n : BigInt(pointsOf(text.slice(0, found)).length);
}

function lastIndexOf(text: string, other: string, start: bigint | undefined): bigint {
  const points = pointsOf(text);
  if (start !== undefined && (start < 0n || start > points.length)) {
    throw new EvaluationError(`index out of range: ${start}`);
  }
  const limit = start === undefined ? text.length : points.slice(0, Number(start)).join('').length;
  const found = text.lastIndexOf(other, limit);
  return found < 0 ? -1n : BigInt(pointsOf(text.slice(0, found)).length);
}

function substring(text: string, start: bigint, end: bigint | undefined): string {
  const points = pointsOf(text);
  const last = end ?? BigInt(points.length);
  if (start < 0n || start > points.length || last < 0n || last > points.length) {
    throw new EvaluationError(`index out of range: ${start < 0n || start > points.length ? start : last}`);
  }
  if (start > last) throw new EvaluationError(`invalid substring range. start: ${start}, end: ${last}`);
  return points.slice(Number(start), Number(last)).join('');
}

/** So many times, negative: all. An empty text is found before each character and at the end. */
function replace(text: string, from: string, to: string, limit: bigint): string {
  const parts = from === '' ? ['', ...pointsOf(text), ''] : text.split(from);
  const count = limit < 0n ? parts.length - 1 : Math.min(Number(limit), parts.length - 1);
  let result = parts[0] ?? '';
  for (const [index, part] of parts.slice(1).entries()) result += (index < count ? to : from) + part;
  return result;
}

function split(text: string, separator: string, limit: bigint): string[] {
  if (limit === 0n) return [];
  if (limit === 1n) return [text];
  const parts = separator === '' ? [...pointsOf(text)] : text.split(separator);
  if (limit < 0n || parts.length <= limit) return parts;
  const whole = Number(limit) - 1;
  return [...parts.slice(0, whole), parts.slice(whole).join(separator)];
}

function join(parts: readonly Value[], separator: string): string {
  if (parts.some((part) => typeof part !== 'string')) throw new EvaluationError('no such overload');
  return parts.join(separator);
}

/** White space as Unicode has it; JavaScript takes the byte order mark for some, too. */
const edges = /^\p{White_Space}+|\p{White_Space}+$/gu;

const quoted: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
};

export const strings: Library = [
  declare('(string).contains(string): bool', (text: string, part: string) => text.includes(part), searching),
  declare('(string).startsWith(string): bool', (text: string, part: string) => text.startsWith(part), once),
  declare('(string).endsWith(string): bool', (text: string, part: string) => text.endsWith(part), once),
  declare('(string).charAt(int): string', charAt, once),
  declare('(string).indexOf(string): int', (text: string, other: string) => indexOf(text, other, 0n), searching),
  declare('(string).indexOf(string, int): int', indexOf, searching),
  declare(
    '(string).lastIndexOf(string): int',
    (text: string, other: string) => lastIndexOf(text, other, undefined),
    searching,
  ),
  declare('(string).lastIndexOf(string, int): int', lastIndexOf, searching),
  declare(
    '(string).lowerAscii(): string',
    (text: string) => text.replace(/[A-Z]+/g, (part) => part.toLowerCase()),
    once,
  ),
  declare(
    '(string).upperAscii(): string',
    (text: string) => text.replace(/[a-z]+/g, (part) => part.toUpperCase()),
    once,
  ),
  declare('(string).trim(): string', (text: string) => text.replace(edges, ''), once),
  declare('(string).reverse(): string', (text: string) => pointsOf(text).toReversed().join(''), once),
  declare(
    '(string).replace(string, string): string',
    (text: string, from: string, to: string) => replace(text, from, to, -1n),
    replacing,
  ),
  declare('(string).replace(string, string, int): string', replace, replacing),
  declare(
    '(string).split(string): list<string>',
    (text: string, separator: string) => split(text, separator, -1n),
    twice,
  ),
  declare('(string).split(string, int): list<string>', split, twice),
  declare('(string).substring(int): string', (text: string, start: bigint) => substring(text, start, undefined), once),
  declare('(string).substring(int, int): string', substring, once),
  declare('(list<string>).join(): string', (parts: Value[]) => join(parts, ''), joining),
  declare('(list<string>).join(string): string', join, joining),
  declare('(string).format(list<dyn>): string', format, once),
  declare(
    'strings.quote(string): string',
    (text: string) => `"${text.replace(/[\x07\b\f\n\r\t\v\\"]/g, (character) => quoted[character]!)}"`,
    twice,
  ),
];
