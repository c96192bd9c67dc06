import test from 'ava';
import fc from 'fast-check';
import { Deadlines } from '../../src/apiserver/deadlines.ts';
import { FakeClock } from '../support/fake-clock.ts';

test('what is not done in time ends within a second of it, what is done does not, and nothing is left', async (t) => {
  const request = fc.record({
    at: fc.integer({ min: 0, max: 30_000 }),
    takes: fc.integer({ min: 0, max: 30_000 }),
    own: fc.option(fc.integer({ min: 1, max: 20_000 }), { nil: undefined }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(request, { maxLength: 30 }), async (requests) => {
      const clock = new FakeClock();
      const ended = new Map<object, number>();
      const deadlines = new Deadlines<object>(clock, 10_000, (item) => ended.set(item, clock.monotonic()));
      for (const item of requests) {
        clock.setTimer(item.at, () => deadlines.add(item, item.own));
        clock.setTimer(item.at + item.takes, () => deadlines.delete(item));
      }
      for (let i = 0; i < 70; i++) await clock.advance(1_000);
      for (const item of requests) {
        const limit = Math.min(item.own ?? 10_000, 10_000);
        const after = (ended.get(item) ?? Number.NaN) - item.at;
        if (item.takes > limit + 1_000) t.true(after >= limit && after <= limit + 1_000, `${after} of ${limit}`);
        if (item.takes < limit) t.false(ended.has(item));
      }
      t.is(clock.pending, 0);
    }),
    { numRuns: 50 },
  );
});
