import test from 'ava';
import { silentLogger } from '../../../src/base/index.ts';
import type { EtcdStore } from '../../../src/etcd/index.ts';
import { type CompactedError, prefixEnd } from '../../../src/store/index.ts';
import { bytes, put, text, txn, Watching } from '../../store/helpers.ts';
import { type EtcdCluster, etcdTest, startEtcdCluster } from '../../support/etcd-cluster.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { connect, freshPrefix, repeating, until } from './connect.ts';

/* What a store on etcd does beyond what every store does: it shares etcd with others. */

let etcd: Promise<EtcdCluster> | undefined;
const servers = async (): Promise<string[]> => {
  etcd ??= startEtcdCluster({ servers: 3 });
  return (await etcd).servers;
};

test.after.always(async () => (await etcd)?.stop());

async function withStores(
  prefixes: readonly string[],
  run: (...stores: EtcdStore[]) => Promise<void>,
  options: Parameters<typeof connect>[1] = {},
): Promise<void> {
  const all = await servers();
  const stores = await Promise.all(prefixes.map((prefix) => connect(all, { prefix, ...options })));
  try {
    await run(...stores);
  } finally {
    for (const store of stores) await store.close();
  }
}

etcdTest('stores with other prefixes have other keys', async (t) => {
  // One is the beginning of the other's, but for its last character.
  await withStores(['/a/', '/a0'], async (first, second) => {
    const seen = new Watching(first!, { key: '', end: prefixEnd('') });
    await second!.put('key', bytes('second'));
    const { revision } = await first!.put('key', bytes('first'));
    await seen.untilRevision(revision);
    t.deepEqual(seen.texts, ['+key=first']);
    for (const [store, value] of [
      [first!, 'first'],
      [second!, 'second'],
    ] as const) {
      const { kvs, count } = await store.range({ key: '', end: prefixEnd('') });
      t.deepEqual([count, text(kvs[0]?.value)], [1, value]);
    }
    t.is((await first!.delete('kex')).deleted, 0);
    t.is((await first!.range({ key: 'kex' })).count, 0);
    t.is((await first!.delete('', prefixEnd(''))).deleted, 1);
    t.is((await second!.status()).keys, 1);
    const { id } = await second!.leaseGrant({ ttl: 60 });
    await second!.put('leased', bytes(''), { lease: id });
    t.deepEqual((await first!.leaseTimeToLive(id)).keys, []);
    await second!.leaseRevoke(id);
  });
});

etcdTest('a prefix belongs to one owner', async (t) => {
  const prefix = freshPrefix();
  const first = await connect(await servers(), { prefix, owner: 'one' });
  const again = await connect(await servers(), { prefix, owner: 'one' });
  await t.throwsAsync(connect(await servers(), { prefix, owner: 'two' }), {
    code: 'DATA_FOREIGN',
    message: /another cluster's data under \/test-\d+\/ \(cluster one, not two\): choose another prefix/,
  });
  for (const store of [first, again]) await store.close();
});

etcdTest('watches know how far etcd is, though others write to it as well', async (t) => {
  await withStores([freshPrefix(), freshPrefix()], async (mine, other) => {
    const watching = new Watching(mine!, { key: 'k' });
    const past = new Watching(mine!, { key: 'k', fromRevision: 1 });
    await mine!.put('k', bytes('1'));
    const { revision } = await other!.put('k', bytes('2'));
    await mine!.readBarrier();
    t.true(watching.handle.revision >= revision);
    t.deepEqual(watching.texts, ['+k=1']);
    // Whoever reads is told of a revision, and finds the watch to get there without asking for more.
    const later = await other!.put('k', bytes('3'));
    t.true((await mine!.range({ key: 'k', serializable: true })).revision >= revision);
    await mine!.range({ key: 'k' });
    await until(() => watching.handle.revision >= later.revision && past.handle.revision >= later.revision);
    t.deepEqual(past.texts, ['+k=1']);
    // What is written for that is nobody's to see.
    t.is((await mine!.range({ key: '', end: prefixEnd('') })).count, 1);
  });
});

etcdTest('a dedicated etcd is written to only when there is something to write', async (t) => {
  await withStores([freshPrefix()], async (store) => {
    const watching = new Watching(store!, { key: 'k' });
    const { revision } = await store!.put('other', bytes(''));
    for (let i = 0; i < 5; i++) await store!.readBarrier();
    await until(() => watching.handle.revision >= revision);
    // (A watch that came too late, on a slow machine, was helped by a note.)
    const { revision: settled } = await store!.range({ key: 'k' });
    await until(() => watching.handle.revision >= settled);
    await new Promise((resolve) => setTimeout(resolve, 200));
    t.is((await store!.range({ key: 'k' })).revision, settled);
  });
});

