import test from 'ava';
import fc from 'fast-check';
import { fillDefaults } from '../../../src/api/custom/defaults.ts';
import { hasFormat } from '../../../src/api/custom/formats.ts';
import { checkLists } from '../../../src/api/custom/lists.ts';
import { prune } from '../../../src/api/custom/prune.ts';
import { validateSchema } from '../../../src/api/custom/validate.ts';
import { fieldErrorText } from '../../../src/api/field-errors.ts';
import { type CustomSchema, clonePlain, fieldPath, isPlainObject } from '../../../src/api/index.ts';

const texts = (value: unknown, schema: CustomSchema, old?: unknown): string[] =>
  validateSchema(value, schema, fieldPath('spec'), old).map(fieldErrorText);

const names = ['a', 'b', 'c', '__proto__', 'constructor'];
const name = fc.constantFrom(...names);

/** Structural schemas, three levels deep at most. */
const schema: fc.Arbitrary<CustomSchema> = fc.letrec<{ schema: CustomSchema }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom<CustomSchema>(
      { type: 'string', default: 'd' },
      { type: 'integer' },
      { type: 'boolean', nullable: true },
      { 'x-kubernetes-int-or-string': true, default: 1 },
      { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    ),
    fc
      .array(fc.tuple(name, tie('schema')), { maxLength: 3 })
      .map((properties): CustomSchema => ({ type: 'object', properties: Object.fromEntries(properties) })),
    tie('schema').map((items): CustomSchema => ({ type: 'array', items })),
    tie('schema').map((additionalProperties): CustomSchema => ({ type: 'object', additionalProperties })),
  ),
})).schema;

const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<unknown>(null, true, 1, 2.5, 'text'),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.tuple(name, tie('value')), { maxLength: 3 }).map((entries) => Object.fromEntries(entries)),
  ),
})).value;

const object = fc
  .array(fc.tuple(name, json), { maxLength: 4 })
  .map((entries) => Object.fromEntries(entries) as Record<string, unknown>);

/** Whether nothing is in the value that the schema doesn't know. */
function known(value: unknown, { properties = {}, additionalProperties, items, ...rest }: CustomSchema): boolean {
  if (Array.isArray(value)) {
    return value.every((item) => known(item, Array.isArray(items) ? {} : (items ?? rest)));
  }
  if (!isPlainObject(value)) return true;
  return Object.keys(value).every((key) => {
    if (Object.hasOwn(properties, key)) return known(value[key], properties[key]!);
    if (typeof additionalProperties === 'object') return known(value[key], additionalProperties);
    return rest['x-kubernetes-preserve-unknown-fields'] === true;
  });
}

test('pruning leaves only what the schema knows, tells of the rest, and does nothing the second time', (t) => {
  fc.assert(
    fc.property(object, fc.array(fc.tuple(name, schema), { maxLength: 4 }), (value, properties) => {
      const root: CustomSchema = { type: 'object', properties: Object.fromEntries(properties) };
      const before = JSON.stringify(value);
      const told: string[] = [];
      prune(value, root, (path) => told.push(path));
      t.true(known(value, root));
      t.is(told.length === 0, JSON.stringify(value) === before);
      prune(value, root, () => t.fail());
    }),
    { numRuns: 500 },
  );
  t.is(Object.getPrototypeOf({}), Object.prototype);
});

test('defaults are filled in once, and only where nothing is', (t) => {
  fc.assert(
    fc.property(object, schema, (value, below) => {
      const root: CustomSchema = { type: 'object', properties: { a: below, b: { type: 'string', default: 'x' } } };
      const given = Object.hasOwn(value, 'b') && value['b'] !== null ? clonePlain(value['b']) : 'x';
      fillDefaults(value, root);
      t.deepEqual(value['b'], given);
      const once = clonePlain(value);
      fillDefaults(value, root);
      t.deepEqual(value, once);
    }),
    { numRuns: 500 },
  );
});

test('validation neither throws nor changes anything, and what is unchanged is never wrong', (t) => {
  fc.assert(
    fc.property(json, schema, (value, root) => {
      const before = clonePlain(value);
      validateSchema(value, root, fieldPath('spec'));
      checkLists(value, root, fieldPath('spec'));
      t.deepEqual(value, before);
      if (value !== undefined) t.deepEqual(texts(value, root, clonePlain(value)), []);
    }),
    { numRuns: 500 },
  );
});

