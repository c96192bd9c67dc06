import type { JSONSchemaProps } from '../types/apiextensions-v1.ts';

/** A structural schema: what a CustomResourceDefinition says of the objects, or of a part of them. */
export type CustomSchema = JSONSchemaProps;

/** Of what nothing is said: whatever is there is dropped. */
export const emptySchema: CustomSchema = Object.freeze({ type: 'object' });

/** The schema of an object's field; undefined: the schema doesn't know it. */
export function fieldSchema(schema: CustomSchema, name: string): CustomSchema | undefined {
  const { properties, additionalProperties } = schema;
  if (properties !== undefined && Object.hasOwn(properties, name)) return properties[name];
  if (typeof additionalProperties === 'object') return additionalProperties;
  return additionalProperties === true ? keptAsIs : undefined;
}

/** The schema of a list's items. */
export function itemSchema({ items }: CustomSchema): CustomSchema | undefined {
  return Array.isArray(items) ? undefined : items;
}

export function preserves(schema: CustomSchema): boolean {
  return schema['x-kubernetes-preserve-unknown-fields'] === true;
}

export function isEmbedded(schema: CustomSchema): boolean {
  return schema['x-kubernetes-embedded-resource'] === true;
}

export function isIntOrString(schema: CustomSchema): boolean {
  return schema['x-kubernetes-int-or-string'] === true;
}

const keptAsIs: CustomSchema = Object.freeze({ 'x-kubernetes-preserve-unknown-fields': true });
