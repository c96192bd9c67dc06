/** OpenAPI of custom resources: their definitions' schemas, with what every object has. */
import { metaGroupVersion, structOf, type TypeDescription } from '../description/index.ts';
import { listKindOf, type ResourceType } from '../resource.ts';
import type { Schema, SchemaCollector } from './schemas.ts';

const typeMeta: Readonly<Record<string, Schema>> = {
  apiVersion: { type: 'string', description: 'The group and version of the API whose form the object has.' },
  kind: { type: 'string', description: 'What the object is, as the API names it.' },
};

/** `com.example.v1.Widget`: the group backwards, as Kubernetes names the schemas of custom resources. */
function schemaNameOf({ group, version }: ResourceType, kind: string): string {
  return [...group.split('.').reverse(), version, kind].join('.');
}

/** Puts the schemas of a custom resource and its list into the collector; returns references to them. */
export function collectCustom(type: ResourceType, collector: SchemaCollector): { object: Schema; list: Schema } {
  const { group, version, kind, custom } = type;
  const meta = (name: string): TypeDescription => structOf(metaGroupVersion, name)!;
  const { properties, ...rest } = custom!.schema;
  const object = collector.add(schemaNameOf(type, kind), {
    ...rest,
    type: 'object',
    properties: {
      ...properties,
      ...typeMeta,
      metadata: { allOf: [collector.reference(meta('ObjectMeta'))], description: 'What all objects have.' },
    },
    'x-kubernetes-group-version-kind': [{ group, kind, version }],
  });
  const listKind = listKindOf(type);
  const list = collector.add(schemaNameOf(type, listKind), {
    description: `${listKind} is a list of ${kind}`,
    type: 'object',
    required: ['items'],
    properties: {
      ...typeMeta,
      items: { type: 'array', items: object, description: `The objects of kind ${kind}.` },
      metadata: { allOf: [collector.reference(meta('ListMeta'))], description: 'What all lists have.' },
    },
    'x-kubernetes-group-version-kind': [{ group, kind: listKind, version }],
  });
  return { object, list };
}
