/** OpenAPI schemas of types, from their description, with the extensions by which kubectl merges and explains. */
import {
  type FieldDescription,
  metaGroupVersion,
  type ScalarKind,
  structOf,
  type TypeDescription,
  type ValueType,
} from '../description/index.ts';

import { describeField, describeType } from './descriptions.ts';

export type Schema = Record<string, unknown>;

/** Version 2 knows no `oneOf`, and lets a `$ref` have neighbours. */
export type Dialect = 'v2' | 'v3';

/** Collects the schemas of types and of all that they are made of, by their names. */
export class SchemaCollector {
  readonly schemas: Record<string, Schema> = {};
  readonly #prefix: string;
  readonly dialect: Dialect;
  readonly #kindsOf: (type: TypeDescription) => GroupVersionKind[];

  /** `kindsOf` says as which kinds a type is served. */
  constructor(dialect: Dialect, kindsOf: (type: TypeDescription) => GroupVersionKind[]) {
    this.#prefix = dialect === 'v2' ? '#/definitions/' : '#/components/schemas/';
    this.dialect = dialect;
    this.#kindsOf = kindsOf;
  }

  /** A reference to the type's schema, which is collected. */
  reference(type: TypeDescription): Schema {
    const name = schemaName(type);
    if (this.schemas[name] === undefined) {
      // Set before it is filled: types may refer to themselves.
      const schema: Schema = {};
      this.schemas[name] = schema;
      this.#fill(type, schema);
    }
    return { $ref: this.#prefix + name };
  }

  /** What a property is whose value is of that type, with more said about it. */
  property(type: TypeDescription, more: Schema): Schema {
    return { ...this.#beside(this.reference(type)), ...more };
  }

  /** A reference to a schema that is made elsewhere. */
  add(name: string, schema: Schema): Schema {
    this.schemas[name] = schema;
    return { $ref: this.#prefix + name };
  }

  #fill(type: TypeDescription, schema: Schema): void {
    const properties: Record<string, Schema> = {};
    const required: string[] = [];
    for (const field of type.fields.values()) {
      properties[field.jsonName] = this.#property(field, describeField(type, field.jsonName));
      if (field.required) required.push(field.jsonName);
    }
    const listed = properties['metadata'] && properties['items'];
    if (listed && type.name.endsWith('List')) listed['description'] = `List of ${pluralOf(type.name.slice(0, -4))}`;
    const description = describeType(type);
    if (description !== undefined) schema['description'] = description;
    schema['type'] = 'object';
    if (Object.keys(properties).length > 0) schema['properties'] = properties;
    if (required.length > 0) schema['required'] = required;
    const kinds = this.#kindsOf(type);
    if (kinds.length > 0) schema['x-kubernetes-group-version-kind'] = kinds;
    if (type.isAtomic) schema['x-kubernetes-map-type'] = 'atomic';
  }

  #property(field: FieldDescription, description: string | undefined): Schema {
    const schema = this.#value(field.type);
    const property = this.#beside(schema);
    const text = [description, enumText(field.type)].filter((part) => part !== undefined).join('\n\n');
    if (text !== '') property['description'] = text;
    const zero = field.pointer ? undefined : this.#zero(field.type, field.omitEmpty);
    const assumed = field.default ?? zero;
    if (assumed !== undefined && property['$ref'] === undefined) property['default'] = assumed;
    if (field.patchMergeKey !== undefined) property['x-kubernetes-patch-merge-key'] = field.patchMergeKey;
    if (field.patchStrategy.length > 0) property['x-kubernetes-patch-strategy'] = field.patchStrategy.join(',');
    if (field.listType !== undefined) property['x-kubernetes-list-type'] = field.listType;
    if (field.listMapKeys.length > 0) property['x-kubernetes-list-map-keys'] = field.listMapKeys;
    const mapType = field.mapType ?? field.structType;
    if (mapType !== undefined) property['x-kubernetes-map-type'] = mapType;
    return property;
  }

  /** The schema in a form that other members may be added to: beside a plain $ref, version 3 would ignore them. */
  #beside(schema: Schema): Schema {
    return schema['$ref'] !== undefined && this.dialect === 'v3' ? { allOf: [schema] } : schema;
  }

