/** OpenAPI of custom resources: their definitions' schemas, with what every object has. */
import { type CustomSchema, isEmbedded, preserves } from '../custom/schema.ts';
import { metaGroupVersion, structOf, type TypeDescription } from '../description/index.ts';
import { listKindOf, type ResourceType } from '../resource.ts';
import { schemaInV2 } from './custom-v2.ts';
import { describeField } from './descriptions.ts';
import type { Schema, SchemaCollector } from './schemas.ts';

const meta = (name: string): TypeDescription => structOf(metaGroupVersion, name)!;

type ObjectSchema = Schema & { properties?: Record<string, Schema> };

/** What every object has, or every list. */
function headOf(collector: SchemaCollector, metadata: 'ObjectMeta' | 'ListMeta'): Record<string, Schema> {
  const description = (field: string): string | undefined => describeField(meta(metadata), field);
  return {
    apiVersion: { type: 'string', description: description('apiVersion') },
    kind: { type: 'string', description: description('kind') },
    metadata: collector.property(meta(metadata), { description: description('metadata') }),
  };
}

/** `com.example.v1.Widget`: the group backwards, as Kubernetes names the schemas of custom resources. */
function schemaNameOf({ group, version }: ResourceType, kind: string): string {
  return [...group.split('.').reverse(), version, kind].join('.');
}

/** Puts the schemas of a custom resource and its list into the collector; returns references to them. */
export function collectCustom(type: ResourceType, collector: SchemaCollector): { object: Schema; list: Schema } {
  const { group, version, kind, custom } = type;
  const kinds = { 'x-kubernetes-group-version-kind': [{ group, kind, version }] };
  const head = headOf(collector, 'ObjectMeta');
  const inV2 = collector.dialect === 'v2';
  const { properties, ...rest } = withEmbedded(inV2 ? schemaInV2(custom!.schema) : custom!.schema, head, inV2);
  // Where clients of version 2 find properties, they refuse others.
  const open = inV2 && preserves(custom!.schema);
  const object = collector.add(
    schemaNameOf(type, kind),
    open ? { type: 'object', ...kinds } : { ...rest, type: 'object', properties: { ...properties, ...head }, ...kinds },
  );
  const listKind = listKindOf(type);
  const list = collector.add(schemaNameOf(type, listKind), {
    description: `A list of objects of kind ${kind}.`,
    type: 'object',
    required: ['items'],
    properties: {
      ...headOf(collector, 'ListMeta'),
      items: { type: 'array', items: object, description: `The objects of kind ${kind}.` },
    },
    'x-kubernetes-group-version-kind': [{ group, kind: listKind, version }],
  });
  return { object, list };
}

/** The schema, in which objects within the object have what all objects have. */
function withEmbedded(schema: CustomSchema, head: Record<string, Schema>, inV2: boolean): ObjectSchema {
  const { properties, items, additionalProperties, ...rest } = schema;
  const inner = (part: CustomSchema): Schema => withEmbedded(part, head, inV2);
  const result: ObjectSchema = rest;
  if (properties !== undefined) {
    result.properties = Object.fromEntries(Object.entries(properties).map(([name, part]) => [name, inner(part)]));
  }
  if (items !== undefined) result['items'] = Array.isArray(items) ? items : inner(items);
  if (additionalProperties !== undefined) {
    result['additionalProperties'] =
      typeof additionalProperties === 'object' ? inner(additionalProperties) : additionalProperties;
  }
  if (!isEmbedded(schema) || (inV2 && preserves(schema))) return result;
  result.properties = { ...result.properties, ...head };
  result['required'] = [...new Set([...(schema.required ?? []), 'kind', 'apiVersion'])];
  return result;
}
