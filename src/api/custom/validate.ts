import {
  type FieldError,
  type FieldPath,
  invalidValue,
  notSupported,
  required,
  tooLong,
  tooMany,
  typeInvalid,
} from '../field-errors.ts';
import { equalPlain, getOwn, isPlainObject, type PlainObject } from '../plain.ts';
import { hasFormat } from './formats.ts';
import { itemsByKeys } from './lists.ts';
import { matchesPattern } from './pattern.ts';
import { type CustomSchema, fieldSchema, isIntOrString, itemSchema } from './schema.ts';
import { canonicalText, typeOfValue } from './values.ts';

/**
 * What is wrong with a value by its schema, in Kubernetes' words. What is as it was in `old`, a valid object of the past, is
 * not looked at: a schema that became stricter doesn't forbid changes elsewhere.
 */
export function validateSchema(value: unknown, schema: CustomSchema, path: FieldPath, old?: unknown): FieldError[] {
  if (old !== undefined && equalPlain(value, old)) return [];
  const errors = checkType(value, schema, path);
  // A null that is allowed has nothing to check.
  if (value === null && (schema.nullable || errors.length > 0)) return errors;
  errors.push(...checkLogic(value, schema, path));
  if (schema.enum !== undefined && schema.enum !== null && !schema.enum.some((allowed) => equalPlain(allowed, value))) {
    const texts = schema.enum.map((allowed) => (typeof allowed === 'string' ? allowed : JSON.stringify(allowed)));
    errors.push(notSupported(path, value, texts));
  }
  if (typeof value === 'string') errors.push(...checkString(value, schema, path));
  else if (typeof value === 'number') errors.push(...checkNumber(value, schema, path));
  else if (Array.isArray(value)) errors.push(...checkList(value, schema, path, old));
  else if (isPlainObject(value)) errors.push(...checkObject(value, schema, path, old));
  return errors;
}

const inBody = (path: FieldPath, text: string): string => `${path.toString()} in body ${text}`;

function wrong(path: FieldPath, value: unknown, text: string): FieldError {
  return invalidValue(path, value, inBody(path, text));
}

function wrongType(path: FieldPath, type: string, found: string): FieldError {
  return typeInvalid(path, found, inBody(path, `must be of type ${type}: ${JSON.stringify(found)}`));
}

function checkType(value: unknown, schema: CustomSchema, path: FieldPath): FieldError[] {
  const { type, nullable } = schema;
  const found = typeOfValue(value);
  if (isIntOrString(schema)) {
    if (found === 'integer' || found === 'string' || (found === 'null' && nullable)) return [];
    const text = `${JSON.stringify(path.toString())} must validate at least one schema (anyOf)`;
    return [invalidValue(path, '', text), wrongType(path, 'integer', found)];
  }
  if (type === undefined || type === '') return [];
  if (found === type || (found === 'integer' && type === 'number')) return [];
  if (found === 'null' && nullable) return [];
  return [wrongType(path, type, found)];
}

/** `allOf` and its like. Their branches judge alone: what they find is told where all of them are needed. */
function checkLogic(value: unknown, schema: CustomSchema, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const name = JSON.stringify(path.toString());
  const results = (branches: readonly CustomSchema[]): FieldError[][] =>
    branches.map((branch) => validateSchema(value, branch, path));
  const fewest = (found: readonly FieldError[][]): FieldError[] =>
    found.reduce((best, each) => (each.length < best.length ? each : best));
  const { allOf = [], anyOf = [], oneOf = [], not } = schema;
  if (anyOf.length > 0) {
    const found = results(anyOf);
    if (found.every((problems) => problems.length > 0)) {
      errors.push(invalidValue(path, '', `${name} must validate at least one schema (anyOf)`), ...fewest(found));
    }
  }
  if (oneOf.length > 0) {
    const found = results(oneOf);
    const valid = found.filter((problems) => problems.length === 0).length;
    const text = `${name} must validate one and only one schema (oneOf).`;
    if (valid === 0) errors.push(invalidValue(path, '', `${text} Found none valid`), ...fewest(found));
    else if (valid > 1) errors.push(invalidValue(path, '', `${text} Found ${valid} valid alternatives`));
  }
  if (allOf.length > 0) {
    const found = results(allOf);
    if (found.some((problems) => problems.length > 0)) {
      const none = found.every((problems) => problems.length > 0) ? '. None validated' : '';
      errors.push(...found.flat(), invalidValue(path, '', `${name} must validate all the schemas (allOf)${none}`));
    }
  }
  if (not !== undefined && validateSchema(value, not, path).length === 0) {
    errors.push(invalidValue(path, '', `${name} must not validate the schema (not)`));
  }
  return errors;
}

