/** A deep copy of JSON data. Much faster than structuredClone, which must think of everything else. */
export function cloneJson<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(cloneJson) as T;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const item = (value as Record<string, unknown>)[key];
    // An own `__proto__` from JSON must stay a plain field.
    if (key === '__proto__')
      Object.defineProperty(copy, key, {
        value: cloneJson(item),
        enumerable: true,
        writable: true,
        configurable: true,
      });
    else copy[key] = cloneJson(item);
  }
  return copy as T;
}

/** Whether two JSON values say the same; the order of fields doesn't count, and undefined is absent. */
export function equalJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => equalJson(item, b[index]));
  }
  if (Array.isArray(b)) return false;
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  for (const key of Object.keys(left)) {
    if (!equalJson(left[key], ownField(right, key))) return false;
  }
  return Object.keys(right).every((key) => right[key] === undefined || ownField(left, key) !== undefined);
}

/** Never what the prototype has: `toString` is a legal name of a label. */
function ownField(object: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Freezes JSON data deeply, so that what caches share can't be changed by a reader. */
export function freezeJson<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const item of Object.values(value)) freezeJson(item);
  return value;
}
