import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { errorCode } from '../../src/base/index.ts';
import { encodeTxn } from '../../src/store/codec.ts';
import { COMPACT, type Command, PUT } from '../../src/store/command.ts';
import type { WatchBatch, WatchHandle } from '../../src/store/index.ts';
import { StoreStateMachine } from '../../src/store/state-machine.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { Model, plain, ranges, txns } from './model.ts';

const part = fc.integer({ min: 0, max: 100 }).map((percent) => percent / 100);
const actions = fc.oneof(
  { weight: 6, arbitrary: txns.map((request) => ({ type: 'txn' as const, request })) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('follow' as const), count: fc.integer({ min: 1, max: 5 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('watch' as const), range: ranges, from: part, previous: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('cancel' as const), which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('compact' as const), part }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('turn' as const) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('jump' as const) }) },
);

interface Watched {
  key: string;
  end: string | undefined;
  from: number;
  previous: boolean;
  batches: WatchBatch[];
  handle: WatchHandle;
  over: 'no' | 'cancelled' | 'compacted';
  /** What the handle said so far. */
  revision: number;
}

/** A follower lags behind, at times jumps ahead by a snapshot; its watches must not notice. */
test('every revision comes exactly once and in order, wherever a watch starts', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(actions, { maxLength: 60 }), async (steps) => {
      const clock = new FakeClock();
      const leader = new StoreStateMachine(clock);
      const follower = new StoreStateMachine(clock);
      const model = new Model();
      const log: Command[] = [];
      let applied = 0;
      const watches: Watched[] = [];
      const propose = (command: Command): void => {
        log.push(command);
        leader.apply([command]);
      };
      for (const step of steps) {
        for (const watched of watches) {
          assert.ok(watched.handle.revision >= watched.revision, 'it knows less than before');
          watched.revision = watched.handle.revision;
        }
        switch (step.type) {
          case 'txn':
            model.txn(step.request);
            propose(encodeTxn(step.request));
            break;
          case 'compact':
            propose([
              COMPACT,
              Math.ceil(leader.keyspace.compactRevision * (1 - step.part) + model.revision * step.part),
            ]);
            break;
          case 'follow':
            follower.apply(log.slice(applied, applied + step.count));
            applied = Math.min(log.length, applied + step.count);
            break;
          case 'jump':
            await follower.restore(leader.snapshot());
            applied = log.length;
            break;
          case 'turn':
            await clock.advance(0);
            break;
          case 'watch': {
            const { revision } = follower.keyspace;
            // Now and then beyond what is there.
            const fromRevision = Math.floor(step.from * (revision + 3));
            const batches: WatchBatch[] = [];
            const watched: Watched = {
              key: step.range.key,
              end: step.range.end,
              from: fromRevision || revision + 1,
              previous: step.previous,
              batches,
              over: 'no',
              revision: 0,
              handle: follower.watches.watch({
                ...step.range,
                fromRevision,
                previous: step.previous,
                listener: (batch) => batches.push(batch),
                onEnd(error) {
                  assert.equal(errorCode(error), 'COMPACTED');
                  watched.over = 'compacted';
                },
              }),
            };
            watches.push(watched);
            break;
          }
          case 'cancel': {
            const watched = watches[step.which % Math.max(1, watches.length)];
            if (watched?.over !== 'no') break;
            watched.handle.cancel();
            watched.over = 'cancelled';
            break;
          }
        }
      }
      follower.apply(log.slice(applied));
      await clock.advance(0);
      for (const { key, end, from, previous, batches, handle, over, revision: known } of watches) {
        assert.ok(handle.revision >= known);
        const expected = model.watched(key, end, from, previous).filter(({ revision }) => revision <= handle.revision);
        assert.deepEqual(plain(batches), plain(expected));
        if (over === 'no') assert.equal(handle.revision, Math.max(model.revision, from - 1));
        if (over === 'compacted') assert.ok(handle.revision + 1 < follower.keyspace.compactRevision);
      }
      assert.equal(clock.pending, 0);
    }),
    { numRuns: 1000 },
  );
  t.pass();
});

const put = (key: string, value = 'v'): Command => [PUT, key, Buffer.from(value), 0, 0];

