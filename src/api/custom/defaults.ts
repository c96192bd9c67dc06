import { clonePlain, isPlainObject, type PlainObject, setOwn } from '../plain.ts';
import { type CustomSchema, fieldSchema, itemSchema } from './schema.ts';

/**
 * Fills in the schema's defaults, in place. A null that the schema doesn't allow counts as absent, so it becomes the default
 * or goes.
 */
export function fillDefaults(value: unknown, schema: CustomSchema): void {
  if (Array.isArray(value)) {
    const items = itemSchema(schema);
    if (items === undefined || !hasDefaults(items)) return;
    value.forEach((item, index) => {
      if (item === null && items.nullable !== true && items.default !== undefined) {
        value[index] = clonePlain(items.default);
      }
      fillDefaults(value[index], items);
    });
  } else if (isPlainObject(value)) fillObject(value, schema);
}

function fillObject(object: PlainObject, schema: CustomSchema): void {
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (property.default !== undefined && !Object.hasOwn(object, name)) {
      setOwn(object, name, clonePlain(property.default));
    }
  }
  for (const name of Object.keys(object)) {
    const known = fieldSchema(schema, name);
    if (known === undefined) continue;
    if (object[name] === null && known.nullable !== true) {
      if (known.default !== undefined) setOwn(object, name, clonePlain(known.default));
      else if (dropsNull(schema, name)) delete object[name];
    }
    fillDefaults(object[name], known);
  }
}

/** A null in a map stays, for validation to refuse. */
function dropsNull({ properties }: CustomSchema, name: string): boolean {
  return properties !== undefined && Object.hasOwn(properties, name);
}

const known = new WeakMap<CustomSchema, boolean>();

/** Whether there is anything to fill in below: most lists' items have nothing, and lists are long. */
function hasDefaults(schema: CustomSchema): boolean {
  let found = known.get(schema);
  if (found === undefined) {
    const { properties = {}, additionalProperties } = schema;
    const items = itemSchema(schema);
    found =
      schema.default !== undefined ||
      // A null that isn't allowed goes as well.
      Object.keys(properties).length > 0 ||
      (typeof additionalProperties === 'object' && hasDefaults(additionalProperties)) ||
      (items !== undefined && hasDefaults(items));
    known.set(schema, found);
  }
  return found;
}
