import { duplicate, type FieldError, type FieldPath } from '../field-errors.ts';
import { equalPlain, getOwn, isPlainObject, type PlainObject } from '../plain.ts';
import { type CustomSchema, fieldSchema, itemSchema } from './schema.ts';
import { canonicalText } from './values.ts';

/** What tells an item of the list from the others; undefined: nothing does. */
function identityOf(item: unknown, schema: CustomSchema): unknown {
  const listType = schema['x-kubernetes-list-type'];
  if (listType === 'set') return item;
  if (listType !== 'map' || !isPlainObject(item)) return undefined;
  const properties = itemSchema(schema)?.properties ?? {};
  const keys: PlainObject = {};
  for (const key of schema['x-kubernetes-list-map-keys'] ?? []) {
    const value = getOwn(item, key) ?? properties[key]?.default;
    if (value !== undefined) keys[key] = value;
  }
  return keys;
}

/** Finds the items of a list by the identity of another's; undefined where items have none. */
export function itemsByKeys(list: readonly unknown[], schema: CustomSchema): ((item: unknown) => unknown) | undefined {
  if (!['set', 'map'].includes(schema['x-kubernetes-list-type'] ?? '')) return undefined;
  const byIdentity = new Map(list.map((item) => [canonicalText(identityOf(item, schema)), item]));
  return (item) => byIdentity.get(canonicalText(identityOf(item, schema)));
}

/** Lists that are sets or maps: no item, no key may be there twice. What was so in `old` may stay. */
export function checkLists(value: unknown, schema: CustomSchema, path: FieldPath, old?: unknown): FieldError[] {
  if (old !== undefined && equalPlain(value, old)) return [];
  const errors: FieldError[] = [];
  if (Array.isArray(value)) {
    errors.push(...checkUnique(value, schema, path));
    const items = itemSchema(schema);
    const before = Array.isArray(old) ? itemsByKeys(old, schema) : undefined;
    if (items !== undefined && !isScalar(items)) {
      value.forEach((item, index) => {
        errors.push(...checkLists(item, items, path.index(index), before?.(item)));
      });
    }
  } else if (isPlainObject(value)) {
    for (const key of Object.keys(value)) {
      const known = fieldSchema(schema, key);
      const before = isPlainObject(old) ? getOwn(old, key) : undefined;
      if (known !== undefined && !isScalar(known)) {
        errors.push(...checkLists(value[key], known, path.child(key), before));
      }
    }
  }
  return errors;
}

function isScalar({ type }: CustomSchema): boolean {
  return type === 'string' || type === 'integer' || type === 'number' || type === 'boolean';
}

function checkUnique(list: readonly unknown[], schema: CustomSchema, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  list.forEach((item, index) => {
    const identity = identityOf(item, schema);
    if (identity === undefined) return;
    const text = canonicalText(identity);
    if (seen.has(text)) errors.push(duplicate(path.index(index), identity));
    seen.add(text);
  });
  return errors;
}
