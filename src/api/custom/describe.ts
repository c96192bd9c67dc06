import type { FieldDescription, ListType, TypeDescription, ValueType } from '../description/index.ts';
import { typeOf } from '../description/index.ts';
import { type CustomSchema, isEmbedded, isIntOrString, itemSchema, preserves } from './schema.ts';

/** What every object is made of: apiVersion, kind and metadata. */
export const anyObject: TypeDescription = typeOf('meta.k8s.io/v1', 'PartialObjectMetadata')!;

/** What server-side apply and managedFields need to know of the objects that a schema describes. */
export function describeSchema(schema: CustomSchema, groupVersion: string, kind: string): TypeDescription {
  return struct(schema, groupVersion, kind, true);
}

function struct(schema: CustomSchema, groupVersion: string, name: string, isKind: boolean): TypeDescription {
  let fields: Map<string, FieldDescription> | undefined;
  const readFields = (): Map<string, FieldDescription> => {
    const found = new Map<string, FieldDescription>(isKind ? anyObject.fields : []);
    for (const [key, property] of Object.entries(schema.properties ?? {})) {
      if (!isKind || !anyObject.fields.has(key)) found.set(key, fieldOf(key, property, groupVersion, schema));
    }
    return found;
  };
  return {
    name,
    groupVersion,
    isKind,
    isAtomic: schema['x-kubernetes-map-type'] === 'atomic',
    get fields() {
      fields ??= readFields();
      return fields;
    },
    unnamed: preserves(schema) ? { kind: 'deduced' } : undefined,
    inlined: [],
  };
}

function fieldOf(jsonName: string, schema: CustomSchema, groupVersion: string, parent: CustomSchema): FieldDescription {
  const mapType = schema['x-kubernetes-map-type'] as FieldDescription['mapType'];
  return {
    jsonName,
    type: valueTypeOf(schema, groupVersion, jsonName),
    required: parent.required?.includes(jsonName) ?? false,
    // Nothing is left out, and nothing stands for what is absent.
    omitEmpty: true,
    omitZero: false,
    pointer: true,
    number: 0,
    fromInlined: false,
    patchStrategy: [],
    patchMergeKey: undefined,
    listType: schema['x-kubernetes-list-type'] as FieldDescription['listType'],
    listMapKeys: schema['x-kubernetes-list-map-keys'] ?? [],
    mapType,
    structType: mapType,
    default: schema.default,
  };
}

function valueTypeOf(schema: CustomSchema, groupVersion: string, name: string): ValueType {
  if (isIntOrString(schema)) return { kind: 'intOrString' };
  switch (schema.type) {
    case 'string':
      return { kind: 'string' };
    case 'boolean':
      return { kind: 'bool' };
    case 'integer':
      return { kind: 'int64' };
    case 'number':
      return { kind: 'float64' };
    case 'array': {
      const items = itemSchema(schema);
      const list: Omit<ListType, 'items'> = { kind: 'list', wrapped: false };
      return { ...list, items: items === undefined ? { kind: 'deduced' } : valueTypeOf(items, groupVersion, name) };
    }
  }
  if (typeof schema.additionalProperties === 'object') {
    return { kind: 'map', values: valueTypeOf(schema.additionalProperties, groupVersion, name) };
  }
  if (schema.properties !== undefined || isEmbedded(schema)) {
    return { kind: 'object', type: struct(schema, groupVersion, name, isEmbedded(schema)) };
  }
  return schema.additionalProperties === true || preserves(schema)
    ? { kind: 'deduced' }
    : { kind: 'object', type: struct(schema, groupVersion, name, false) };
}
