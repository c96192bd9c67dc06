import test from 'ava';
import { errorCode, seededRandom } from '../../src/base/index.ts';
import { createMemoryStore, type LocalStore } from '../../src/store/index.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { bytes, put, txn } from './helpers.ts';
import { ReplicatedCluster } from './replicated-subject.ts';

const QUOTA = 200_000;

function openStore(): LocalStore {
  return createMemoryStore({ clock: new FakeClock(), history: false, quotaBytes: QUOTA });
}

/** Writes until the store refuses; returns how many writes it took. */
async function fill(store: LocalStore, keyOf: (i: number) => string): Promise<number> {
  for (let i = 0; ; i++) {
    try {
      await store.put(keyOf(i), Buffer.alloc(1000));
    } catch (error) {
      if (errorCode(error) === 'NO_SPACE') return i;
      throw error;
    }
  }
}

test('a full store refuses what adds to it, and nothing else', async (t) => {
  const store = openStore();
  const { id } = await store.leaseGrant({ ttl: 60 });
  await store.put('leased', bytes('x'), { lease: id });
  const written = await fill(store, (i) => `k${i}`);
  t.true(written > 100 && written < 200, `${written} writes`);
  t.true(store.local.space().full);
  const { revision } = store.local;
  await t.throwsAsync(store.put('k0', bytes('')), { code: 'NO_SPACE' });
  await t.throwsAsync(store.txn(txn([], [put('a', 'b')])), { code: 'NO_SPACE' });
  await t.throwsAsync(store.txn(txn([], [], [{ type: 'txn', request: txn([], [put('a', 'b')]) }])), {
    code: 'NO_SPACE',
  });
  await t.throwsAsync(store.leaseGrant({ ttl: 60 }), { code: 'NO_SPACE' });
  t.is(store.local.revision, revision);

  t.is((await store.range({ key: 'k0' })).count, 1);
  await store.leaseKeepAlive(id);
  t.true((await store.txn(txn([], [{ type: 'delete', key: 'k0' }]))).succeeded);
  await store.leaseRevoke(id);
  t.is((await store.range({ key: 'leased' })).count, 0);
  await store.compact(store.local.revision);
  await store.close();
});

test('history counts, and its compaction makes a store writable again', async (t) => {
  const store = openStore();
  await fill(store, () => 'k');
  t.is(store.local.range({ key: 'k' }).count, 1);
  await store.compact(store.local.revision);
  t.false(store.local.space().full);
  await store.put('k', bytes('again'));
  await store.close();
});

test('a store is writable again only once it is clearly below its quota', async (t) => {
  const store = openStore();
  const written = await fill(store, (i) => `k${i}`);
  let freed = 0;
  while (store.local.space().full && freed < written) {
    await store.delete(`k${freed++}`);
    await store.compact(store.local.revision);
  }
  t.true(store.local.space().used < 0.95 * QUOTA);
  t.true(freed > 0.04 * written && freed < 0.1 * written, `${freed} of ${written}`);
  // What a deletion left behind is gone too.
  await store.put('new', bytes('x'));
  await store.close();
});

test('history that was compacted while it was pinned is given back when a write asks', async (t) => {
  const store = openStore();
  await fill(store, () => 'k');
  const snapshot = store.local.snapshot()[Symbol.asyncIterator]();
  await store.compact(store.local.revision);
  await t.throwsAsync(store.put('k', bytes('x')), { code: 'NO_SPACE' });
  await snapshot.return?.();
  await store.put('k', bytes('x'));
  await store.close();
});

test('random writes and deletions keep usage near the quota, and usage is what is there', async (t) => {
  const seed = 7;
  const random = seededRandom(seed);
  const store = openStore();
  for (let i = 0; i < 3000; i++) {
    const key = `k${Math.floor(random.next() * 300)}`;
    if (random.next() < 0.7) await store.put(key, Buffer.alloc(Math.floor(random.next() * 3000))).catch(() => {});
    else await store.delete(key);
    if (random.next() < 0.05) await store.compact(store.local.revision).catch(() => {});
    t.true(store.local.space().used < QUOTA + 10_000, `seed ${seed}, step ${i}`);
  }
  await store.delete('k', 'l');
  await store.compact(store.local.revision);
  await store.put('one', bytes('more'));
  await store.compact(store.local.revision);
  t.true(store.local.space().used < 1000, `seed ${seed}: ${store.local.space().used} bytes remain`);
  await store.close();
});

test('deleting all at one revision and compacting up to it makes room', async (t) => {
  const store = openStore();
  await fill(store, (i) => `k${i}`);
  await store.delete('k', 'l');
  t.true(store.local.space().full);
  await store.compact(store.local.revision);
  await store.put('a', bytes('x'));
  await store.compact(store.local.revision);
  t.true((await fill(store, (i) => `k${i}`)) > 100);
  await store.close();
});

test('on every peer of a cluster a full store refuses, and peers go on alike', async (t) => {
  const cluster = new ReplicatedCluster({ seed: 3, store: { history: false, quotaBytes: QUOTA } });
  t.teardown(() => cluster.stop());
  const stores: LocalStore[] = [];
  for (const id of [1, 2, 3]) stores.push((await cluster.start(id)).store);
  await fill(stores[0]!, (i) => `k${i}`);
  for (const store of stores) {
    await store.readBarrier();
    await t.throwsAsync(store.put('k', bytes('x')), { code: 'NO_SPACE' });
  }
  await stores[1]!.delete('k', 'k5');
  await stores[1]!.delete('k5', 'l');
  await stores[1]!.compact(stores[1]!.local.revision);
  for (const store of stores) {
    await store.readBarrier();
    await store.put('k', bytes('x'));
  }
});
