import { type FieldError, type FieldPath, invalidValue, required, typeInvalid } from '../field-errors.ts';
import { isPlainObject } from '../plain.ts';
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