etcdTest('servers agree after a transaction that one of them could not answer', async (t) => {
  await withStores([freshPrefix()], async (store) => {
    const { revision } = await store!.put('k', bytes('1'));
    const reading = (at: number) => ({ type: 'range', request: { key: 'k', revision: at } }) as const;
    await t.throwsAsync(store!.txn(txn([], [put('k', 'future'), reading(revision + 100)])), {
      code: 'FUTURE_REVISION',
    });
    const second = await store!.put('k', bytes('2'));
    await store!.compact(second.revision);
    const error = await t.throwsAsync(store!.txn(txn([], [put('k', 'past'), reading(revision)])), {
      code: 'COMPACTED',
    });
    t.is((error as CompactedError).compactRevision, second.revision);
    const { results } = await store!.txn(txn([], [put('other', ''), reading(second.revision)]));
    const [, read] = results;
    t.like(read, { type: 'range', result: { revision: second.revision + 1, count: 1 } });
    // Each server by itself has applied the same.
    await store!.readBarrier();
    const all = await servers();
    const views = await Promise.all(all.map((server) => seenBy(server)));
    t.is(new Set(views).size, 1, views.join(' '));
  });
});

/** Revision of a server, once it has caught up with the others, as it sees it itself. */
async function seenBy(server: string): Promise<string> {
  const store = await connect([server], { prefix: '/none/' });
  await store.readBarrier();
  const { revision } = await store.range({ key: 'x', serializable: true });
  await store.close();
  return String(revision);
}

etcdTest('watches that are up to date share one of etcd, wherever they began', async (t) => {
  await withStores([freshPrefix()], async (store) => {
    const { revision } = await store!.put('k', bytes('0'));
    for (let i = 1; i < 10; i++) await store!.put('k', bytes(`${i}`));
    const before = await watchersOfEtcd();
    const all = Array.from({ length: 10 }, (_, i) => new Watching(store!, { key: 'k', fromRevision: revision + i }));
    all.push(new Watching(store!, { key: 'k' }));
    const last = await store!.put('k', bytes('last'));
    for (const watching of all) await watching.untilRevision(last.revision);
    await until(async () => (await watchersOfEtcd()) === before + 1);
    const end = await store!.put('k', bytes('end'));
    for (const [i, watching] of all.entries()) {
      await watching.untilRevision(end.revision);
      t.is(watching.batches.length, i < 10 ? 12 - i : 2);
    }
    t.is(await watchersOfEtcd(), before + 1);
  });
});

/** How many watches all servers have. */
async function watchersOfEtcd(): Promise<number> {
  const counts = (await servers()).map(async (server) => {
    const text = await (await fetch(`http://${server}/metrics`)).text();
    return Number(/^etcd_debugging_mvcc_watcher_total (\d+)$/m.exec(text)?.[1]);
  });
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

etcdTest('history is kept for an interval and compacted then, by one of those who share it', async (t) => {
  const prefix = freshPrefix();
  const clocks = [new FakeClock(), new FakeClock()];
  const all = await servers();
  const complaints: unknown[] = [];
  const logger = { ...silentLogger, warn: (fields: object) => void complaints.push(fields) };
  const keepers = await Promise.all(clocks.map((clock) => connect(all, { prefix, clock, historyMs: 60_000, logger })));
  const store = await connect(all, { prefix });
  const compacted = async (): Promise<number> => (await store.status()).compactRevision;
  const tick = async (): Promise<void> => {
    for (const clock of clocks) await clock.advance(60_000);
    // The requests are real ones.
    await new Promise((resolve) => setTimeout(resolve, 100));
    await settle();
  };
  const before = await compacted();
  await tick();
  const { revision } = await store.put('k', bytes('1'));
  await tick();
  t.true((await compacted()) < revision, 'what was written in the last interval is there');
  await store.put('k', bytes('2'));
  await tick();
  await until(async () => (await compacted()) > revision);
  await tick();
  t.true((await compacted()) > before);
  await t.throwsAsync(store.range({ key: 'k', revision: revision - 1 }), { code: 'COMPACTED' });
  t.is(text((await store.range({ key: 'k' })).kvs[0]?.value), '2');
  // Who is not the one does not try.
  t.deepEqual(complaints, []);
  for (const each of [...keepers, store]) await each.close();
});

etcdTest('a lease gets an id that a number holds, and another one where that is taken', async (t) => {
  await withStores(
    [freshPrefix()],
    async (store) => {
      const first = await store!.leaseGrant({ ttl: 60 });
      await withStores(
        [freshPrefix()],
        async (other) => {
          const taken = await other!.leaseGrant({ ttl: 60 });
          t.not(taken.id, first.id);
          t.true(Number.isSafeInteger(taken.id));
        },
        { random: repeating(1) },
      );
    },
    { random: repeating(1) },
  );
});

etcdTest('what etcd refuses is told in one line', async (t) => {
  await withStores([freshPrefix()], async (store) => {
    const lease = { lease: 4711 };
    await t.throwsAsync(store!.put('k', bytes(''), lease), { code: 'LEASE_NOT_FOUND', message: /no lease 4711/ });
    await t.throwsAsync(store!.leaseKeepAlive(4711), { code: 'LEASE_NOT_FOUND', message: /no lease 4711/ });
    await t.throwsAsync(store!.leaseTimeToLive(4711), { code: 'LEASE_NOT_FOUND' });
    // With what belongs to a transaction, these are as many as a store takes.
    const many = Array.from({ length: 4_095 }, (_, i) => put(`k${i}`, ''));
    t.true((await store!.txn(txn([], many))).succeeded);
    await t.throwsAsync(store!.txn(txn([], [...many, put('one more', '')])), { code: 'TOO_LARGE' });
  });
});
