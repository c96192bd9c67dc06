import type { TypeDescription } from '../description/index.ts';
import { badRequest } from '../errors.ts';
import { clonePlain, equalPlain, getOwn, isPlainObject, type PlainObject, setOwn } from '../plain.ts';
import { mergeOrders } from './list-order.ts';
import { childShape, itemShape, rootShape, type Shape } from './shape.ts';

const directiveKey = '$patch';
const retainKeysKey = '$retainKeys';
const orderPrefix = '$setElementOrder/';
const deletePrefix = '$deleteFromPrimitiveList/';

/**
 * Applies a strategic merge patch: as a JSON merge patch, but lists are merged by their merge keys
 * where the description says so, and directives in the patch delete, replace and order. Neither
 * argument is changed.
 */
export function applyStrategicMergePatch(current: PlainObject, patch: unknown, type: TypeDescription): PlainObject {
  if (!isPlainObject(patch)) throw badRequest('a strategic merge patch must be a JSON object');
  return mergeObjects(clonePlain(current), clonePlain(patch), rootShape(type));
}

/** Merges `patch` into `original`, using up both. */
function mergeObjects(original: PlainObject, patch: PlainObject, shape: Shape): PlainObject {
  const directive = getOwn(patch, directiveKey);
  if (directive === 'delete') return {};
  if (directive === 'replace') return withoutDirectives(patch) as PlainObject;
  if (directive !== undefined && directive !== 'merge') throw badRequest(`unknown patch type: ${String(directive)}`);
  retainKeys(original, patch);
  const ordered = mergeOrderedLists(original, patch, shape);
  deleteFromLists(original, patch);
  for (const key of Object.keys(patch)) {
    if (isDirective(key) || ordered.has(key)) continue;
    const value = patch[key];
    if (value === null) delete original[key];
    else setOwn(original, key, mergeValues(getOwn(original, key), value, childShape(shape, key)));
  }
  return original;
}

function mergeValues(original: unknown, patch: unknown, shape: Shape): unknown {
  if (isPlainObject(original) && isPlainObject(patch)) return mergeObjects(original, patch, shape);
  if (Array.isArray(original) && Array.isArray(patch) && merges(shape)) {
    return mergeLists(original, patch, shape);
  }
  return withoutDirectives(patch);
}

function merges({ field }: Shape): boolean {
  return field?.patchStrategy.includes('merge') ?? false;
}

/** What a patch's value is where there is nothing to merge it into. */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.filter((item) => !isPlainObject(item) || !Object.hasOwn(item, directiveKey)).map(withoutDirectives);
  }
  if (!isPlainObject(value)) return value;
  const kept: PlainObject = {};
  for (const key of Object.keys(value)) {
    if (value[key] !== null && !isDirective(key)) setOwn(kept, key, withoutDirectives(value[key]));
  }
  return kept;
}

function isDirective(key: string): boolean {
  return key === directiveKey || key === retainKeysKey || key.startsWith(orderPrefix) || key.startsWith(deletePrefix);
}

function retainKeys(original: PlainObject, patch: PlainObject): void {
  if (!Object.hasOwn(patch, retainKeysKey)) return;
  const retained = directiveList(patch, retainKeysKey);
  for (const key of Object.keys(patch)) {
    if (!isDirective(key) && patch[key] !== null && !retained.includes(key)) {
      throw badRequest(`invalid patch: ${key} is set but not listed in ${retainKeysKey}`);
    }
  }
  for (const key of Object.keys(original)) if (!retained.includes(key)) delete original[key];
}

/** Merges the lists that the patch gives an order of; returns their names. */
function mergeOrderedLists(original: PlainObject, patch: PlainObject, shape: Shape): Set<string> {
  const done = new Set<string>();
  for (const directive of Object.keys(patch)) {
    if (!directive.startsWith(orderPrefix)) continue;
    const key = directive.slice(orderPrefix.length);
    const order = directiveList(patch, directive);
    const before = getOwn(original, key);
    const change = getOwn(patch, key);
    const child = childShape(shape, key);
    if (!merges(child)) throw badRequest(`${directive}: ${key} is not a list that is merged`);
    if (change === null || (!Array.isArray(before) && !Array.isArray(change))) continue;
    const identity = identityOf(child, key);
    const orderKeys = order.map(identity);
    if (Array.isArray(change)) checkOrder(change.filter(isContent).map(identity), orderKeys, key);
    const merged = Array.isArray(change) ? mergeValues(before, change, child) : before;
    setOwn(original, key, inOrder(merged as unknown[], orderKeys, Array.isArray(before) ? before : [], identity));
    done.add(key);
  }
  return done;
}

