import { type CustomSchema, fieldSchema, itemSchema } from '../../api/index.ts';
import { escapeName } from '../../cel/index.ts';

/** Bytes of a request, which bound whatever a schema leaves open. */
const REQUEST_BYTES = 3 * 1024 * 1024;
const DURATION_BYTES = 32;
const DATE_BYTES = 12;
const DATE_TIME_BYTES = 32;

/** Bytes that any value of a schema takes at least, written as JSON. */
export function leastBytes(schema: CustomSchema): number {
  if (schema['x-kubernetes-int-or-string']) return 1;
  switch (schema.type) {
    case 'string':
      return { duration: 3, date: DATE_BYTES, 'date-time': 21 }[schema.format ?? ''] ?? 2;
    case 'boolean':
      return 4;
    case 'integer':
    case 'number':
      return 1;
    case 'object':
      return typeof schema.additionalProperties === 'object' ? 2 : leastObject(schema);
    default:
      return 2;
  }
}

function leastObject({ properties = {}, required = [] }: CustomSchema): number {
  let bytes = 2;
  for (const name of new Set(required)) {
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (property?.type === undefined && !property?.['x-kubernetes-int-or-string']) continue;
    // Defaults are filled in later: they need not be sent.
    if (property.default === undefined) bytes += name.length + 4 + leastBytes(property);
  }
  return bytes;
}

/** How often values of a schema can be in one request. */
export function mostInRequest(schema: CustomSchema): number {
  return Math.floor(REQUEST_BYTES / (leastBytes(schema) + 1));
}

/** How many items, entries, characters or bytes a value of the schema has at most; 0 of what has none. */
function mostElements(schema: CustomSchema): number {
  const { type, format, maxLength, maxItems, maxProperties, additionalProperties } = schema;
  const atLeastNone = (limit: number): number => Math.max(0, limit);
  // A character may be four bytes.
  const text = maxLength === undefined ? undefined : atLeastNone(maxLength) * 4;
  if (schema['x-kubernetes-int-or-string']) return text ?? REQUEST_BYTES - 2;
  switch (type) {
    case 'array': {
      if (maxItems !== undefined) return atLeastNone(maxItems);
      return Math.floor((REQUEST_BYTES - 2) / (leastBytes(itemSchema(schema) ?? {}) + 1));
    }
    case 'object': {
      if (typeof additionalProperties !== 'object') return 0;
      if (maxProperties !== undefined) return atLeastNone(maxProperties);
      return Math.floor((REQUEST_BYTES - 2) / (leastBytes(additionalProperties) + 6));
    }
    case 'string': {
      if (format === 'duration') return DURATION_BYTES;
      if (format === 'date') return DATE_BYTES;
      if (format === 'date-time') return DATE_TIME_BYTES;
      if (format === 'byte') return maxLength === undefined ? REQUEST_BYTES - 2 : atLeastNone(maxLength);
      return text ?? longestChoice(schema) ?? REQUEST_BYTES - 2;
    }
    default:
      return 0;
  }
}

function longestChoice({ enum: choices = [] }: CustomSchema): number | undefined {
  if (choices.length === 0) return undefined;
  return Math.max(0, ...choices.map((choice) => (typeof choice === 'string' ? Buffer.byteLength(choice) : 0)));
}

/** The same at a path below the schema, as estimates of expressions name it. Undefined: nothing is known there. */
export function mostElementsAt(schema: CustomSchema, path: readonly string[]): number | undefined {
  let at: CustomSchema | undefined = schema;
  for (const [index, step] of path.entries()) {
    // Of a map's keys Kubernetes reckons nothing.
    if (step === '@keys') return isMap(at) && index === path.length - 1 ? 0 : undefined;
    if (step === '@items') at = at.type === 'array' ? itemSchema(at) : undefined;
    else if (step === '@values')
      at = isMap(at) ? fieldSchema({ ...at, properties: undefined } as CustomSchema, '') : undefined;
    else at = propertyOf(at, step);
    if (at === undefined || (at.type === undefined && !at['x-kubernetes-int-or-string'])) return undefined;
  }
  return mostElements(at);
}

function isMap({ type, additionalProperties }: CustomSchema): boolean {
  return type === 'object' && typeof additionalProperties === 'object';
}

function propertyOf({ properties = {} }: CustomSchema, field: string): CustomSchema | undefined {
  const name = Object.keys(properties).find((property) => escapeName(property) === field);
  return name === undefined ? undefined : properties[name];
}
