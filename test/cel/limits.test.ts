import test from 'ava';
import fc from 'fast-check';
import {
  Budget,
  CompileError,
  CostExceededError,
  celTypes,
  compile,
  EvaluationError,
  fromJson,
} from '../../src/cel/index.ts';

const variables = { object: celTypes.dyn };

test('loops in loops end when the budget is used up', (t) => {
  const list = `[${'1, '.repeat(100)}1]`;
  const nested = `${list}.all(a, ${list}.all(b, ${list}.all(c, ${list}.all(d, a + b + c + d > 0))))`;
  const error = t.throws(() => compile(nested, { variables }).evaluate({}), { instanceOf: CostExceededError });
  t.is(error?.message, 'operation cancelled: actual cost limit exceeded');
});

test('texts that double end as well, and no && hides it', (t) => {
  const doubling = `${'cel.bind(s, s + s, '.repeat(60)}s.size() > 0${')'.repeat(60)}`;
  t.throws(() => compile(`cel.bind(s, "0123456789", ${doubling})`, { variables }).evaluate({}), {
    instanceOf: CostExceededError,
  });
  t.throws(() => compile(`cel.bind(s, "0123456789", ${doubling}) || true`, { variables }).evaluate({}), {
    instanceOf: CostExceededError,
  });
});

test('a budget is shared by all that spend of it', (t) => {
  const budget = new Budget(1000);
  const program = compile('[1, 2, 3].map(x, x * 2).size() == 3', { variables });
  t.throws(
    () => {
      for (let index = 0; index < 100; index++) program.evaluate({}, budget);
    },
    { instanceOf: CostExceededError },
  );
  t.true(budget.remaining < 0);
});

test('comparing what is large costs as much', (t) => {
  const large = fromJson({
    a: Array.from({ length: 10_000 }, () => 'x'.repeat(100)),
    b: Array(10_000).fill('x'.repeat(100)),
  });
  const budget = new Budget(1e6);
  t.true(compile('object.a == object.b', { variables }).evaluate({ object: large }, budget));
  t.true(budget.remaining < 1e6 - 100_000);
});

test('no function makes much of little without its being counted first', (t) => {
  const object = fromJson({
    text: 'a'.repeat(200_000),
    list: Array.from({ length: 20_000 }, (_, index) => `x${index}`),
  });
  const costly = [
    "object.text.replace('a', object.text)",
    "object.text.replace('', object.text)",
    'sets.contains(object.list, object.list.map(x, x + "!"))',
    `[${'object.text, '.repeat(500)}''].join(object.text)`,
    `'${'%s'.repeat(500)}'.format([${'object.text, '.repeat(500)}''])`,
    `object.text.contains(object.text + 'b')`,
  ];
  for (const expression of costly) {
    const error = t.throws(() => compile(expression, { variables }).evaluate({ object }));
    t.true(error instanceof CostExceededError, expression);
  }
});

test('no pattern takes more than linear time', (t) => {
  const program = compile('object.text.matches("^(a+)+$")', { variables });
  t.false(program.evaluate({ object: fromJson({ text: `${'a'.repeat(10_000)}!` }) }));
  t.throws(() => compile('"a".matches("(?=a)")', { variables }).evaluate({}), { instanceOf: EvaluationError });
});

test('depth and length are bounded', (t) => {
  const refused = [
    `${'('.repeat(300)}1${')'.repeat(300)}`,
    `${'['.repeat(300)}${']'.repeat(300)}`,
    `1${' + 1'.repeat(2000)}`,
    `object${'.a'.repeat(2000)}`,
    `"${'a'.repeat(100_000)}"`,
  ];
  for (const expression of refused) t.throws(() => compile(expression, { variables }), { instanceOf: CompileError });
  t.is(compile(`true${' && true'.repeat(5000)}`, { variables }).evaluate({}), true);
});

test('names of JavaScript are names like all others', (t) => {
  const object = fromJson(JSON.parse('{"__proto__": 1, "constructor": 2}'));
  t.is(compile('object.__proto__ + object.constructor', { variables }).evaluate({ object }), 3n);
  for (const name of ['toString', 'hasOwnProperty', '__defineGetter__']) {
    t.throws(() => compile(`object.${name}`, { variables }).evaluate({ object }), { message: `no such key: ${name}` });
  }
  t.throws(() => compile('toString', { variables }), { instanceOf: CompileError });
  t.is(compile("{'constructor': 1, '__proto__': 2}.map(k, k).size()", { variables }).evaluate({}), 2n);
});

test('whatever is written, the answer is a value or an error of CEL', (t) => {
  const pieces =
    'object . ( ) [ ] { } ? : , + - * / % ! == != < <= && || in 1 1u 2.5 "a" b"x" true null a x has all exists map size matches'.split(
      ' ',
    );
  const expression = fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((parts) => parts.join(' '));
  fc.assert(
    fc.property(fc.oneof(expression, fc.string()), (source) => {
      try {
        compile(source, { variables }).evaluate({ object: fromJson({ a: [1, { x: 'y' }] }) });
      } catch (error) {
        return error instanceof CompileError || error instanceof EvaluationError;
      }
      return true;
    }),
    { numRuns: 3000 },
  );
  t.pass();
});
