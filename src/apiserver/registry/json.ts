import { getOwn, type PlainObject } from '../../api/index.ts';

/** Whether two JSON values say the same; the order of fields doesn't count, and undefined is absent. */
export function equalJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => equalJson(item, b[index]));
  }
  if (Array.isArray(b)) return false;
  const left = a as PlainObject;
  const right = b as PlainObject;
  for (const key of Object.keys(left)) {
    if (!equalJson(left[key], getOwn(right, key))) return false;
  }
  return Object.keys(right).every((key) => right[key] === undefined || getOwn(left, key) !== undefined);
}

/** Freezes JSON data deeply, so that what caches share can't be changed by a reader. */
export function freezeJson<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const item of Object.values(value)) freezeJson(item);
  return value;
}
