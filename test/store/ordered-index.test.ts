import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { OrderedIndex } from '../../src/store/ordered-index.ts';
import { Version } from '../../src/store/version.ts';

const key = (n: number): string => `k${String(n).padStart(5, '0')}`;

function version(name: string, live: boolean): Version {
  return new Version(name, '', 1, 1, live ? 1 : 0, 0);
}

/** Runs of keys, so that blocks split and empty. */
const steps = fc.array(
  fc.record({
    from: fc.nat({ max: 4000 }),
    count: fc.nat({ max: 900 }),
    stride: fc.integer({ min: 1, max: 3 }),
    action: fc.constantFrom('set', 'bury', 'delete', 'delete'),
    backwards: fc.boolean(),
  }),
  { minLength: 1, maxLength: 25 },
);

test('agrees with a sorted list', (t) => {
  fc.assert(
    fc.property(
      steps,
      fc.array(fc.tuple(fc.nat({ max: 5000 }), fc.nat({ max: 5000 })), { maxLength: 10 }),
      (runs, ranges) => {
        const index = new OrderedIndex();
        const model = new Map<string, Version>();
        for (const { from, count, stride, action, backwards } of runs) {
          for (let i = 0; i < count; i++) {
            const name = key(from + (backwards ? count - i : i) * stride);
            if (action === 'delete') {
              index.delete(name);
              model.delete(name);
            } else {
              const next = version(name, action === 'set');
              if (index.set(next) !== model.get(name)) throw new Error(`replaced the wrong one at ${name}`);
              model.set(name, next);
            }
          }
        }
        const sorted = [...model.keys()].sort();
        const live = sorted.filter((name) => model.get(name)!.live);
        assert.equal(index.size, sorted.length);
        assert.equal(index.live, live.length);
        for (const [a, b] of [...ranges, [0, 9999] as const]) {
          const [start, end] = [key(a), key(b)];
          assert.equal(index.get(start), model.get(start));
          const expected = sorted.filter((name) => name >= start && name < end);
          const up: string[] = [];
          index.ascend(start, end, (found) => up.push(found.key) > 0);
          assert.deepEqual(up, expected);
          const down: string[] = [];
          index.descend(start, end, (found) => down.push(found.key) < 5);
          assert.deepEqual(down, expected.toReversed().slice(0, 5));
          assert.equal(index.countLive(start, end), live.filter((name) => name >= start && name < end).length);
        }
      },
    ),
    { numRuns: 150 },
  );
  t.pass();
});

test('keys that come in order fill their blocks', (t) => {
  const index = new OrderedIndex();
  for (let i = 0; i < 10_000; i++) index.set(version(key(i), true));
  t.is(index.live, 10_000);
  t.is(index.countLive(key(17), key(9_017)), 9000);
});
