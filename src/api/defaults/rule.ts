import { isPlainObject, type PlainObject } from '../plain.ts';

/** Fills in what is left out of one struct. Structs within it that aren't optional are there already. */
export type Rule = (object: PlainObject) => void;

/** Whether a value counts as not given: Go's zero values. */
export function isUnset(value: unknown): boolean {
  return value === undefined || value === null || value === '' || value === 0;
}

/** Sets the fields that aren't given. Values are scalars or made anew each time. */
export function fill(object: PlainObject, values: Readonly<Record<string, unknown>>): void {
  for (const name of Object.keys(values)) {
    const unset = object[name] === undefined || object[name] === null || object[name] === '';
    if (unset) object[name] = values[name];
  }
}

/** A rule that sets constants. */
export const constants =
  (values: Readonly<Record<string, string | number | boolean>>): Rule =>
  (object) =>
    fill(object, values);

/** The object under `name`, made if there is none. */
export function objectIn(object: PlainObject, name: string): PlainObject {
  const value = object[name];
  if (isPlainObject(value)) return value;
  const made: PlainObject = {};
  object[name] = made;
  return made;
}

/** The objects in the list under `name`. */
export function objectsIn(object: PlainObject, name: string): PlainObject[] {
  const value = object[name];
  return Array.isArray(value) ? value.filter(isPlainObject) : [];
}

/** Adds to `target` what it lacks of `source`, both maps. */
export function addMissing(target: PlainObject, source: unknown): void {
  if (!isPlainObject(source)) return;
  for (const key of Object.keys(source)) if (!Object.hasOwn(target, key)) target[key] = source[key];
}
