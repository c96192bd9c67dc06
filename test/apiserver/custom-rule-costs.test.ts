import test from 'ava';
import type { CustomResourceDefinition, CustomSchema } from '../../src/api/index.ts';
import { ruleCost } from '../../src/apiserver/custom-rules/costs.ts';
import { checkDefinitionRules } from '../../src/apiserver/custom-rules/index.ts';

/*
 * What Kubernetes reckons for the same rules and schemas (figures of its compilation_test.go): without any limit, and with one.
 */

type Limited = (limit: number | undefined) => CustomSchema;

const primitive = (name: string, limit?: number): CustomSchema => {
  if (name === 'int-or-string') return { 'x-kubernetes-int-or-string': true };
  if (['date', 'date-time', 'duration', 'byte'].includes(name)) {
    return { type: 'string', format: name, ...(name === 'byte' && limit !== undefined ? { maxLength: limit } : {}) };
  }
  return { type: name, ...(name === 'string' && limit !== undefined ? { maxLength: limit } : {}) };
};
const array = (items: CustomSchema, maxItems?: number): CustomSchema => ({
  type: 'array',
  items,
  ...(maxItems === undefined ? {} : { maxItems }),
});
const map = (values: CustomSchema, maxProperties?: number): CustomSchema => ({
  type: 'object',
  additionalProperties: values,
  ...(maxProperties === undefined ? {} : { maxProperties }),
});
const object = (properties: Record<string, CustomSchema>, required: string[] = []): CustomSchema => ({
  type: 'object',
  properties,
  required,
});

const arrayOf =
  (item: string): Limited =>
  (limit) =>
    array(primitive(item), limit);
const mapOf =
  (value: string): Limited =>
  (limit) =>
    map(primitive(value), limit);
const text: Limited = (limit) => primitive('string', limit);
const objects: Limited = (limit) =>
  array(object({ required: primitive('string'), optional: primitive('string') }, ['required']), limit);
const texts: Limited = (limit) => array(primitive('string', limit), limit);

type Case = [name: string, schema: Limited, rule: string, open: number | undefined, limit: number, limited: number];

