/** Writes the compact description that ../description/reader.ts reads; the grammar is told there. */
import {
  type FactField,
  type Facts,
  type FactType,
  type GoType,
  isTypeMeta,
  orderedFields,
  resolveType,
  type ScalarName,
} from './facts.ts';
import { atomicStructs, omittedWhenZero } from './supplement.ts';

/** Names of the scalars in the compact form: those of ScalarKind. */
const scalars: Record<ScalarName, string> = {
  string: 'string',
  bool: 'bool',
  int32: 'int32',
  int64: 'int64',
  float64: 'float64',
  bytes: 'bytes',
  Time: 'time',
  MicroTime: 'microTime',
  Quantity: 'quantity',
  IntOrString: 'intOrString',
  RawExtension: 'raw',
  FieldsV1: 'fields',
  JSON: 'any',
  JSONSchemaPropsOrBool: 'schemaOrBool',
  JSONSchemaPropsOrArray: 'schemaOrArray',
  JSONSchemaPropsOrStringArray: 'schemaOrStrings',
};

/** Types that are not read as structs: their JSON is a scalar's, or they wrap what is decoded. */
const notDescribed = new Set(['TypeMeta', 'Unknown', 'FieldsV1', 'RawExtension', 'JSON']);

/** One group version's file. */
export function compactGroup(facts: Facts, group: string): string {
  const facet = facts.groups[group]!;
  const enums: Record<string, string> = {};
  for (const [name, { closed, values }] of Object.entries(facet.enums)) {
    enums[name] = `${closed ? '!' : ''}${values.join(',')}`;
  }
  const types: Record<string, string> = {};
  for (const [name, type] of Object.entries(facet.types)) {
    if (!notDescribed.has(name)) types[name] = compactType(facts, group, name, type);
  }
  return `${JSON.stringify({ enums, types }, null, 1)}\n`;
}

function compactType(facts: Facts, group: string, name: string, type: FactType): string {
  const fields = orderedFields(type)
    .filter(([, field]) => !isTypeMeta(field))
    .map(([fieldName, field]) => compactField(facts, group, name, fieldName, field));
  return `${type.kind ? '#' : ''}${atomicStructs.has(name) ? '@' : ''}${fields.join(';')}`;
}

function compactField(facts: Facts, group: string, typeName: string, name: string, field: FactField): string {
  const flags = [
    isRequired(field) ? '!' : '',
    field.omitempty ? 'o' : '',
    omittedWhenZero.has(`${typeName}.${name}`) ? 'z' : '',
    field.inline ? 'i' : '',
  ].join('');
  const goType = resolveType(facts, group, field.type);
  const words = [name, String(field.pb?.[0] ?? 0), compactName(goType, group)];
  if (flags !== '') words.push(flags);
  if (field.patchStrategy) words.push(`p:${field.patchStrategy}`);
  if (field.patchMergeKey) words.push(`k:${field.patchMergeKey}`);
  // Kubernetes' declarations mark a few fields that are no lists.
  if (field.listType && goType.is === 'list')
    words.push(`l:${[field.listType, ...(field.listMapKeys ?? [])].join(',')}`);
  if (field.mapType) words.push(`m:${field.mapType}`);
  if (field.structType) words.push(`s:${field.structType}`);
  if (field.default !== undefined) words.push(`d:${defaultValue(field.default)}`);
  return words.join(' ');
}

/** As Kubernetes' OpenAPI has it: what is neither marked optional nor left out when empty. */
function isRequired(field: FactField): boolean {
  return field.required === true || (field.optional !== true && field.omitempty !== true && field.inline !== true);
}

function compactName(type: GoType, group: string): string {
  switch (type.is) {
    case 'scalar':
      return scalars[type.name];
    case 'enum':
    case 'struct':
      return type.group === group ? type.name : `${type.group}:${type.name}`;
    case 'pointer':
      return `*${compactName(type.of, group)}`;
    case 'list':
      return `${type.wrapped ? '[1]' : '[]'}${compactName(type.of, group)}`;
    case 'map':
      return `{}${compactName(type.of, group)}`;
  }
}

/** Constants that the declarations' defaults name. */
const constants: Record<string, string> = { AzureDataDiskCachingReadWrite: 'ReadWrite', AzureSharedBlobDisk: 'Shared' };

function defaultValue(text: string): string {
  const constant = /^ref\((\w+)\)$/.exec(text)?.[1];
  if (constant === undefined) return JSON.stringify(JSON.parse(text));
  const value = constants[constant];
  if (value === undefined) throw new Error(`unknown constant ${constant}`);
  return JSON.stringify(value);
}
