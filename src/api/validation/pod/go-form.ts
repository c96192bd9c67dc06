import { isPlainObject, type PlainObject } from '../../plain.ts';

/**
 * A value as Kubernetes' texts print it: with the names that the fields have in Go, and null for those
 * that aren't given.
 */
export function goForm<T extends object>(value: T, fields: readonly (keyof T & string)[]): PlainObject {
  return Object.fromEntries(fields.map((field) => [goName(field), goValue(value[field] ?? null)]));
}

function goValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(goValue);
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [goName(name), goValue(part)]));
}

function goName(field: string): string {
  return field === 'seLinuxOptions' ? 'SELinuxOptions' : `${field[0]!.toUpperCase()}${field.slice(1)}`;
}
