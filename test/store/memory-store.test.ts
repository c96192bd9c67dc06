import test from 'ava';
import { createMemoryStore } from '../../src/store/index.ts';
import { bytes } from './helpers.ts';
import { storeSuite } from './store-suite.ts';

storeSuite(test, 'in memory', async () => {
  const store = createMemoryStore();
  return { stores: [store], close: () => store.close() };
});

test('local reads are answered at once', async (t) => {
  const store = createMemoryStore();
  const { revision } = await store.put('k', bytes('v'));
  t.is(store.local.revision, revision);
  t.is(store.local.compactRevision, 0);
  t.is(store.local.range({ key: 'k' }).kvs[0]?.key, 'k');
  t.throws(() => store.local.range({ key: 'k', revision: 99 }), { code: 'FUTURE_REVISION' });
  t.throws(() => store.local.range({ key: '\u0100' }), { code: 'INVALID' });
});

test('a write by a listener comes after what it listens to', async (t) => {
  const store = createMemoryStore();
  const seen: string[] = [];
  const follow = (name: string): void => {
    store.watch({ key: '', end: '\xff', listener: ({ revision }) => seen.push(`${name} ${revision}`) });
  };
  follow('first');
  store.watch({ key: 'a', listener: () => void store.put('b', bytes('')) });
  follow('last');
  const { revision } = await store.put('a', bytes(''));
  await store.readBarrier();
  t.deepEqual(seen, [`first ${revision}`, `last ${revision}`, `first ${revision + 1}`, `last ${revision + 1}`]);
});