  #value(type: ValueType): Schema {
    switch (type.kind) {
      case 'object':
        return this.reference(type.type);
      case 'list':
        return { type: 'array', items: this.#part(type.items) };
      case 'map':
        return { type: 'object', additionalProperties: this.#part(type.values) };
      case 'enum':
        return type.closed ? { type: 'string', enum: type.values.toSorted() } : { type: 'string' };
      default:
        return this.#scalar(type.kind);
    }
  }

  /** An item of a list, or a value of a map. */
  #part(type: ValueType): Schema {
    const schema = this.#value(type);
    const zero = this.#zero(type, false);
    return zero === undefined ? schema : { ...this.#beside(schema), default: zero };
  }

  /** What stands for a value that is not given, as Go has it; undefined where nothing does, and in version 2, which has no use for it. */
  #zero(type: ValueType, omitEmpty: boolean): unknown {
    if (this.dialect === 'v2') return undefined;
    if (type.kind === 'object') return {};
    return omitEmpty ? undefined : zeroes[type.kind];
  }

  #scalar(kind: ScalarKind): Schema {
    const plain = plainSchemas[kind];
    if (plain !== undefined) return { ...plain };
    const [name, schema, inV2 = schema] = namedSchemas[kind]!;
    this.schemas[name] ??= {
      description: describeType({ name: name.slice(name.lastIndexOf('.') + 1), groupVersion: metaGroupVersion }),
      ...(this.dialect === 'v2' ? inV2 : schema),
    };
    // Unions of schemas hold schemas.
    if (kind.startsWith('schema')) this.reference(structOf(schemaGroupVersion, 'JSONSchemaProps')!);
    return { $ref: this.#prefix + name };
  }
}

const zeroes: Partial<Record<ValueType['kind'], unknown>> = {
  string: '',
  enum: '',
  bool: false,
  int32: 0,
  int64: 0,
  float64: 0,
};

/** What kubectl shows of the values that there are. */
function enumText(type: ValueType): string | undefined {
  if (type.kind !== 'enum' || !type.closed) return undefined;
  return ['Possible enum values:', ...type.values.toSorted().map((value) => ` - \`"${value}"\``)].join('\n');
}

export interface GroupVersionKind {
  group: string;
  kind: string;
  version: string;
}

/** `networkpolicies` of `NetworkPolicy`. */
function pluralOf(kind: string): string {
  const word = kind.toLowerCase();
  if (word === 'endpoints') return word;
  return word.endsWith('y') ? `${word.slice(0, -1)}ies` : `${word}${word.endsWith('s') ? 'es' : 's'}`;
}

const metaPackage = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const schemaGroupVersion = 'apiextensions.k8s.io/v1';
const schemaPackage = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1';

/** `io.k8s.api.apps.v1.Deployment`: the name of a type's schema, known to clients. */
export function schemaName(type: TypeDescription): string {
  if (type.groupVersion === metaGroupVersion) return `${metaPackage}.${type.name}`;
  const [group, version] = type.groupVersion.includes('/') ? type.groupVersion.split('/') : ['core', type.groupVersion];
  if (group === 'apiextensions.k8s.io') {
    return `${schemaPackage.replace(/v1$/, version!)}.${type.name}`;
  }
  if (group === 'apiregistration.k8s.io') {
    return `io.k8s.kube-aggregator.pkg.apis.apiregistration.${version}.${type.name}`;
  }
  return `io.k8s.api.${group!.split('.')[0]}.${version}.${type.name}`;
}

const plainSchemas: Partial<Record<ScalarKind, Schema>> = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  float64: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
};

/** Scalars that have schemas of their own. */
const namedSchemas: Partial<Record<ScalarKind, [name: string, schema: Schema, inV2?: Schema]>> = {
  time: [`${metaPackage}.Time`, { type: 'string', format: 'date-time' }],
  microTime: [`${metaPackage}.MicroTime`, { type: 'string', format: 'date-time' }],
  quantity: [
    'io.k8s.apimachinery.pkg.api.resource.Quantity',
    { oneOf: [{ type: 'string' }, { type: 'number' }] },
    { type: 'string' },
  ],
  intOrString: [
    'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
    { oneOf: [{ type: 'integer' }, { type: 'string' }], format: 'int-or-string' },
    { type: 'string', format: 'int-or-string' },
  ],
  raw: ['io.k8s.apimachinery.pkg.runtime.RawExtension', { type: 'object' }],
  fields: [`${metaPackage}.FieldsV1`, { type: 'object' }],
  any: [`${schemaPackage}.JSON`, {}],
  schemaOrBool: [`${schemaPackage}.JSONSchemaPropsOrBool`, {}],
  schemaOrArray: [`${schemaPackage}.JSONSchemaPropsOrArray`, {}],
  schemaOrStrings: [`${schemaPackage}.JSONSchemaPropsOrStringArray`, {}],
};
