import test from 'ava';
import { createMemoryStore } from '../../src/store/index.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';
import { FakeCluster } from './fake-cluster.ts';
import { put, txn } from './helpers.ts';

const value = Buffer.from('v');

test('a lease that nobody keeps alive takes its keys along, at one revision', async (t) => {
  const clock = new FakeClock();
  const store = createMemoryStore({ clock });
  const { id } = await store.leaseGrant({ ttl: 10 });
  await store.put('b', value, { lease: id });
  await store.put('a', value, { lease: id });
  await store.put('c', value);
  const deleted: string[][] = [];
  store.watch({ key: '', end: '\xff', listener: ({ events }) => deleted.push(events.map(({ kv }) => kv.key)) });
  await clock.advance(9_900);
  t.is((await store.leaseTimeToLive(id)).remaining, 0.1);
  t.is((await store.range({ key: 'a', end: 'd' })).count, 3);
  await clock.advance(200);
  t.deepEqual(deleted, [['a', 'b']]);
  t.deepEqual(await store.leases(), []);
  await t.throwsAsync(store.leaseTimeToLive(id), { code: 'LEASE_NOT_FOUND' });
  await store.close();
  t.is(clock.pending, 0);
});

test('many leases expire each in its own time', async (t) => {
  const clock = new FakeClock();
  const store = createMemoryStore({ clock });
  const ttls = [7, 3, 9, 3, 1, 8, 2, 6, 5, 4];
  for (const [i, ttl] of ttls.entries()) await store.leaseGrant({ ttl, id: i + 1 });
  for (let second = 0; second < 10; second++) {
    await clock.advance(second === 0 ? 500 : 1000);
    t.deepEqual(
      (await store.leases()).sort((a, b) => a - b),
      ttls.flatMap((ttl, i) => (ttl > second ? [i + 1] : [])),
    );
  }
  await store.close();
});

test('keeping alive gives the full time again', async (t) => {
  const clock = new FakeClock();
  const store = createMemoryStore({ clock });
  const { id } = await store.leaseGrant({ ttl: 10 });
  for (let i = 0; i < 5; i++) {
    await clock.advance(9000);
    t.deepEqual(await store.leaseKeepAlive(id), { ttl: 10 });
  }
  t.deepEqual(await store.leases(), [id]);
  await clock.advance(11_000);
  t.deepEqual(await store.leases(), []);
  await t.throwsAsync(store.leaseKeepAlive(id), { code: 'LEASE_NOT_FOUND' });
});

test('a key belongs to the lease of its last write', async (t) => {
  const store = createMemoryStore();
  const first = await store.leaseGrant({ ttl: 100 });
  const second = await store.leaseGrant({ ttl: 100 });
  t.not(first.id, second.id);
  await store.put('moved', value, { lease: first.id });
  await store.put('freed', value, { lease: first.id });
  await store.put('deleted', value, { lease: first.id });
  await store.put('kept', value, { lease: first.id });
  await store.put('moved', value, { lease: second.id });
  await store.put('freed', value);
  await store.delete('deleted');
  await store.txn(txn([], [put('kept', 'w', { ignoreLease: true })]));
  t.deepEqual((await store.leaseTimeToLive(first.id)).keys, ['kept']);
  t.deepEqual((await store.leaseTimeToLive(second.id)).keys, ['moved']);
  const { revision } = await store.status();
  t.deepEqual(await store.leaseRevoke(first.id), { revision: revision + 1 });
  t.deepEqual(
    (await store.range({ key: '', end: '\xff' })).kvs.map(({ key }) => key),
    ['freed', 'moved'],
  );
  await t.throwsAsync(store.put('x', value, { lease: first.id }), { code: 'LEASE_NOT_FOUND' });
  await t.throwsAsync(store.leaseRevoke(first.id), { code: 'LEASE_NOT_FOUND' });
  await t.throwsAsync(store.leaseGrant({ ttl: 5, id: second.id }), { code: 'LEASE_EXISTS' });
});

