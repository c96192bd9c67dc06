import test from 'ava';
import fc from 'fast-check';
import {
  bucketRateLimiter,
  exponentialRateLimiter,
  maxOfRateLimiters,
  WorkQueue,
  type WorkQueueOptions,
} from '../../src/client/index.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';

function setUp(options: Partial<WorkQueueOptions> = {}) {
  const clock = new FakeClock();
  const begun: string[] = [];
  const open = new Map<string, () => void>();
  const queue = new WorkQueue({
    clock,
    concurrency: 2,
    process: (key) => {
      begun.push(key);
      return new Promise((resolve) => open.set(key, resolve));
    },
    ...options,
  });
  const finish = async (key: string): Promise<void> => {
    open.get(key)!();
    open.delete(key);
    await settle();
  };
  return { clock, queue, begun, open, finish };
}

test('a key added many times before it is processed is processed once', async (t) => {
  const { queue, begun } = setUp();
  for (const key of ['a', 'b', 'a', 'a']) queue.add(key);
  t.is(queue.depth, 2);
  t.deepEqual(begun, []);
  queue.start();
  await settle();
  t.deepEqual(begun, ['a', 'b']);
});

test('a key added while it is processed is processed again, afterwards', async (t) => {
  const { queue, begun, finish } = setUp();
  queue.start();
  queue.add('a');
  await settle();
  queue.add('a');
  queue.add('a');
  await settle();
  t.deepEqual(begun, ['a']);
  await finish('a');
  t.deepEqual(begun, ['a', 'a']);
  await finish('a');
  t.deepEqual(begun, ['a', 'a']);
  t.true(queue.idle);
});

test('no more keys than allowed are processed at once', async (t) => {
  const { queue, begun, finish } = setUp();
  queue.start();
  for (const key of ['a', 'b', 'c']) queue.add(key);
  await settle();
  t.deepEqual(begun, ['a', 'b']);
  await finish('b');
  t.deepEqual(begun, ['a', 'b', 'c']);
});

test('of several delays of a key the shortest counts', async (t) => {
  const { clock, queue, begun, finish } = setUp();
  queue.start();
  queue.addAfter('a', 500);
  queue.addAfter('a', 100);
  queue.addAfter('a', 300);
  await clock.advance(99);
  t.deepEqual(begun, []);
  await clock.advance(1);
  t.deepEqual(begun, ['a']);
  await finish('a');
  await clock.advance(1_000);
  t.deepEqual(begun, ['a']);
  queue.addAfter('b', 0);
  await settle();
  t.deepEqual(begun, ['a', 'b']);
});

test('failures wait 5 ms, then twice as long each time, up to 1000 s, until forgotten', (t) => {
  const limiter = exponentialRateLimiter();
  const delays = Array.from({ length: 20 }, () => limiter.when('a'));
  t.deepEqual(delays.slice(0, 4), [5, 10, 20, 40]);
  t.is(delays.at(-1), 1_000_000);
  t.is(limiter.when('b'), 5);
  t.is(limiter.failures('a'), 20);
  limiter.forget('a');
  t.is(limiter.failures('a'), 0);
  t.is(limiter.when('a'), 5);
});

test('addRateLimited waits as the limiter says', async (t) => {
  const { clock, queue, begun, finish } = setUp();
  queue.start();
  queue.addRateLimited('a');
  await clock.advance(5);
  await finish('a');
  queue.addRateLimited('a');
  t.is(queue.failures('a'), 2);
  await clock.advance(9);
  t.deepEqual(begun, ['a']);
  await clock.advance(1);
  t.deepEqual(begun, ['a', 'a']);
  queue.forget('a');
  t.is(queue.failures('a'), 0);
});

test('a bucket lets a burst through, then a rate; with others the longest wait counts', (t) => {
  const clock = new FakeClock();
  const bucket = bucketRateLimiter({ clock, perSecond: 10, burst: 2 });
  const both = maxOfRateLimiters(bucket, exponentialRateLimiter({ baseMs: 1, maxMs: 4 }));
  t.deepEqual(
    ['a', 'b', 'c', 'd'].map((key) => both.when(key)),
    [1, 1, 100, 200],
  );
  both.forget('a');
  t.is(both.failures('a'), 0);
  t.is(both.failures('b'), 1);
});

test('a bucket refills with time', async (t) => {
  const clock = new FakeClock();
  const bucket = bucketRateLimiter({ clock, perSecond: 10, burst: 1 });
  t.is(bucket.when('a'), 0);
  await clock.advance(100);
  t.is(bucket.when('a'), 0);
  t.is(bucket.when('a'), 100);
  bucket.forget('a');
  t.is(bucket.failures('a'), 0);
});

test('stopping waits for what is under way and starts nothing more', async (t) => {
  const { clock, queue, begun, open } = setUp({ concurrency: 1 });
  queue.start();
  for (const key of ['a', 'b']) queue.add(key);
  queue.addAfter('c', 10);
  await settle();
  let stopped = false;
  const stopping = queue.stop().then(() => {
    stopped = true;
  });
  queue.add('d');
  queue.addAfter('e', 1);
  await clock.advance(100);
  t.false(stopped);
  open.get('a')!();
  await stopping;
  t.deepEqual(begun, ['a']);
  t.is(clock.pending, 0);
  queue.start();
  await queue.stop();
});

test('whatever the order, each key is processed after its last add, and never twice at once', async (t) => {
  const operations = fc.array(
    fc.record({
      key: fc.constantFrom('a', 'b', 'c'),
      op: fc.constantFrom('add', 'later', 'limited', 'wait'),
      ms: fc.nat(30),
    }),
    { maxLength: 40 },
  );
  const run = async (list: { key: string; op: string; ms: number }[]): Promise<void> => {
    const clock = new FakeClock();
    const running = new Set<string>();
    /** The last moment at which a key was asked for, and the last at which its processing began. */
    const asked = new Map<string, number>();
    const began = new Map<string, number>();
    let tick = 0;
    const queue = new WorkQueue({
      clock,
      concurrency: 2,
      process: async (key) => {
        t.false(running.has(key));
        t.true(running.size < 2);
        running.add(key);
        began.set(key, ++tick);
        await new Promise<void>((resolve) => clock.setTimer(7, resolve));
        running.delete(key);
      },
    });
    queue.start();
    for (const { key, op, ms } of list) {
      if (op === 'wait') await clock.advance(ms);
      else asked.set(key, ++tick);
      if (op === 'add') queue.add(key);
      else if (op === 'later') queue.addAfter(key, ms);
      else if (op === 'limited') queue.addRateLimited(key);
    }
    await clock.advance(1_000_000);
    t.true(queue.idle);
    for (const [key, at] of asked) t.true(began.get(key)! > at);
  };
  await fc.assert(fc.asyncProperty(operations, run), { numRuns: 100 });
});
