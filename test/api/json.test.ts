import test from 'ava';
import fc from 'fast-check';
import { BodySyntaxError, parseJson } from '../../src/api/index.ts';

const parse = (text: string): unknown => parseJson(Buffer.from(text)).value;
const duplicates = (text: string): readonly string[] => parseJson(Buffer.from(text)).duplicates;

test('well-formed JSON reads as JSON.parse has it, without duplicates', (t) => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(undefined, 2), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      const parsed = parseJson(Buffer.from(text));
      t.deepEqual(parsed.value, JSON.parse(text));
      t.deepEqual(parsed.duplicates, []);
    }),
    { numRuns: 300 },
  );
});

test('keys given twice are told with their paths, once each', (t) => {
  t.deepEqual(duplicates('{"a":1,"a":2}'), ['a']);
  t.deepEqual(duplicates('{"a":1,"a":2,"a":3}'), ['a']);
  t.deepEqual(duplicates('{"spec":{"containers":[{"image":"x"},{"image":"x","image":"y"}]}}'), [
    'spec.containers[1].image',
  ]);
  t.deepEqual(duplicates('{"a":{"x":"y"},"a":{"x":"z"},"b":[],"b":[]}'), ['a', 'b']);
  t.deepEqual(duplicates('{"a":"\\"","\\u0061":"\\\\"}'), ['a']);
  t.is((parse('{"a":1,"a":2}') as { a: number }).a, 2);
});

const broken: [text: string, error: string][] = [
  ['', 'unexpected end of JSON input'],
  [' ', 'unexpected end of JSON input'],
  ['{"a":', 'unexpected end of JSON input'],
  ['"abc', 'unexpected end of JSON input'],
  ['hello', "invalid character 'h' looking for beginning of value"],
  ['{a:1}', "invalid character 'a' looking for beginning of object key string"],
  ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['{"a":1 "b"}', `invalid character '"' after object key:value pair`],
  ['[1 2]', "invalid character '2' after array element"],
  ['[1,]', "invalid character ']' looking for beginning of value"],
  ['{} x', "invalid character 'x' after top-level value"],
  ['{"a":"\n"}', "invalid character '\\n' in string literal"],
  ['{"a":"\u0001"}', "invalid character '\\x01' in string literal"],
  ['"\\x"', "invalid character 'x' in string escape code"],
  ['"\\u00g0"', "invalid character 'g' in \\u hexadecimal character escape"],
  ['tru3', "invalid character '3' in literal true (expecting 'e')"],
  ['nul', 'unexpected end of JSON input'],
  ['-x', "invalid character 'x' in numeric literal"],
  ['01', "invalid character '1' after top-level value"],
  ['1.x', "invalid character 'x' after decimal point in numeric literal"],
  ['1e+x', "invalid character 'x' in exponent of numeric literal"],
  ["{'a':1}", "invalid character '\\'' looking for beginning of object key string"],
  ['ü', "invalid character 'Ã' looking for beginning of value"],
];
for (const [text, error] of broken) {
  test(`${JSON.stringify(text)} is refused as Go's parser refuses it`, (t) => {
    t.is(t.throws(() => parse(text), { instanceOf: BodySyntaxError })?.message, error);
  });
}

test('whatever JSON.parse refuses gets a text of its own', (t) => {
  const noise = fc.string({ unit: fc.constantFrom(...'{}[]":,0-1.eE+tfnrul\\ \n'), maxLength: 12 });
  fc.assert(
    fc.property(noise, (text) => {
      let refused = false;
      try {
        JSON.parse(text);
      } catch {
        refused = true;
      }
      if (!refused) t.notThrows(() => parse(text));
      else {
        const message = t.throws(() => parse(text), { instanceOf: BodySyntaxError })?.message;
        t.not(message, 'invalid JSON', text);
      }
    }),
    { numRuns: 3000 },
  );
});

test('depth is bounded, however it is made', (t) => {
  for (const [open, close] of [
    ['[', ']'],
    ['{"a":', '}'],
  ] as const) {
    t.notThrows(() => parse(`${open.repeat(900)}1${close.repeat(900)}`));
    const deep = `${open.repeat(100_000)}1${close.repeat(100_000)}`;
    t.is(t.throws(() => parse(deep), { instanceOf: BodySyntaxError })?.message, 'exceeded max depth');
    t.is(t.throws(() => parse(deep.slice(1, 100_000)), { instanceOf: BodySyntaxError })?.name, 'Error');
  }
});

test('a key named __proto__ is a key', (t) => {
  const value = parse('{"__proto__":{"polluted":true},"a":{"__proto__":"x"}}') as Record<string, object>;
  t.deepEqual(Object.keys(value), ['__proto__', 'a']);
  t.is(Object.getPrototypeOf(value), Object.prototype);
  t.false('polluted' in {});
});
