import fc from 'fast-check';
import { structOf, type TypeDescription, typeOf, type ValueType } from '../../../src/api/index.ts';

/** Any object of a kind, with fields filled at random down to `depth`; well typed, not necessarily valid. */
export function arbitraryKind(apiVersion: string, kind: string, depth = 5): fc.Arbitrary<Record<string, unknown>> {
  return arbitraryStruct(typeOf(apiVersion, kind)!, depth).map((fields) => ({ ...fields, apiVersion, kind }));
}

function arbitraryStruct(type: TypeDescription, depth: number): fc.Arbitrary<Record<string, unknown>> {
  const fields: Record<string, fc.Arbitrary<unknown>> = {};
  for (const field of type.fields.values()) {
    // Nested objects don't say what they are, and protobuf has no place for it.
    if (field.number === 0) continue;
    const value = arbitraryValue(field.type, depth);
    if (value !== undefined) fields[field.jsonName] = value;
  }
  return fc.record(fields, { requiredKeys: [] });
}

/** A flat one: nested ones grow without bound. */
function arbitrarySchema(): fc.Arbitrary<Record<string, unknown>> {
  const { fields } = structOf('apiextensions.k8s.io/v1', 'JSONSchemaProps')!;
  const flat = ['type', 'format', 'nullable', 'maximum', 'maxLength', 'required', 'default', 'enum'];
  return fc.record(Object.fromEntries(flat.map((name) => [name, arbitraryValue(fields.get(name)!.type, 0)!])), {
    requiredKeys: [],
  });
}

const seconds = fc.integer({ min: 0, max: 4_000_000_000 }).map((value) => new Date(value * 1000).toISOString());
const words = fc.string({ maxLength: 6 });
const integers = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });

function arbitraryValue(type: ValueType, depth: number): fc.Arbitrary<unknown> | undefined {
  switch (type.kind) {
    case 'object':
      return depth === 0 ? undefined : arbitraryStruct(type.type, depth - 1);
    case 'list': {
      const items = arbitraryValue(type.items, depth);
      return items && fc.array(items, { maxLength: 2 });
    }
    case 'map': {
      const values = arbitraryValue(type.values, depth);
      return values && fc.dictionary(fc.oneof(words, fc.constant('__proto__')), values, { maxKeys: 2 });
    }
    case 'string':
      return words;
    case 'enum':
      return fc.constantFrom(...type.values);
    case 'bool':
      return fc.boolean();
    case 'int32':
      return integers;
    case 'int64':
      return fc.maxSafeInteger();
    case 'float64':
      return fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0);
    case 'bytes':
      return fc.uint8Array({ maxLength: 5 }).map((bytes) => Buffer.from(bytes).toString('base64'));
    case 'time':
      return seconds.map((text) => `${text.slice(0, 19)}Z`);
    case 'microTime':
      return seconds.map((text) => `${text.slice(0, 19)}.012345Z`);
    case 'quantity':
      return fc.constantFrom('0', '1', '1000m', '1.5', '64Mi', '1Gi', '2e3', '-5k', '100m');
    case 'intOrString':
      return fc.oneof(integers, words);
    case 'raw':
    case 'fields':
      // A negative zero would not survive being written as JSON.
      return fc.dictionary(
        words,
        fc.json({ maxDepth: 1 }).map((text) => JSON.parse(text) as unknown),
        { maxKeys: 2 },
      );
    case 'any':
    case 'deduced':
      return fc.oneof(words, integers, fc.boolean());
    case 'schemaOrBool':
      return depth === 0 ? fc.boolean() : fc.oneof(fc.boolean(), arbitrarySchema());
    case 'schemaOrArray':
      return depth === 0
        ? undefined
        : fc.oneof(arbitrarySchema(), fc.array(arbitrarySchema(), { minLength: 1, maxLength: 2 }));
    case 'schemaOrStrings':
      return fc.oneof(arbitrarySchema(), fc.array(words, { minLength: 1, maxLength: 2 }));
  }
}
