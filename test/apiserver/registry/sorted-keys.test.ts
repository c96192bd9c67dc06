import test from 'ava';
import fc from 'fast-check';
import { SortedKeys } from '../../../src/apiserver/registry/sorted-keys.ts';

const LAST = '\uffff';

test('any ranges are what sorting would give, whatever was added and deleted in between', (t) => {
  const key = fc.integer({ min: 0, max: 4_000 }).map((n) => `k${n}`);
  const step = fc.record({
    begin: fc.integer({ min: 0, max: 4_000 }),
    count: fc.integer({ max: 1_500, min: 1 }),
    drop: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.uniqueArray(key, { maxLength: 50 }),
      fc.array(step, { maxLength: 8 }),
      key,
      key,
      (first, steps, a, b) => {
        const model = new Set(first);
        const keys = SortedKeys.of([...first].sort());
        for (const { begin, count, drop } of steps) {
          for (let n = begin; n < begin + count; n++) {
            const name = `k${n}`;
            if (drop && model.delete(name)) keys.delete(name);
            if (!drop && !model.has(name)) {
              model.add(name);
              keys.add(name);
            }
          }
          const [from, end] = a < b ? [a, b] : [b, a];
          const sorted = [...model].sort();
          t.deepEqual(
            keys.range(from, end),
            sorted.filter((name) => name >= from && name < end),
          );
          t.deepEqual(keys.range('', LAST), sorted);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('keys that come in order fill their blocks, and an empty range is empty', (t) => {
  const keys = SortedKeys.of([]);
  t.deepEqual(keys.range('', LAST), []);
  const names = Array.from({ length: 3_000 }, (_, i) => String(i).padStart(5, '0'));
  for (const name of names) keys.add(name);
  t.deepEqual(keys.range('00100', '00103'), ['00100', '00101', '00102']);
  t.deepEqual(keys.range('00511', '00514'), ['00511', '00512', '00513']);
  t.deepEqual(keys.range('5', LAST), []);
  t.deepEqual(keys.range('00200', '00100'), []);
  for (const name of names) keys.delete(name);
  t.deepEqual(keys.range('', LAST), []);
});