test('types, bounds and patterns are told of as Kubernetes does', (t) => {
  t.deepEqual(texts('x', { type: 'integer' }), [
    'spec: Invalid value: "string": spec in body must be of type integer: "string"',
  ]);
  t.deepEqual(texts(1.5, { type: 'integer' }), [
    'spec: Invalid value: "number": spec in body must be of type integer: "number"',
  ]);
  t.deepEqual(texts(null, { type: 'string' }), [
    'spec: Invalid value: "null": spec in body must be of type string: "null"',
  ]);
  t.deepEqual(texts(null, { type: 'string', nullable: true, minLength: 3 }), []);
  t.deepEqual(texts(1, { type: 'number', minimum: 1, exclusiveMinimum: true }), [
    'spec: Invalid value: 1: spec in body should be greater than 1',
  ]);
  t.deepEqual(texts(11, { type: 'integer', maximum: 10, multipleOf: 2 }), [
    'spec: Invalid value: 11: spec in body should be a multiple of 2',
    'spec: Invalid value: 11: spec in body should be less than or equal to 10',
  ]);
  t.deepEqual(texts(0.3, { type: 'number', multipleOf: 0.1 }), []);
  t.deepEqual(texts('äöü', { type: 'string', minLength: 4 }), [
    'spec: Invalid value: "äöü": spec in body should be at least 4 chars long',
  ]);
  t.deepEqual(texts('abcd', { type: 'string', maxLength: 3 }), ['spec: Too long: may not be more than 3 bytes']);
  t.deepEqual(texts('ab', { type: 'string', pattern: '^[0-9]+$' }), [
    `spec: Invalid value: "ab": spec in body should match '^[0-9]+$'`,
  ]);
  t.deepEqual(texts('x', { type: 'string', format: 'date-time' }), [
    'spec: Invalid value: "x": spec in body must be of type date-time: "x"',
  ]);
  t.deepEqual(texts({}, { type: 'object', required: ['a'] }), ['spec.a: Required value']);
  t.deepEqual(texts('c', { type: 'string', enum: ['a', 'b'] }), [
    'spec: Unsupported value: "c": supported values: "a", "b"',
  ]);
  t.deepEqual(texts([1, 2], { type: 'array', maxItems: 1, items: { type: 'integer' } }), [
    'spec: Too many: 2: must have at most 1 item',
  ]);
  t.deepEqual(
    texts([[{ x: 1 }]], {
      type: 'array',
      items: { type: 'array', items: { type: 'object', properties: { x: { type: 'string' } } } },
    }),
    ['spec[0][0].x: Invalid value: "integer": spec[0][0].x in body must be of type string: "integer"'],
  );
  t.deepEqual(texts(true, { 'x-kubernetes-int-or-string': true }), [
    'spec: Invalid value: "": "spec" must validate at least one schema (anyOf)',
    'spec: Invalid value: "boolean": spec in body must be of type integer: "boolean"',
  ]);
});

test('oneOf, anyOf, allOf and not', (t) => {
  const properties = { a: { type: 'string' }, b: { type: 'string' } };
  const either = [{ required: ['a'] }, { required: ['b'] }];
  const base: CustomSchema = { type: 'object', properties };
  t.deepEqual(texts({ a: '' }, { ...base, oneOf: either }), []);
  t.deepEqual(texts({ a: '', b: '' }, { ...base, oneOf: either }), [
    'spec: Invalid value: "": "spec" must validate one and only one schema (oneOf). Found 2 valid alternatives',
  ]);
  t.deepEqual(
    texts({}, { ...base, oneOf: either })[0],
    'spec: Invalid value: "": "spec" must validate one and only one schema (oneOf). Found none valid',
  );
  t.deepEqual(
    texts({}, { ...base, anyOf: either })[0],
    'spec: Invalid value: "": "spec" must validate at least one schema (anyOf)',
  );
  t.deepEqual(texts({ a: '' }, { ...base, allOf: either }), [
    'spec.b: Required value',
    'spec: Invalid value: "": "spec" must validate all the schemas (allOf)',
  ]);
  t.deepEqual(texts({ a: '' }, { ...base, not: either[0]! }), [
    'spec: Invalid value: "": "spec" must not validate the schema (not)',
  ]);
});

test('a pattern that would take others forever takes no time', (t) => {
  const schema = { type: 'string', pattern: '^(a+)+$' };
  t.is(texts(`${'a'.repeat(50_000)}!`, schema).length, 1);
});

test('sets and maps have each item once; what was twice before may stay', (t) => {
  const items = { type: 'object', properties: { k: { type: 'string', default: 'd' }, v: { type: 'integer' } } };
  const map: CustomSchema = {
    type: 'array',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['k'],
    items,
  };
  const found = (value: unknown, schema: CustomSchema, old?: unknown) =>
    checkLists(value, schema, fieldPath('spec'), old).map(fieldErrorText);
  t.deepEqual(found([{ k: 'a' }, { v: 1 }, { k: 'd' }, { k: 'a', v: 2 }], map), [
    'spec[2]: Duplicate value: {"k":"d"}',
    'spec[3]: Duplicate value: {"k":"a"}',
  ]);
  const set: CustomSchema = { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } };
  t.deepEqual(found(['a', 'b', 'a'], set), ['spec[2]: Duplicate value: "a"']);
  t.deepEqual(found(['a', 'a'], set, ['a', 'a']), []);
});

test('formats', (t) => {
  const good: Record<string, string> = {
    'date-time': '2024-02-29T12:00:00Z',
    date: '2024-02-29',
    uri: 'https://example.com/x',
    email: 'a@example.com',
    hostname: 'www.example.com',
    ipv4: '10.0.0.1',
    ipv6: 'fe80::1',
    cidr: '10.0.0.0/8',
    mac: '01:23:45:67:89:ab',
    uuid: '123e4567-e89b-42d3-a456-426614174000',
    uuid4: '123e4567-e89b-42d3-a456-426614174000',
    byte: 'YWJj',
    duration: '1h30m',
    hexcolor: '#a1b2c3',
    isbn: '978-3-16-148410-0',
    creditcard: '4111 1111 1111 1111',
    'k8s-short-name': 'my-name',
  };
  for (const [format, text] of Object.entries(good)) t.true(hasFormat(format, text), format);
  const bad: Record<string, string> = {
    'date-time': '2024-02-30T12:00:00Z',
    date: '2023-02-29',
    uri: 'nothing',
    email: 'a@',
    hostname: '-a',
    ipv4: '256.0.0.1',
    ipv6: '10.0.0.1',
    cidr: '10.0.0.0/33',
    mac: '01:23',
    uuid: 'x',
    uuid4: '123e4567-e89b-12d3-a456-426614174000',
    byte: '*',
    duration: 'long',
    hexcolor: '#12345',
    isbn: '978-3-16-148410-1',
    creditcard: '4111 1111 1111 1112',
    'k8s-short-name': 'My.Name',
  };
  for (const [format, text] of Object.entries(bad)) t.false(hasFormat(format, text), format);
  t.true(hasFormat('made-up', 'anything'));
});