function checkString(value: string, schema: CustomSchema, path: FieldPath): FieldError[] {
  const { maxLength, minLength, pattern, format, type } = schema;
  const errors: FieldError[] = [];
  // Characters, not the halves of which strings are made here.
  const length = maxLength === undefined && minLength === undefined ? 0 : [...value].length;
  if (maxLength !== undefined && length > maxLength) errors.push(tooLong(path, maxLength));
  if (minLength !== undefined && length < minLength) {
    errors.push(wrong(path, value, `should be at least ${minLength} chars long`));
  }
  if (pattern && !matchesPattern(pattern, value)) errors.push(wrong(path, value, `should match '${pattern}'`));
  if (format && type === 'string' && !hasFormat(format, value)) errors.push(wrongType(path, format, value));
  return errors;
}

function checkNumber(value: number, schema: CustomSchema, path: FieldPath): FieldError[] {
  const { maximum, minimum, multipleOf } = schema;
  const errors: FieldError[] = [];
  if (multipleOf !== undefined && !isMultiple(value, multipleOf)) {
    errors.push(wrong(path, value, `should be a multiple of ${multipleOf}`));
  }
  if (maximum !== undefined && (schema.exclusiveMaximum ? value >= maximum : value > maximum)) {
    errors.push(wrong(path, value, `should be less than ${schema.exclusiveMaximum ? '' : 'or equal to '}${maximum}`));
  }
  if (minimum !== undefined && (schema.exclusiveMinimum ? value <= minimum : value < minimum)) {
    errors.push(
      wrong(path, value, `should be greater than ${schema.exclusiveMinimum ? '' : 'or equal to '}${minimum}`),
    );
  }
  return errors;
}

/** Whole to as many digits as numbers have: 0.3 is a multiple of 0.1. */
function isMultiple(value: number, factor: number): boolean {
  const quotient = value / factor;
  return Math.abs(quotient - Math.round(quotient)) <= Math.abs(quotient) * Number.EPSILON;
}

function checkList(value: readonly unknown[], schema: CustomSchema, path: FieldPath, old: unknown): FieldError[] {
  const { maxItems, minItems, uniqueItems } = schema;
  const errors: FieldError[] = [];
  if (minItems !== undefined && value.length < minItems) {
    errors.push(wrong(path, value.length, `should have at least ${minItems} items`));
  }
  // Beyond, the items aren't worth the time that they would take.
  if (maxItems !== undefined && value.length > maxItems) return [...errors, tooMany(path, value.length, maxItems)];
  if (uniqueItems && new Set(value.map(canonicalText)).size < value.length) {
    errors.push(wrong(path, value, "shouldn't contain duplicates"));
  }
  const items = itemSchema(schema);
  if (items === undefined) return errors;
  const before = Array.isArray(old) ? itemsByKeys(old, schema) : undefined;
  value.forEach((item, index) => {
    errors.push(...validateSchema(item, items, path.index(index), before?.(item)));
  });
  return errors;
}

function checkObject(value: PlainObject, schema: CustomSchema, path: FieldPath, old: unknown): FieldError[] {
  const errors: FieldError[] = [];
  const { maxProperties, minProperties } = schema;
  const names = Object.keys(value);
  if (maxProperties !== undefined && names.length > maxProperties) {
    errors.push(tooMany(path, names.length, maxProperties));
  }
  if (minProperties !== undefined && names.length < minProperties) {
    errors.push(wrong(path, value, `should have at least ${minProperties} properties`));
  }
  for (const name of schema.required ?? []) {
    if (!Object.hasOwn(value, name)) errors.push(required(path.child(name)));
  }
  for (const name of names) {
    const known = fieldSchema(schema, name);
    const before = isPlainObject(old) ? getOwn(old, name) : undefined;
    if (known !== undefined) errors.push(...validateSchema(value[name], known, path.child(name), before));
    else if (schema.additionalProperties === false) {
      errors.push(wrong(path.child(name), name, 'is a forbidden property'));
    }
  }
  return errors;
}
