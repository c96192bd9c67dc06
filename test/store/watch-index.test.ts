import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { type Ranged, WatchIndex } from '../../src/store/watch-index.ts';
import { keys, ranges } from './model.ts';

test('finds exactly the ranges that contain a key, while ranges come and go', (t) => {
  const steps = fc.array(fc.tuple(ranges, fc.boolean(), fc.nat()), { maxLength: 60 });
  fc.assert(
    fc.property(steps, fc.array(keys, { minLength: 5 }), (changes, probes) => {
      const index = new WatchIndex<Ranged>();
      let present: Ranged[] = [];
      for (const [{ key, end }, isRemoval, pick] of changes) {
        if (isRemoval && present.length > 0) {
          const removed = present[pick % present.length]!;
          index.remove(removed);
          present = present.filter((range) => range !== removed);
        } else {
          const added = { key, end };
          index.add(added);
          present.push(added);
        }
        for (const probe of probes) {
          const found: Ranged[] = [];
          index.find(probe, (range) => found.push(range));
          const expected = present.filter((range) =>
            range.end === undefined ? range.key === probe : range.key <= probe && probe < range.end,
          );
          assert.equal(found.length, expected.length);
          assert.deepEqual(new Set(found), new Set(expected));
        }
      }
    }),
    { numRuns: 100 },
  );
  t.pass();
});
