import { badRequest } from '../errors.ts';
import { clonePlain, isPlainObject, type PlainObject, setOwn } from '../plain.ts';

/** Applies a JSON merge patch (RFC 7386) to an object; neither is changed. */
export function applyMergePatch(current: PlainObject, patch: unknown): PlainObject {
  if (!isPlainObject(patch)) throw badRequest('a merge patch must be a JSON object');
  return merge(current, patch);
}

function merge(current: unknown, patch: PlainObject): PlainObject {
  const result: PlainObject = {};
  if (isPlainObject(current)) {
    for (const key of Object.keys(current)) {
      if (!Object.hasOwn(patch, key)) setOwn(result, key, clonePlain(current[key]));
      // Keeps the field where it was in the order of fields.
      else if (patch[key] !== null) setOwn(result, key, merged(current[key], patch[key]));
    }
  }
  for (const key of Object.keys(patch)) {
    if (patch[key] !== null && !Object.hasOwn(result, key)) setOwn(result, key, merged(undefined, patch[key]));
  }
  return result;
}

function merged(current: unknown, patch: unknown): unknown {
  return isPlainObject(patch) ? merge(current, patch) : clonePlain(patch);
}
