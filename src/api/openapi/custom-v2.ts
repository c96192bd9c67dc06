import type { CustomSchema } from '../custom/schema.ts';

/** What version 2 does not know; kubectl takes `default` and the rest. */
const unknownToV2 = ['allOf', 'anyOf', 'oneOf', 'not', 'nullable'] as const;

/**
 * A custom resource's schema as far as OpenAPI v2 can tell it. Where anything may stand (null, or fields that nothing is said
 * about), nothing is said of its type and parts either: kubectl would refuse what it does not find there.
 */
export function schemaInV2(schema: CustomSchema): CustomSchema {
  const open = schema['x-kubernetes-preserve-unknown-fields'] === true;
  const { items, properties, additionalProperties, required, ...rest } = schema;
  const result: CustomSchema = rest;
  for (const name of unknownToV2) delete result[name];
  if (schema.nullable === true || (open && schema.type === 'object')) delete result.type;
  if (schema.nullable !== true && !open) {
    if (items !== undefined && !Array.isArray(items)) result.items = schemaInV2(items);
    if (properties !== undefined) {
      result.properties = Object.fromEntries(
        Object.entries(properties).map(([name, property]) => [name, schemaInV2(property)]),
      );
    }
  }
  // kubectl does not cope with lists of nobody knows what.
  if (result.type === 'array' && result.items === undefined) delete result.type;
  if (typeof additionalProperties === 'object') result.additionalProperties = schemaInV2(additionalProperties);
  else if (additionalProperties !== undefined) result.additionalProperties = additionalProperties;
  const needed = required?.filter((name) => properties?.[name]?.nullable !== true) ?? [];
  const nullableValues = typeof additionalProperties === 'object' && additionalProperties.nullable === true;
  if (needed.length > 0 && !nullableValues) result.required = needed;
  return result;
}
