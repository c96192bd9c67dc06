/** OpenAPI of custom resources: their definitions' schemas, with what every object has. */
import { preserves } from '../custom/schema.ts';
import { metaGroupVersion, structOf, type TypeDescription } from '../description/index.ts';
import { listKindOf, type ResourceType } from '../resource.ts';
import { schemaInV2 } from './custom-v2.ts';
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
  const kinds = { 'x-kubernetes-group-version-kind': [{ group, kind, version }] };
  const { properties, ...rest } = collector.dialect === 'v2' ? schemaInV2(custom!.schema) : custom!.schema;
  const head = {
    ...typeMeta,
    metadata: collector.property(meta('ObjectMeta'), { description: 'What all objects have.' }),
  };
  // Where clients of version 2 find properties, they refuse others.
  const open = collector.dialect === 'v2' && preserves(custom!.schema);
  const object = collector.add(
    schemaNameOf(type, kind),
    open ? { type: 'object', ...kinds } : { ...rest, type: 'object', properties: { ...properties, ...head }, ...kinds },
  );
  const listKind = listKindOf(type);
  const list = collector.add(schemaNameOf(type, listKind), {
    description: `${listKind} is a list of ${kind}`,
    type: 'object',
    required: ['items'],
    properties: {
      ...typeMeta,
      items: { type: 'array', items: object, description: `The objects of kind ${kind}.` },
      metadata: collector.property(meta('ListMeta'), { description: 'What all lists have.' }),
    },
    'x-kubernetes-group-version-kind': [{ group, kind: listKind, version }],
  });
  return { object, list };
}
