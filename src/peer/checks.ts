import { KeelsonError } from '../base/index.ts';
import { suggestion } from './suggestion.ts';

/** Returns a value as it is to be used, or throws CONFIG_INVALID, whose text names the field. */
export type Check = (value: unknown, field: string) => unknown;

export const text: Check = (value, field) =>
  typeof value === 'string' && value !== '' ? value : wrong(field, 'a text', value);

export const positive: Check = (value, field) =>
  Number.isSafeInteger(value) && (value as number) > 0 ? value : wrong(field, 'a positive integer', value);

export const count: Check = (value, field) =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? value : wrong(field, 'an integer, 0 or more', value);

export const port: Check = (value, field) =>
  Number.isInteger(value) && (value as number) > 0 && (value as number) <= 65_535
    ? value
    : wrong(field, 'a port number from 1 to 65535', value);

export const portOrNone: Check = (value, field) => (value === 0 ? value : port(value, field));

export const oneOf =
  (...allowed: readonly string[]): Check =>
  (value, field) =>
    allowed.includes(value as string)
      ? value
      : wrong(field, allowed.length === 1 ? `"${allowed[0]}"` : `one of ${allowed.join(', ')}`, value);

export const bool: Check = (value, field) =>
  typeof value === 'boolean' ? value : wrong(field, 'true or false', value);

/** A name that may be part of a host's name (RFC 1123). */
export const dnsName: Check = (value, field) =>
  typeof value === 'string' &&
  value.length <= 253 &&
  /^[a-z\d]([-a-z\d]*[a-z\d])?(\.[a-z\d]([-a-z\d]*[a-z\d])?)*$/.test(value)
    ? value
    : wrong(field, 'a name of lower-case letters, digits, "-" and "."', value);

export const cidr: Check = (value, field) => {
  const parts =
    typeof value === 'string' ? /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(value) : null;
  const [, ...numbers] = parts ?? [];
  const valid = parts !== null && numbers.every((number, i) => Number(number) <= (i < 4 ? 255 : 32));
  return valid ? value : wrong(field, 'a block of addresses such as "10.1.0.0/16"', value);
};

export const list =
  (item: Check, least = 1): Check =>
  (value, field) =>
    Array.isArray(value) && value.length >= least
      ? value.map((entry, i) => item(entry, `${field}[${i}]`))
      : wrong(field, least === 0 ? 'a list' : 'a list with an entry at least', value);

/** The fields of an object: all required but those with a default (which may be undefined), and no others. */
export function fields(
  shape: Readonly<Record<string, Check>>,
  defaults: Readonly<Record<string, unknown>> = {},
): Check {
  return (value, field) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong(field, 'an object', value);
    const prefix = field === '' ? '' : `${field}.`;
    for (const name of Object.keys(value)) {
      if (!Object.hasOwn(shape, name))
        throw invalid(`unknown field "${prefix}${name}"${suggestion(name, Object.keys(shape))}`);
    }
    const result: Record<string, unknown> = {};
    for (const [name, check] of Object.entries(shape)) {
      const given = (value as Record<string, unknown>)[name] ?? defaults[name];
      if (given !== undefined) result[name] = check(given, `${prefix}${name}`);
      else if (!Object.hasOwn(defaults, name)) throw invalid(`field "${prefix}${name}" is missing`);
    }
    return result;
  };
}

/** One of several objects, told apart by a field. */
export function variants(name: string, shapes: Readonly<Record<string, Check>>): Check {
  return (value, field) => {
    const kind = (value as Record<string, unknown> | null)?.[name];
    const check = Object.hasOwn(shapes, kind as string) ? shapes[kind as string] : undefined;
    return check === undefined
      ? wrong(`${field}.${name}`, `one of ${Object.keys(shapes).join(', ')}`, kind)
      : check(value, field);
  };
}

export function invalid(message: string): KeelsonError {
  return new KeelsonError('CONFIG_INVALID', message);
}

const MAX_SHOWN = 60;

function wrong(field: string, expected: string, value: unknown): never {
  const shown = JSON.stringify(value) ?? String(value);
  const short = shown.length > MAX_SHOWN ? `${shown.slice(0, MAX_SHOWN)}…` : shown;
  throw invalid(`${field === '' ? 'it' : `field "${field}"`} must be ${expected}, not ${short}`);
}