const cases: Case[] = [
  ['numbers', arrayOf('number'), 'self.all(x, true)', 4718591, 10, 32],
  ['texts', arrayOf('string'), 'self.all(x, true)', 3145727, 20, 62],
  ['booleans', arrayOf('boolean'), 'self.all(x, true)', 1887437, 5, 17],
  ['lists of numbers', (limit) => array(array(primitive('number')), limit), 'self.all(x, true)', 3145727, 100, 302],
  ['a map of numbers', mapOf('number'), 'self.all(x, true)', 1348169, 10, 32],
  ['a map of texts', mapOf('string'), 'self.all(x, true)', 1179647, 3, 11],
  ['a map of booleans', mapOf('boolean'), 'self.all(x, true)', 943718, 100, 302],
  ['contains', text, "self.contains('test')", 314574, 10, 5],
  ['startsWith', text, "self.startsWith('test')", 2, 15, 2],
  ['endsWith', text, "self.endsWith('test')", 2, 30, 2],
  ['joining texts', text, 'size(self + "hello") > size("hello")', 314578, 4, 7],
  ['an index of numbers', arrayOf('number'), 'self[1] == 0.0', 2, 5000, 2],
  ['an index of texts', arrayOf('string'), 'self[1] == self[1]', 314577, 8, 314577],
  ['a loop in a loop', arrayOf('number'), 'self.all(x, self.all(y, true))', undefined, 10, 352],
  ['three loops', arrayOf('number'), 'self.all(x, self.all(y, self.all(z, true)))', undefined, 10, 3552],
  ['a pattern', text, 'self.matches("x")', 314574, 50, 22],
  ['a pattern for nothing', text, '"".matches("(((((((((())))))))))[0-9]")', 7, 10, 7],
  ['an empty pattern', text, 'self.matches("")', 1, 100, 1],
  ['no items', arrayOf('number'), 'self[3] == 0.0', 2, 0, 2],
  ['no entries', mapOf('number'), 'self["x"] == 0.0', 2, 0, 2],
  ['no characters', text, 'self == "x"', 2, 0, 1],
  ['no bytes', (limit) => primitive('byte', limit), 'self == b"x"', 2, 0, 1],
  ['more than a request holds', arrayOf('number'), 'self.all(x, x == 0.0)', 6291454, 3 * 1024 * 2048, 25165826],
  ['numbers or texts', arrayOf('int-or-string'), 'self.all(x, true)', 4718591, 10, 32],
  ['an index of numbers or texts', arrayOf('int-or-string'), 'self[0] == 5', 3, 10, 3],
  ['an index of booleans', arrayOf('boolean'), 'self[0] == false', 2, 25, 2],
  ['an index of objects', objects, 'self[0] == null', 2, 422, 2],
  ['two indices', (limit) => array(array(primitive('number')), limit), 'self[0][0] == -1.0', 3, 51, 3],
  ['maps in a list', (limit) => array(map(primitive('number')), limit), 'self.all(x, x.y == 25.2)', 6291452, 12, 74],
  ['an index of maps', (limit) => array(map(primitive('number')), limit), 'self[0].x > 2.0', 4, 3000, 4],
  ['durations', arrayOf('duration'), 'self.all(x, true)', 2359295, 5, 17],
  ['an index of durations', arrayOf('duration'), 'self[0].getHours() == 2', 4, 525, 4],
  ['dates', arrayOf('date'), 'self.all(x, true)', 725936, 15, 47],
  ['an index of dates', arrayOf('date'), 'self[2].getDayOfMonth() == 13', 4, 42, 4],
  ['times', arrayOf('date-time'), 'self.all(x, true)', 428963, 25, 77],
  ['an index of times', arrayOf('date-time'), 'self[2].getMinutes() == 45', 4, 99, 4],
  ['a map of maps', (limit) => map(map(primitive('number')), limit), 'self.all(x, true)', 1179647, 10, 32],
  ['a map of lists', (limit) => map(array(primitive('number')), limit), 'self.all(x, true)', 1179647, 25, 77],
  ['a map of durations', mapOf('duration'), 'self.all(x, true)', 1048577, 5, 17],
  ['a map of dates', mapOf('date'), 'self.all(x, true)', 524288, 10, 32],
  ['a map of times', mapOf('date-time'), 'self.all(x, true)', 349526, 25, 77],
  ['find', text, "self.find('[0-9]+') == ''", 629147, 10, 11],
  ['join', texts, "self.join(' ') == 'aa bb'", 329853068905, 10, 43],
  ['isSorted', texts, 'self.isSorted() == true', 329854432052, 10, 52],
  [
    'replace',
    (limit) =>
      object({ str: primitive('string', limit), before: primitive('string', 2), after: primitive('string', 4) }),
    "self.str.replace(self.before, self.after) == 'does not matter'",
    629154,
    4,
    12,
  ],
  [
    'split',
    (limit) => object({ str: primitive('string', limit), separator: primitive('string', limit) }),
    'self.str.split(self.separator) == []',
    629160,
    10,
    22,
  ],
  ['lowerAscii', text, "self.lowerAscii() == 'lower!'", 314575, 10, 6],
  ['sizes', mapOf('integer'), 'oldSelf.size() == self.size()', 5, 10, 5],
  ['comparing times', mapOf('date-time'), 'self["a"] == self["b"]', 8, 7, 8],
  ['comparing durations', mapOf('duration'), 'self["c"] == self["d"]', 8, 42, 8],
  [
    'choices',
    (limit) => ({ ...primitive('string', limit), enum: ['A', 'B', 'C', 'LongValue'] }),
    "self.contains('A')",
    2,
    1000,
    401,
  ],
];

for (const [name, schema, rule, open, limit, limited] of cases) {
  test(`what a rule costs is what Kubernetes reckons: ${name}`, (t) => {
    if (open === undefined) t.true(ruleCost(rule, schema(undefined)) > 10_000_000);
    else t.is(ruleCost(rule, schema(undefined)), open);
    t.is(ruleCost(rule, schema(limit)), limited);
  });
}

