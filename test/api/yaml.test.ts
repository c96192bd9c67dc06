import test from 'ava';
import fc from 'fast-check';
import { BodySyntaxError, parseYaml } from '../../src/api/index.ts';

const parse = (text: string): unknown => parseYaml(Buffer.from(text)).value;

test('YAML reads by way of JSON: string keys, the booleans of YAML 1.1, no dates', (t) => {
  t.deepEqual(parse('a: yes\nb: no\non: x\n1: z\nc: 2024-01-01\nd: 1:30\ne: 0x10\nf: ~\ng: "no"\nh: 1.5\n'), {
    a: true,
    b: false,
    true: 'x',
    1: 'z',
    c: '2024-01-01',
    d: '1:30',
    e: 16,
    f: null,
    g: 'no',
    h: 1.5,
  });
  t.deepEqual(parse('base: &b {x: 1}\nmore: {<<: *b, z: 2}\n'), { base: { x: 1 }, more: { x: 1, z: 2 } });
});

test('JSON is YAML', (t) => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify({ value });
      t.deepEqual(parse(text), JSON.parse(text));
    }),
  );
  t.deepEqual(parseYaml(Buffer.from('{"a":1,"a":2}')).duplicates, ['a']);
  t.deepEqual(parse('{a: 1, b: [x, z]}'), { a: 1, b: ['x', 'z'] });
});

test('keys given twice are told with their lines', (t) => {
  const text = 'spec:\n  replicas: 1\n  paused: true\n  replicas: 2\n';
  t.deepEqual(parseYaml(Buffer.from(text)), {
    value: { spec: { replicas: 2, paused: true } },
    duplicates: ['line 4: key "replicas" already set in map'],
  });
});

const refused: [what: string, text: string, error: RegExp][] = [
  ['a broken document', 'a: [1', /^yaml: line 1: /],
  ['an unknown alias', 'a: *nobody', /^yaml: Unresolved alias/],
  ['a map as a key', '? {a: b}\n: c\n', /^yaml: invalid map key$/],
  ['an endless number', 'a: .inf', /^json: unsupported value/],
  ['brackets only', '['.repeat(100_000), /^yaml: exceeded max depth$/],
  ['several documents', 'a: 1\n---\nb: 2\n', /^yaml: line 2: /],
  [
    'aliases of aliases of aliases',
    `a: &a [x, x]\n${[...'bcdefghi'].map((name, i) => `${name}: &${name} [${`*${'abcdefgh'[i]},`.repeat(9)}]`).join('\n')}`,
    /^yaml: Excessive alias count/,
  ],
];
for (const [what, text, error] of refused) {
  test(`${what} is refused`, (t) => {
    t.regex(t.throws(() => parse(text), { instanceOf: BodySyntaxError })?.message ?? '', error);
  });
}

test('a key named __proto__ is a key', (t) => {
  const value = parse('__proto__: {polluted: true}\n') as object;
  t.deepEqual(Object.keys(value), ['__proto__']);
  t.is(Object.getPrototypeOf(value), Object.prototype);
});
