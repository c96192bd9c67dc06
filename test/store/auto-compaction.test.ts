import test from 'ava';
import { COMPACT } from '../../src/store/command.ts';
import { createMemoryStore, type LocalStore, type StoreOptions } from '../../src/store/index.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { FakeCluster } from './fake-cluster.ts';
import { bytes } from './helpers.ts';

async function write(store: LocalStore, count: number, value = bytes('v')): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, i) => store.put(`k${i % 10}`, value)));
}

test('history is kept for a time, and a number of revisions at least', async (t) => {
  const clock = new FakeClock();
  const store = createMemoryStore({ clock, history: { revisions: 1000, ageMs: 60_000 } });
  for (let minute = 0; minute < 10; minute++) {
    await write(store, 600);
    await clock.advance(60_000);
    const { revision, compactRevision } = store.local;
    t.true(revision - compactRevision >= Math.min(1000, revision));
    // What is a little older than the time to keep may still be there: moments are noted every 15 s.
    t.true(revision - compactRevision <= 1200);
  }
  t.true(store.local.compactRevision >= 4800);
  await store.close();
  t.is(clock.pending, 0);
});

test('recent revisions stay, however many', async (t) => {
  const clock = new FakeClock();
  const store = createMemoryStore({ clock, history: { revisions: 1000, ageMs: 60_000 } });
  await write(store, 100);
  await clock.advance(58_000);
  await write(store, 5000);
  const { revision } = store.local;
  await clock.advance(30_000);
  t.true(store.local.compactRevision <= 101);
  await clock.advance(60_000);
  t.is(store.local.compactRevision, revision - 1000);
});

test('history is bounded in bytes', async (t) => {
  const store = createMemoryStore({ clock: new FakeClock(), history: { bytes: 2_000_000 } });
  for (let i = 0; i < 50; i++) await write(store, 200, Buffer.alloc(1000));
  const { revision, compactRevision } = store.local;
  t.true(revision - compactRevision >= 1000);
  t.true(revision - compactRevision <= 2500);
  await write(store, 1);
  t.is(store.local.range({ key: 'k', end: 'l', revision: store.local.compactRevision }).count, 10);
});

test('only the leader compacts, with what it knew as a follower', async (t) => {
  const clock = new FakeClock();
  const cluster = new FakeCluster(
    2,
    () => ({ clock, history: { revisions: 1000, ageMs: 60_000 } }) satisfies StoreOptions,
  );
  cluster.elect(1, 1);
  await write(cluster.stores[0]!, 3000);
  await clock.advance(50_000);
  cluster.automatic = false;
  cluster.elect(2, 2);
  await clock.advance(30_000);
  t.deepEqual(cluster.waiting, [[COMPACT, 2001]]);
  cluster.deliver();
  for (const store of cluster.stores) {
    t.is(store.local.compactRevision, 2001);
    await store.close();
  }
});

test('it can be left to others', async (t) => {
  const clock = new FakeClock();
  const store = createMemoryStore({ clock, history: false });
  await write(store, 20_000);
  await clock.advance(3_600_000);
  t.is(store.local.compactRevision, 0);
});
