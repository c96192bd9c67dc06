import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { AssertionError, systemClock } from '../../src/base/index.ts';
import { encodeTxn } from '../../src/store/codec.ts';
import { COMPACT, type Command, DELETE, PUT } from '../../src/store/command.ts';
import { CompactedError, FutureRevisionError, keyFromText, keyToText } from '../../src/store/index.ts';
import { StoreStateMachine } from '../../src/store/state-machine.ts';
import { Model, plain, rangeRequests, txns } from './model.ts';

const actions = fc.oneof(
  { weight: 8, arbitrary: txns.map((request) => ({ type: 'txn' as const, request })) },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 0, max: 100 }).map((percent) => ({ type: 'compact' as const, part: percent / 100 })),
  },
);

test('answers like a model that keeps a copy of everything', (t) => {
  fc.assert(
    fc.property(
      fc.array(actions, { maxLength: 40 }),
      fc.array(rangeRequests, { minLength: 3, maxLength: 6 }),
      (steps, reads) => {
        const state = new StoreStateMachine(systemClock);
        const model = new Model();
        for (const step of steps) {
          if (step.type === 'txn') {
            const [result] = state.apply([encodeTxn(step.request)]);
            assert.deepEqual(plain(result), plain(model.txn(step.request)));
          } else {
            const revision = Math.ceil(model.compactRevision + step.part * (model.revision - model.compactRevision));
            const [error] = state.apply([[COMPACT, revision]]);
            if (revision <= model.compactRevision) assert.ok(error instanceof CompactedError);
            else model.compactRevision = revision;
          }
          assert.equal(state.keyspace.revision, model.revision);
          assert.equal(state.keyspace.size, model.now.size);
          const bytes = [...model.now.values()].reduce((sum, { key, value }) => sum + key.length + value.length, 0);
          assert.equal(state.keyspace.bytes, bytes);
        }
        for (let revision = 0; revision <= model.revision + 1; revision++) {
          for (const read of reads) {
            const range = (): unknown => plain(state.keyspace.range({ ...read, revision }));
            if (revision > model.revision) assert.throws(range, FutureRevisionError);
            else if (revision > 0 && revision < model.compactRevision) assert.throws(range, CompactedError);
            else assert.deepEqual(range(), plain(model.range({ ...read, revision })));
          }
        }
      },
    ),
    { numRuns: 1000 },
  );
  t.pass();
});

test('compaction gives back all memory of history', (t) => {
  const state = new StoreStateMachine(systemClock);
  const put = (key: string, value: string): Command => [PUT, key, Buffer.from(value), 0, 0];
  for (let i = 0; i < 100; i++) state.apply([put(`k${i % 10}`, `value ${i}`)]);
  state.apply([[DELETE, 'k3', 'k6', 0]]);
  t.true(state.keyspace.historyBytes > 0);
  state.apply([put('last', '')]);
  state.apply([[COMPACT, state.keyspace.revision]]);
  t.is(state.keyspace.historyBytes, 0);
  t.true(state.keyspace.isClean);
  t.is(state.keyspace.history.end - state.keyspace.history.start, 1, 'the last revision can still be watched');
  t.is(state.keyspace.size, 8);
});

test('a long history is cleaned up in pieces', (t) => {
  const state = new StoreStateMachine(systemClock);
  const put: Command = [PUT, 'k', Buffer.from('v'), 0, 0];
  for (let i = 0; i < 100; i++) state.apply(Array.from({ length: 100 }, () => put));
  state.apply([[COMPACT, state.keyspace.revision]]);
  t.false(state.keyspace.isClean);
  t.throws(() => state.keyspace.range({ key: 'k', revision: state.keyspace.revision - 1 }), { code: 'COMPACTED' });
  for (let i = 0; i < 3; i++) state.apply([]);
  t.true(state.keyspace.isClean);
});

test('a command from a later version stops the peer', (t) => {
  const state = new StoreStateMachine(systemClock);
  t.throws(() => state.apply([[4711]]), { instanceOf: AssertionError, message: /upgrade/ });
});

test('keys for texts are their UTF-8 bytes', (t) => {
  t.is(keyFromText('/päth'), '/p\xc3\xa4th');
  for (const text of ['', 'plain', 'käse', '日本', '🦈']) t.is(keyToText(keyFromText(text)), text);
});
