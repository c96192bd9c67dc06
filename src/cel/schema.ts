import type { ObjectField, Type } from './types.ts';
import * as types from './types.ts';

/** As much of an OpenAPI v3 schema as types are made of. */
export interface Schema {
  type?: string;
  format?: string;
  properties?: Readonly<Record<string, Schema>>;
  additionalProperties?: boolean | Schema;
  items?: Schema;
  nullable?: boolean;
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
  'x-kubernetes-embedded-resource'?: boolean;
  'x-kubernetes-list-type'?: string;
  'x-kubernetes-list-map-keys'?: readonly string[];
}

/**
 * The type of the values that a structural schema describes. Where the schema is open, nothing is known (`dyn`).
 * Fields that only pass unchecked, and so may be anything, can't be named, as in Kubernetes.
 */
export function schemaType(schema: Schema, name = 'object'): Type {
  if (schema['x-kubernetes-int-or-string']) return types.dyn;
  switch (schema.type) {
    case 'boolean':
      return types.bool;
    case 'integer':
      return types.int;
    case 'number':
      return types.double;
    case 'string':
      return textType(schema.format);
    case 'array':
      return listType(schema, name);
    case 'object':
      return objectType(schema, name);
    default:
      return types.dyn;
  }
}

function listType(schema: Schema, name: string): Type {
  const element = schema.items === undefined ? types.dyn : schemaType(schema.items, `${name}.@idx`);
  const { 'x-kubernetes-list-type': kind, 'x-kubernetes-list-map-keys': keys = [] } = schema;
  if (kind === 'set') return { kind: 'list', element, identity: 'set' };
  if (kind === 'map') return { kind: 'list', element, identity: keys.map((key) => escapeName(key) ?? key) };
  return types.list(element);
}

function textType(format: string | undefined): Type {
  switch (format) {
    case 'byte':
      return types.bytes;
    case 'date':
    case 'date-time':
      return types.timestamp;
    case 'duration':
      return types.duration;
    default:
      return types.string;
  }
}

/** What may be looked at of every object of the API, whatever else its schema says of these fields. */
const embedded: Readonly<Record<string, Schema>> = {
  apiVersion: { type: 'string' },
  kind: { type: 'string' },
  metadata: { type: 'object', properties: { name: { type: 'string' }, generateName: { type: 'string' } } },
};

function objectType(schema: Schema, name: string): Type {
  const { additionalProperties } = schema;
  const isEmbedded = schema['x-kubernetes-embedded-resource'] === true;
  if (typeof additionalProperties === 'object') {
    return types.map(types.string, schemaType(additionalProperties, `${name}.@elem`));
  }
  const properties = { ...schema.properties, ...(isEmbedded ? embedded : {}) };
  if (Object.keys(properties).length === 0) {
    const open = schema['x-kubernetes-preserve-unknown-fields'] === true || additionalProperties === true;
    return open ? types.dyn : { kind: 'object', name, fields: new Map() };
  }
  const fields = new Map<string, ObjectField>();
  for (const [property, inner] of Object.entries(properties)) {
    const field = escapeName(property);
    if (field !== undefined) fields.set(field, { property, type: schemaType(inner, `${name}.${property}`) });
  }
  return { kind: 'object', name, fields };
}

const reserved = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

/** A property's name as expressions spell it; undefined: they can't. */
export function escapeName(property: string): string | undefined {
  if (!/^[A-Za-z_./-][A-Za-z0-9_./-]*$/.test(property)) return undefined;
  if (reserved.has(property)) return `__${property}__`;
  return property.replace(/__|\.|-|\//g, (part) => `__${escapes[part]}__`);
}

const escapes: Readonly<Record<string, string>> = { __: 'underscores', '.': 'dot', '-': 'dash', '/': 'slash' };
