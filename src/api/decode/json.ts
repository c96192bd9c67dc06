import { scanJson } from './json-scan.ts';

/** Levels of objects and arrays in a body: far more than any kind has, far less than the stack holds. */
export const maxDepth = 1000;

export interface ParsedBody {
  value: unknown;
  /** Paths of fields given more than once; the last one counted. */
  duplicates: readonly string[];
}

/** A body that can't be parsed; the text is Go's. */
export class BodySyntaxError extends Error {}

/** JSON.parse takes numbers beyond a double for infinity, which is no JSON. */
const TOO_LARGE = 'json: cannot unmarshal number into Go value of type float64';
const none: readonly string[] = [];

/**
 * Parses a JSON body. A key `__proto__` becomes a plain own property; copy with setOwn. Throws BodySyntaxError.
 */
export function parseJson(body: Uint8Array): ParsedBody {
  const buffer = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  let value: unknown;
  try {
    value = JSON.parse(buffer.toString('utf8'));
  } catch {
    throw new BodySyntaxError(scanJson(buffer, maxDepth).error ?? 'invalid JSON');
  }
  // Keys given twice are lost by JSON.parse, but not their quotes: the count tells at a fraction of a second parse.
  const strings = countStrings(value, 0);
  const duplicates = strings * 2 === countQuotes(buffer) ? none : scanJson(buffer, maxDepth).duplicates;
  return { value, duplicates };
}

/** Keys and string values. */
function countStrings(value: unknown, depth: number): number {
  if (typeof value === 'string') return 1;
  if (value === Infinity || value === -Infinity) throw new BodySyntaxError(TOO_LARGE);
  if (typeof value !== 'object' || value === null) return 0;
  if (depth >= maxDepth) throw new BodySyntaxError('exceeded max depth');
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) count += countStrings(item, depth + 1);
    return count;
  }
  for (const key of Object.keys(value)) count += 1 + countStrings((value as Record<string, unknown>)[key], depth + 1);
  return count;
}

function countQuotes(bytes: Buffer): number {
  let count = 0;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index];
    if (byte === 0x22) count++;
    else if (byte === 0x5c) index++;
  }
  return count;
}
