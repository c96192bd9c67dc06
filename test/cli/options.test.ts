import test from 'ava';
import { InvalidArgumentError } from 'commander';
import fc from 'fast-check';
import { integerBetween, positiveInteger, serviceBlock } from '../../src/cli/options.ts';

test('whole numbers between the bounds are taken, and nothing else', (t) => {
  const parse = integerBetween(1, 99);
  fc.assert(fc.property(fc.integer({ min: 1, max: 99 }), (value) => parse(String(value)) === value));
  for (const text of ['', '0', '100', '-1', '+1', '1.5', '1e1', '0x10', ' 1', '1 ', 'abc', '١', '99999999999999999999'])
    t.throws(() => parse(text), { instanceOf: InvalidArgumentError, message: /whole number from 1 to 99/ }, text);
  t.is(positiveInteger('9007199254740991'), Number.MAX_SAFE_INTEGER);
  t.throws(() => positiveInteger('9007199254740992'));
});

test('a block of addresses for Services is of a size that an allocator can have, and begins at its beginning', (t) => {
  for (const block of ['10.0.0.0/24', '10.96.0.0/12', '127.96.0.0/16']) t.is(serviceBlock(block), block);
  for (const text of [
    '',
    '10.0.0.0',
    '10.0.0.1/24',
    '10.0.0.0/25',
    '10.0.0.0/8',
    '10.97.0.0/12',
    '300.0.0.0/24',
    '::/64',
  ])
    t.throws(() => serviceBlock(text), { instanceOf: InvalidArgumentError, message: /block of 2\^8 to 2\^20/ }, text);
});
