import { checkFields } from '../decode/index.ts';
import { type FieldError, type FieldPath, invalidValue, required, typeInvalid } from '../field-errors.ts';
import type { KubernetesObject } from '../object.ts';
import { isPlainObject, type PlainObject } from '../plain.ts';
import { anyObject } from './describe.ts';
import { type CustomSchema, fieldSchema, isEmbedded, itemSchema } from './schema.ts';

/** Resources within an object: that they say what they are. */
export function checkEmbedded(value: unknown, schema: CustomSchema, path: FieldPath): FieldError[] {
  if (Array.isArray(value)) {
    const items = itemSchema(schema);
    return items === undefined ? [] : value.flatMap((item, index) => checkEmbedded(item, items, path.index(index)));
  }
  if (!isPlainObject(value)) return [];
  const errors: FieldError[] = [];
  if (isEmbedded(schema)) {
    for (const field of ['apiVersion', 'kind']) {
      const given = value[field];
      if (given === undefined || given === '') errors.push(required(path.child(field), 'must not be empty'));
      else if (typeof given !== 'string') errors.push(typeInvalid(path.child(field), given, 'must be a string'));
    }
    const { metadata } = value;
    if (metadata !== undefined && !isPlainObject(metadata)) {
      errors.push(invalidValue(path.child('metadata'), metadata, 'must be an object'));
    }
  }
  for (const key of Object.keys(value)) {
    const known = fieldSchema(schema, key);
    if (known !== undefined) errors.push(...checkEmbedded(value[key], known, path.child(key)));
  }
  return errors;
}

/** Brings the metadata of resources within an object into form, in place; told of fields that it doesn't have. */
export function settleEmbedded(value: unknown, schema: CustomSchema, path: string, tell: (path: string) => void): void {
  if (Array.isArray(value)) {
    const items = itemSchema(schema);
    if (items === undefined) return;
    for (const [index, item] of value.entries()) settleEmbedded(item, items, `${path}[${index}]`, tell);
  } else if (isPlainObject(value)) {
    if (isEmbedded(schema) && isPlainObject(value['metadata'])) settleMetadata(value, value['metadata'], path, tell);
    for (const key of Object.keys(value)) {
      const known = fieldSchema(schema, key);
      if (known !== undefined) settleEmbedded(value[key], known, path === '' ? key : `${path}.${key}`, tell);
    }
  }
}

function settleMetadata(
  resource: PlainObject,
  metadata: PlainObject,
  path: string,
  tell: (path: string) => void,
): void {
  const { apiVersion, kind } = resource;
  const head = { apiVersion: String(apiVersion), kind: String(kind), metadata } as KubernetesObject;
  const { object, warnings } = checkFields(head, { fieldValidation: 'Warn', type: anyObject });
  resource['metadata'] = object.metadata;
  for (const warning of warnings) tell(`${path}.${/"(.*)"/.exec(warning)?.[1]}`);
}