test('a long way to catch up is gone in slices, with live events after it', async (t) => {
  const clock = new FakeClock();
  const state = new StoreStateMachine(clock);
  for (let i = 0; i < 9000; i++) state.apply([put(`k${i % 10}`)]);
  const seen: number[] = [];
  const handle = state.watches.watch({
    key: 'k',
    end: 'l',
    fromRevision: 2,
    listener: ({ revision }) => seen.push(revision),
  });
  await Promise.resolve();
  t.true(seen.length > 0 && seen.length < 9000);
  t.is(handle.revision, seen.at(-1)!);
  state.apply([put('k0')]);
  t.true(seen.length < 9000, 'the new one waits its turn');
  await clock.advance(0);
  state.apply([put('k1')]);
  t.deepEqual(
    seen,
    Array.from({ length: 9002 }, (_, i) => i + 2),
  );
});

test('watches of one range share each batch, and only those who want it get the previous value', (t) => {
  const state = new StoreStateMachine(new FakeClock());
  const batches: WatchBatch[] = [];
  for (const previous of [false, false, true]) {
    state.watches.watch({ key: 'k', previous, listener: (batch) => batches.push(batch) });
  }
  state.apply([put('k', 'one'), put('k', 'two')]);
  t.is(batches.length, 6);
  t.is(batches[0], batches[1]);
  t.is(batches[3]!.events[0]!.previous, undefined);
  t.is(Buffer.from(batches[5]!.events[0]!.previous!.value).toString(), 'one');
});

test('a listener may start and cancel watches', (t) => {
  const state = new StoreStateMachine(new FakeClock());
  const seen: string[] = [];
  const first = state.watches.watch({
    key: 'a',
    end: 'b',
    listener: ({ revision }) => {
      seen.push(`first ${revision}`);
      if (revision === 2) {
        state.watches.watch({ key: 'a', end: 'b', listener: (batch) => seen.push(`second ${batch.revision}`) });
      }
      if (revision === 3) third.cancel();
      if (revision === 4) first.cancel();
    },
  });
  const third = state.watches.watch({ key: 'a', end: 'b', listener: ({ revision }) => seen.push(`third ${revision}`) });
  state.apply([put('a1'), put('a2'), put('a3'), put('a4')]);
  t.deepEqual(seen, ['first 2', 'third 2', 'first 3', 'second 3', 'first 4', 'second 4', 'second 5']);
  t.is(third.revision, 2, 'cancelled before it got revision 3');
  t.is(first.revision, 4);
});

test('a listener that throws loses its watch, and nobody else anything', (t) => {
  const state = new StoreStateMachine(new FakeClock());
  let seen = 0;
  state.watches.watch({
    key: 'k',
    listener() {
      throw new Error('oops');
    },
    onEnd: (error) => {
      t.is(errorCode(error), 'STOPPED');
      t.regex(error.message, /oops/);
    },
  });
  state.watches.watch({ key: 'k', listener: () => seen++ });
  state.apply([put('k'), put('k')]);
  t.is(seen, 2);
  t.plan(3);
});

test('closing ends all watches, behind or not', async (t) => {
  const clock = new FakeClock();
  const state = new StoreStateMachine(clock);
  for (let i = 0; i < 5; i++) state.apply([put('k')]);
  const ends: string[] = [];
  const start = (fromRevision: number): void => {
    state.watches.watch({
      key: 'k',
      fromRevision,
      listener: () => t.fail(),
      onEnd: (error) => ends.push(errorCode(error)!),
    });
  };
  start(2);
  start(0);
  state.watches.close();
  start(0);
  await clock.advance(0);
  t.deepEqual(ends, ['STOPPED', 'STOPPED', 'STOPPED']);
});

test('a watch to which nothing happened for long needs no history from then', async (t) => {
  const clock = new FakeClock();
  const leader = new StoreStateMachine(clock);
  const follower = new StoreStateMachine(clock);
  const seen: number[] = [];
  const handle = follower.watches.watch({
    key: 'quiet',
    listener: ({ revision }) => seen.push(revision),
    onEnd: (error) => t.fail(error.message),
  });
  const busy = Array.from({ length: 10 }, () => put('busy'));
  leader.apply(busy);
  follower.apply(busy);
  t.is(handle.revision, 11);
  leader.apply([put('quiet'), [COMPACT, 12]]);
  await follower.restore(leader.snapshot());
  await clock.advance(0);
  t.deepEqual(seen, [12]);
  t.is(handle.revision, 12);
});