test("a deposed leader's late revoke spares a lease that was refreshed or granted anew", async (t) => {
  const clock = new FakeClock();
  const cluster = new FakeCluster(3, () => ({ clock }));
  const [old, fresh, third] = cluster.stores as [
    (typeof cluster.stores)[0],
    (typeof cluster.stores)[0],
    (typeof cluster.stores)[0],
  ];
  cluster.elect(1, 1);
  for (const id of [1, 2, 3]) await old.leaseGrant({ ttl: 10, id });
  for (const id of [1, 2, 3]) await old.put(`k${id}`, value, { lease: id });

  cluster.automatic = false;
  await clock.advance(9_000);
  // Peer 1 stays convinced that it leads.
  cluster.elect(2, 2, [2, 3]);
  await clock.advance(1_500);
  t.is(cluster.waiting.length, 3, 'the old leader proposes to revoke all');
  // But others were faster.
  const faster = [
    third.leaseKeepAlive(1),
    fresh.leaseRevoke(2),
    fresh.leaseGrant({ ttl: 10, id: 2 }),
    fresh.put('k2', value, { lease: 2 }),
  ];
  cluster.deliver((proposals) => [...proposals.slice(3), ...proposals.slice(0, 3)]);
  await Promise.all(faster);
  for (const store of cluster.stores) {
    t.deepEqual(await store.leases(), [1, 2]);
    t.deepEqual(
      (await store.range({ key: 'k', end: 'l' })).kvs.map(({ key }) => key),
      ['k1', 'k2'],
    );
  }
});

test('a new leader gives every lease its full time, and only it revokes', async (t) => {
  const clock = new FakeClock();
  const cluster = new FakeCluster(3, () => ({ clock }));
  cluster.elect(1, 1);
  await cluster.stores[0]!.leaseGrant({ ttl: 10, id: 7 });
  await clock.advance(9_000);
  cluster.elect(2, 2);
  await clock.advance(9_000);
  for (const store of cluster.stores) {
    t.deepEqual(await store.leases(), [7]);
    t.is((await store.leaseTimeToLive(7)).remaining, 1, 'followers know it as well');
  }
  cluster.automatic = false;
  await clock.advance(1_500);
  t.is(cluster.waiting.length, 1);
  await clock.advance(2_100);
  t.is(cluster.waiting.length, 2, 'it tries again');
  cluster.deliver();
  await settle();
  t.deepEqual(await cluster.stores[2]!.leases(), []);
  for (const store of cluster.stores) await store.close();
  t.is(clock.pending, 0);
});

test('a leader that stood still gives refreshes time to arrive', async (t) => {
  const clock = new StallingClock();
  const store = createMemoryStore({ clock });
  const { id } = await store.leaseGrant({ ttl: 10 });
  clock.stalledMs = 60_000;
  await clock.advance(10_000);
  t.deepEqual(await store.leases(), [id], 'the timer came a minute late');
  await clock.advance(9_000);
  t.deepEqual(await store.leases(), [id]);
  await clock.advance(2_000);
  t.deepEqual(await store.leases(), []);
});

/** Its timers come when they are due by the time without the stall. */
class StallingClock extends FakeClock {
  stalledMs = 0;

  override monotonic(): number {
    return super.monotonic() + this.stalledMs;
  }
}

test('leases live on in a snapshot, with their full time', async (t) => {
  const clock = new FakeClock();
  const cluster = new FakeCluster(1, () => ({ clock }));
  cluster.elect(1, 1);
  const store = cluster.stores[0]!;
  await store.leaseGrant({ ttl: 10, id: 5 });
  await store.put('k', value, { lease: 5 });
  const machine = cluster.machines[0]!;
  const chunks = machine.snapshot();
  await clock.advance(8000);
  await machine.restore(chunks);
  await clock.advance(8000);
  t.deepEqual(await store.leaseTimeToLive(5), { ttl: 10, remaining: 2, keys: ['k'] });
  await clock.advance(2100);
  t.is((await store.range({ key: 'k' })).count, 0);
});