const definition = (...schemas: CustomSchema[]): CustomResourceDefinition => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'things.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'things', kind: 'Thing' },
    versions: schemas.map((openAPIV3Schema, index) => ({
      name: `v${index + 1}`,
      served: true,
      storage: index === 0,
      schema: { openAPIV3Schema },
    })),
  },
});
const ruled = (schema: CustomSchema, ...rules: object[]): CustomSchema =>
  ({ ...schema, 'x-kubernetes-validations': rules }) as CustomSchema;
const told = (of: CustomResourceDefinition, old?: CustomResourceDefinition): string[] =>
  checkDefinitionRules(of, old).map(({ type, field, detail }) => `${type} ${field}: ${detail}`);
const hint =
  '(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)';
const root = 'spec.validation.openAPIV3Schema';
const loops = { rule: 'self.all(x, self.all(y, x != y))' };

test('a rule that may cost too much is refused, unless it was there before', (t) => {
  const costly = definition(object({ list: ruled(array(primitive('string')), loops) }));
  const refusals = told(costly);
  const at = `FieldValueForbidden ${root}.properties[list].x-kubernetes-validations[0].rule`;
  t.deepEqual(refusals, [
    `${at}: estimated rule cost exceeds budget by factor of more than 100x ${hint}`,
    `${at}: contributed to estimated rule & messageExpression cost total exceeding cost limit for entire OpenAPIv3 schema`,
    `FieldValueForbidden ${root}: estimated rule & messageExpression cost total for entire OpenAPIv3 schema exceeds budget by factor of more than 100x ${hint}`,
  ]);
  t.deepEqual(told(costly, costly), []);
  t.deepEqual(told(definition(object({ list: ruled(array(primitive('string', 10), 10), loops) }))), []);
});

test('how often a value can be there counts: limits of all lists and maps above', (t) => {
  const rule = { rule: 'self.matches("x")' };
  const inList = (length?: number, items?: number) =>
    told(definition(object({ list: array(ruled(primitive('string', length), rule), items) })));
  // 22 steps for fifty characters, and a text without limit is one of a million in a request.
  t.deepEqual(inList(50, 1_000), []);
  t.deepEqual(inList(50), [
    `FieldValueForbidden ${root}.properties[list].items.x-kubernetes-validations[0].rule: estimated rule cost exceeds budget by factor of 2.3x ${hint}`,
  ]);
  t.regex(inList(undefined, 32)[0]!, /estimated rule cost exceeds budget by factor of 1\.006637x/);
});

test('messages have their limit too, and all rules together', (t) => {
  const message = { rule: 'true', messageExpression: 'self.list.map(x, self.list.join(x)).join("")' };
  const [refusal] = told(definition(ruled(object({ list: array(primitive('string')) }), message)));
  t.is(
    refusal,
    `FieldValueForbidden ${root}.x-kubernetes-validations[0].messageExpression: estimated messageExpression cost exceeds budget by factor of more than 100x ${hint}`,
  );
  const nearly = { rule: 'self.all(x, true)' };
  const lists = Array.from({ length: 25 }, (_, index): [string, CustomSchema] => [
    `l${index}`,
    ruled(array(primitive('number')), nearly),
  ]);
  const many = told(definition(object(Object.fromEntries(lists))));
  t.is(many.length, 5);
  t.regex(many[0]!, /^FieldValueForbidden .*properties\[l0\].*: contributed to estimated rule & messageExpression/);
  t.is(
    many[4],
    `FieldValueForbidden ${root}: estimated rule & messageExpression cost total for entire OpenAPIv3 schema exceeds budget by factor of 1.179648x ${hint}`,
  );
});

test('versions with schemas of their own are told apart', (t) => {
  const costly = object({ list: ruled(array(primitive('string')), loops) });
  const [first] = told(definition(object({}), costly));
  t.regex(first!, /^FieldValueForbidden spec\.versions\[1\]\.schema\.openAPIV3Schema\.properties\[list\]/);
  t.deepEqual(told(definition(costly, costly)), told(definition(costly)));
});