function isContent(item: unknown): boolean {
  return !isPlainObject(item) || !Object.hasOwn(item, directiveKey);
}

function deleteFromLists(original: PlainObject, patch: PlainObject): void {
  for (const directive of Object.keys(patch)) {
    if (!directive.startsWith(deletePrefix)) continue;
    const key = directive.slice(deletePrefix.length);
    const gone = directiveList(patch, directive);
    const list = getOwn(original, key);
    if (Array.isArray(list))
      setOwn(
        original,
        key,
        list.filter((item) => !gone.some((value) => equalPlain(item, value))),
      );
  }
}

function directiveList(patch: PlainObject, directive: string): unknown[] {
  const value = getOwn(patch, directive);
  if (!Array.isArray(value)) throw badRequest(`invalid patch: ${directive} must be a list`);
  return value;
}

function mergeLists(original: unknown[], patch: unknown[], shape: Shape): unknown[] {
  const identity = identityOf(shape, shape.field!.jsonName);
  if (patch.some((item) => isPlainObject(item) && getOwn(item, directiveKey) === 'replace')) {
    return withoutDirectives(patch.filter(isContent)) as unknown[];
  }
  let merged = [...original];
  const positions = new Map<string, number>();
  merged.forEach((item, index) => {
    const key = identity(item);
    if (!positions.has(key)) positions.set(key, index);
  });
  const gone = new Set<string>();
  for (const item of patch) {
    const key = identity(item);
    const directive = isPlainObject(item) ? getOwn(item, directiveKey) : undefined;
    if (directive === 'delete') {
      gone.add(key);
      continue;
    }
    if (directive !== undefined) throw badRequest(`unknown patch type in a list: ${String(directive)}`);
    const position = positions.get(key);
    if (position === undefined) {
      positions.set(key, merged.push(withoutDirectives(item)) - 1);
    } else if (isPlainObject(item)) {
      merged[position] = mergeValues(merged[position], item, itemShape(shape));
    }
  }
  merged = merged.filter((item) => !gone.has(identity(item)));
  return inOrder(merged, patch.filter(isContent).map(identity), original, identity);
}

/** Tells items of a merged list apart: by their merge key, or as scalars by value. */
function identityOf(shape: Shape, name: string): (item: unknown) => string {
  const mergeKey = shape.field?.patchMergeKey;
  return (item) => {
    if (!isPlainObject(item)) return JSON.stringify(item);
    if (mergeKey === undefined) throw badRequest(`cannot merge lists without merge key for ${name}`);
    const value = getOwn(item, mergeKey);
    if (value === undefined) {
      throw badRequest(`map: ${JSON.stringify(item)} does not contain declared merge key: ${mergeKey}`);
    }
    return JSON.stringify(value);
  };
}

/** The items in the patch's order; those that the patch doesn't name stay close to where they were. */
function inOrder(
  items: readonly unknown[],
  patchOrder: readonly string[],
  before: readonly unknown[],
  identity: (item: unknown) => string,
): unknown[] {
  const byKey = Map.groupBy(items, identity);
  const order = mergeOrders([...byKey.keys()], patchOrder, before.map(identity));
  return order.flatMap((key) => byKey.get(key)!);
}

function checkOrder(patchKeys: readonly string[], order: readonly string[], key: string): void {
  let from = 0;
  for (const patchKey of patchKeys) {
    const found = order.indexOf(patchKey, from);
    if (found < 0) {
      const lists = `${JSON.stringify(patchKeys)}\n doesn't match ${orderPrefix}${key} list:\n${JSON.stringify(order)}`;
      throw badRequest(`The order in patch list:\n${lists}`);
    }
    from = found + 1;
  }
}
