import { fillDefaults } from '../../custom/defaults.ts';
import { prune } from '../../custom/prune.ts';
import { validateSchema } from '../../custom/validate.ts';
import { duplicate, type FieldPath, forbiddenField, invalidValue, notSupported, required } from '../../field-errors.ts';
import { clonePlain, equalPlain, isPlainObject } from '../../plain.ts';
import type { JSONSchemaProps } from '../../types/apiextensions-v1.ts';
import type { Errors } from '../checks.ts';

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const scalars: ReadonlySet<string | undefined> = new Set(['boolean', 'integer', 'number', 'string']);
const unsupported = ['id', 'additionalItems', 'patternProperties', 'definitions', 'dependencies', '$ref'] as const;

/** What holds for every schema of a definition, whatever its place: which fields it may have and which go together. */
export function checkSchema(errors: Errors, path: FieldPath, schema: JSONSchemaProps): void {
  const { type = '', properties, additionalProperties, items } = schema;
  for (const field of unsupported) {
    if (schema[field] !== undefined) errors.push(forbiddenField(path.child(field), `${field} is not supported`));
  }
  if (type === 'null') {
    errors.push(forbiddenField(path.child('type'), 'type cannot be set to null, use nullable as an alternative'));
  } else if (type !== '' && !types.includes(type)) errors.push(notSupported(path.child('type'), type, types));
  if (schema.uniqueItems === true) {
    const text = 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic';
    errors.push(forbiddenField(path.child('uniqueItems'), text));
  }
  if (additionalProperties === false) {
    errors.push(forbiddenField(path.child('additionalProperties'), 'additionalProperties cannot be set to false'));
  } else if (typeof additionalProperties === 'object' && Object.keys(properties ?? {}).length > 0) {
    const text = 'additionalProperties and properties are mutual exclusive';
    errors.push(forbiddenField(path.child('additionalProperties'), text));
  }
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) {
    const text = 'must be true or undefined';
    errors.push(invalidValue(path.child('x-kubernetes-preserve-unknown-fields'), false, text));
  }
  checkMapType(errors, path, schema);
  checkListType(errors, path, schema);
  if (schema.default !== undefined) checkDefault(errors, path.child('default'), schema);
  if (Array.isArray(items)) {
    errors.push(forbiddenField(path.child('items'), 'items must be a schema object and not an array'));
  } else if (items !== undefined) checkSchema(errors, path.child('items'), items);
  if (typeof additionalProperties === 'object') {
    checkSchema(errors, path.child('additionalProperties'), additionalProperties);
  }
  for (const [name, property] of Object.entries(properties ?? {})) {
    checkSchema(errors, path.child('properties').key(name), property);
  }
  for (const junctor of ['allOf', 'anyOf', 'oneOf'] as const) {
    for (const [index, each] of (schema[junctor] ?? []).entries()) {
      checkSchema(errors, path.child(junctor).index(index), each);
    }
  }
  if (schema.not !== undefined) checkSchema(errors, path.child('not'), schema.not);
}

function checkMapType(errors: Errors, path: FieldPath, { type = '', ...schema }: JSONSchemaProps): void {
  const mapType = schema['x-kubernetes-map-type'];
  if (mapType === undefined) return;
  if (type !== 'object') {
    const text = 'must be object if x-kubernetes-map-type is specified';
    errors.push(type === '' ? required(path.child('type'), text) : invalidValue(path.child('type'), type, text));
  }
  const allowed = ['atomic', 'granular'];
  if (!allowed.includes(mapType)) {
    errors.push(notSupported(path.child('x-kubernetes-map-type'), mapType, allowed));
  }
}

function checkListType(errors: Errors, path: FieldPath, schema: JSONSchemaProps): void {
  const { type = '' } = schema;
  const listType = schema['x-kubernetes-list-type'];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const at = path.child('x-kubernetes-list-type');
  if (listType !== undefined && type !== 'array') {
    const text = 'must be array if x-kubernetes-list-type is specified';
    errors.push(type === '' ? required(path.child('type'), text) : invalidValue(path.child('type'), type, text));
  }
  const allowed = ['atomic', 'set', 'map'];
  if (listType !== undefined && !allowed.includes(listType)) errors.push(notSupported(at, listType, allowed));
  if (keys.length > 0 && listType !== 'map') {
    const text = 'must be map if x-kubernetes-list-map-keys is non-empty';
    errors.push(listType === undefined ? required(at, text) : invalidValue(at, listType, text));
  }
  if (listType === 'map') checkListMap(errors, path, schema, keys);
  else if (listType === 'set') checkListSet(errors, path.child('items'), schema.items);
}

function checkListMap(errors: Errors, path: FieldPath, { items }: JSONSchemaProps, keys: readonly string[]): void {
  const keysPath = path.child('x-kubernetes-list-map-keys');
  const itemsPath = path.child('items');
  if (keys.length === 0) {
    errors.push(required(keysPath, 'must not be empty if x-kubernetes-list-type is map'));
  }
  keys.forEach((key, index) => {
    if (keys.indexOf(key) < index) errors.push(duplicate(keysPath.index(index), key));
  });
  if (items === undefined || Array.isArray(items)) {
    errors.push(required(itemsPath, 'must have a schema if x-kubernetes-list-type is map'));
    return;
  }
  if (items.type !== 'object') {
    const text = "must be object if parent array's x-kubernetes-list-type is map";
    errors.push(invalidValue(itemsPath.child('type'), items.type ?? '', text));
  }
  for (const [index, key] of keys.entries()) {
    const property = items.properties?.[key];
    const at = itemsPath.child('properties').key(key);
    if (property === undefined) {
      errors.push(invalidValue(keysPath.index(index), key, 'entries must all be names of item properties'));
    } else if (!scalars.has(property.type) && property['x-kubernetes-int-or-string'] !== true) {
      const text = "must be a scalar type if parent array's x-kubernetes-list-type is map";
      errors.push(invalidValue(at.child('type'), property.type ?? '', text));
    } else if (property.default === undefined && !items.required?.includes(key)) {
      const text =
        'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property';
      errors.push(required(at.child('default'), text));
    }
  }
}

function checkListSet(errors: Errors, path: FieldPath, items: JSONSchemaProps['items']): void {
  if (items === undefined || Array.isArray(items)) return;
  if (items.nullable) {
    errors.push(forbiddenField(path.child('nullable'), 'cannot be nullable when x-kubernetes-list-type is set'));
  }
  const text = 'must be atomic as item of a list with x-kubernetes-list-type=set';
  const mapType = items['x-kubernetes-map-type'];
  const listType = items['x-kubernetes-list-type'];
  if (items.type === 'object' && mapType !== 'atomic') {
    errors.push(invalidValue(path.child('x-kubernetes-map-type'), mapType ?? null, text));
  } else if (items.type === 'array' && listType !== undefined && listType !== 'atomic') {
    errors.push(invalidValue(path.child('x-kubernetes-list-type'), listType, text));
  }
}

/** A default must be what the schema itself would let through. */
function checkDefault(errors: Errors, path: FieldPath, schema: JSONSchemaProps): void {
  const filled = clonePlain(schema.default);
  if (isPlainObject(filled)) prune(filled, schema);
  if (!equalPlain(filled, schema.default)) {
    errors.push(invalidValue(path, schema.default, 'must not have unknown fields'));
    return;
  }
  fillDefaults(filled, schema);
  errors.push(...validateSchema(filled, schema, path));
}
