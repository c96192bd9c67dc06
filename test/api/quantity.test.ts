import test from 'ava';
import fc from 'fast-check';
import {
  addQuantities,
  canonicalQuantity,
  compareQuantities,
  formatQuantity,
  milliValueOf,
  parseQuantity,
  quantityProblem,
  subtractQuantities,
  wholeValueOf,
} from '../../src/api/index.ts';

test('canonical forms are those of Kubernetes', (t) => {
  const cases: [written: string, canonical: string][] = [
    ['0', '0'],
    ['0.5', '500m'],
    ['1000m', '1'],
    ['1024Mi', '1Gi'],
    ['1.5Gi', '1536Mi'],
    ['0.5Ki', '512'],
    ['1500', '1500'],
    ['1000000', '1M'],
    ['100000000m', '100k'],
    ['1e3', '1e3'],
    ['1e9', '1e9'],
    ['1000e6', '1e9'],
    ['1.5e3', '1500'],
    ['0.1m', '100u'],
    ['1.2n', '2n'],
    ['-0.5', '-500m'],
    ['+5', '+5'],
    ['1.500', '1.500'],
    ['0.0', '0'],
    ['00010', '00010'],
    ['9Ei', '9223372036854775807'],
    ['1025Mi', '1025Mi'],
    ['128974848', '128974848'],
    ['129e6', '129e6'],
    ['123Mi', '123Mi'],
    ['.5', '500m'],
    ['5.', '5.'],
  ];
  for (const [written, canonical] of cases) t.is(canonicalQuantity(written), canonical, written);
  t.is(canonicalQuantity(2), '2');
  t.is(canonicalQuantity('0.1Mi'), '104857600m');
});

test('what is not an amount is refused', (t) => {
  for (const text of ['', 'abc', '1x', '1 Gi', '--1', '1.2.3', '1ki', 'Mi', '1e', '.', '1e9999999']) {
    t.is(canonicalQuantity(text), undefined, text);
    t.true((quantityProblem(text) ?? '').length > 0, text);
    t.throws(() => parseQuantity(text), { instanceOf: RangeError });
  }
  t.is(quantityProblem('1Gi'), undefined);
});

const suffixes = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'Ki', 'Mi', 'Gi', 'Ti', 'e3', 'E-2'];
const written = fc
  .tuple(fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }), fc.nat(999), fc.constantFrom(...suffixes))
  .map(([whole, fraction, suffix]) => `${whole}.${fraction}${suffix}`);

test('the canonical form means the same and is its own canonical form', (t) => {
  fc.assert(
    fc.property(written, (text) => {
      const quantity = parseQuantity(text);
      const canonical = formatQuantity(quantity);
      t.is(compareQuantities(parseQuantity(canonical), quantity), 0, `${text} → ${canonical}`);
      t.is(formatQuantity(parseQuantity(canonical)), canonical);
      t.is(compareQuantities(parseQuantity(canonicalQuantity(text)!), quantity), 0);
    }),
  );
});

test('sums are exact and differences undo them', (t) => {
  fc.assert(
    fc.property(written, written, (a, b) => {
      const [x, y] = [parseQuantity(a), parseQuantity(b)];
      const sum = addQuantities(x, y);
      t.is(compareQuantities(sum, addQuantities(y, x)), 0);
      t.is(compareQuantities(subtractQuantities(sum, y), x), 0);
    }),
  );
  t.is(formatQuantity(addQuantities(parseQuantity('0.1'), parseQuantity('0.2'))), '300m');
});

test('the fast ways to numbers agree with the exact one', (t) => {
  fc.assert(
    fc.property(fc.nat(999_999), fc.constantFrom(...suffixes), (whole, suffix) => {
      const text = `${whole}${suffix}`;
      const { nanos } = parseQuantity(text);
      t.is(wholeValueOf(text), Number((nanos + 999_999_999n) / 1_000_000_000n), text);
      t.is(milliValueOf(text), Number((nanos + 999_999n) / 1_000_000n), text);
    }),
  );
  t.is(milliValueOf(2), 2000);
  t.is(wholeValueOf(2), 2);
  t.is(milliValueOf('-1.5m'), -2);
  t.is(wholeValueOf('1.1'), 2);
});

test('amounts compare by value, whatever their spelling', (t) => {
  t.true(compareQuantities(parseQuantity('1Gi'), parseQuantity('1G')) > 0);
  t.true(compareQuantities(parseQuantity('999m'), parseQuantity('1')) < 0);
  t.is(compareQuantities(parseQuantity('1Ki'), parseQuantity('1024')), 0);
});
