import { isPlainObject, type PlainObject } from '../plain.ts';
import { type CustomSchema, emptySchema, fieldSchema, isEmbedded, itemSchema, preserves } from './schema.ts';

/** What every object has, whatever its schema says. */
const objectFields: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata']);

/** Told of each field that is dropped, as `spec.ports[0].nmae`. */
type Tell = (path: string) => void;

/**
 * Drops the fields that the schema doesn't know, in place. Metadata of the object and of resources embedded in it is left
 * as it is.
 */
export function prune(object: PlainObject, schema: CustomSchema, tell: Tell = () => {}): void {
  pruneObject(object, schema, '', tell, true);
}

function pruneObject(object: PlainObject, schema: CustomSchema, path: string, tell: Tell, isResource: boolean): void {
  for (const key of Object.keys(object)) {
    if (isResource && objectFields.has(key)) continue;
    const below = path === '' ? key : `${path}.${key}`;
    const known = fieldSchema(schema, key);
    if (known !== undefined) pruneValue(object[key], known, below, tell);
    else if (!preserves(schema)) {
      tell(below);
      delete object[key];
    }
  }
}

function pruneValue(value: unknown, schema: CustomSchema, path: string, tell: Tell): void {
  if (Array.isArray(value)) {
    const items = itemSchema(schema);
    // Items of which nothing is said are kept whole where unknown fields are.
    if (items === undefined && preserves(schema)) return;
    for (const [index, item] of value.entries()) pruneValue(item, items ?? emptySchema, `${path}[${index}]`, tell);
  } else if (isPlainObject(value)) {
    pruneObject(value, schema, path, tell, isEmbedded(schema));
  }
}
