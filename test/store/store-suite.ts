import type { ExecutionContext } from 'ava';
import { type CompactedError, type Operation, prefixEnd, type Store } from '../../src/store/index.ts';
import { bytes, get, put, text, txn, valueIs, Watching } from './helpers.ts';
import { Model, plain } from './model.ts';

export interface SuiteSubject {
  /** The same store through one or more doors; a test writes at the first and may read at any. */
  stores: Store[];
  close(): Promise<void>;
}

type Test = (title: string, run: (t: ExecutionContext) => Promise<void>) => void;

/** What every `Store` does, whatever stands behind it. */
export function storeSuite(test: Test, name: string, open: () => Promise<SuiteSubject>): void {
  const withStore = (
    title: string,
    run: (t: ExecutionContext, store: Store, stores: Store[]) => Promise<void>,
  ): void => {
    test(`${name}: ${title}`, async (t) => {
      const subject = await open();
      try {
        await run(t, subject.stores[0]!, subject.stores);
      } finally {
        await subject.close();
      }
    });
  };

  withStore('a written key is read back, by everyone', async (t, store, stores) => {
    const { revision } = await store.put('k', bytes('one'));
    const second = await store.put('k', bytes('two'));
    t.is(second.revision, revision + 1);
    for (const reader of stores) {
      const result = await reader.range({ key: 'k' });
      t.is(result.revision, second.revision);
      t.is(result.count, 1);
      t.false(result.more);
      t.deepEqual(plain(result.kvs), [
        plain({
          key: 'k',
          value: bytes('two'),
          createRevision: revision,
          modRevision: second.revision,
          version: 2,
          lease: 0,
        }),
      ]);
    }
    t.deepEqual(await store.delete('k'), { revision: second.revision + 1, deleted: 1 });
    t.deepEqual(
      await store.delete('k'),
      { revision: second.revision + 1, deleted: 0 },
      'nothing to delete is no revision',
    );
    for (const reader of stores) t.is((await reader.range({ key: 'k' })).count, 0);
  });

  withStore('keys and values are bytes', async (t, store) => {
    const all = Uint8Array.from({ length: 256 }, (_, i) => i);
    const key = Buffer.from(all).toString('latin1');
    await store.put(key, all);
    await store.put('\xff\xff', bytes(''));
    await store.put('\0', bytes('zero'));
    const { kvs } = await store.range({ key: '', end: prefixEnd('') });
    t.deepEqual(
      kvs.map((kv) => kv.key),
      ['\0', key, '\xff\xff'],
    );
    t.deepEqual([...kvs[1]!.value], [...all]);
    t.is(kvs[2]!.value.length, 0);
    t.is((await store.range({ key: '\xff', end: prefixEnd('\xff') })).count, 1);
  });

  withStore('ranges have order, limits, counts and a past', async (t, store) => {
    let revision = 0;
    for (let i = 0; i < 10; i++) ({ revision } = await store.put(`k${i}`, bytes(`v${i}`)));
    await store.delete('k3', 'k6');
    const keysOf = async (request: object): Promise<string[]> =>
      (await store.range({ key: 'k', end: 'l', ...request })).kvs.map((kv) => kv.key);
    t.deepEqual(await keysOf({}), ['k0', 'k1', 'k2', 'k6', 'k7', 'k8', 'k9']);
    t.deepEqual(await keysOf({ order: 'descend', limit: 2 }), ['k9', 'k8']);
    t.deepEqual(await keysOf({ revision, limit: 4 }), ['k0', 'k1', 'k2', 'k3']);
    t.deepEqual(await keysOf({ serializable: true, limit: 1 }), ['k0']);
    const page = await store.range({ key: 'k', end: 'l', limit: 4, revision });
    t.deepEqual([page.count, page.more, page.kvs.length, page.revision], [10, true, 4, revision + 1]);
    const counted = await store.range({ key: 'k', end: 'l', countOnly: true });
    t.deepEqual([counted.count, counted.more, counted.kvs.length], [7, false, 0]);
    const names = await store.range({ key: 'k1', keysOnly: true });
    t.is(names.kvs[0]!.value.length, 0);
    await t.throwsAsync(store.range({ key: 'k', revision: revision + 100 }), { code: 'FUTURE_REVISION' });
  });

  withStore('a large range comes whole', async (t, store) => {
    for (let i = 0; i < 4000; i += 500) {
      const operations = Array.from({ length: 500 }, (_, j) =>
        put(`big/${String(i + j).padStart(5, '0')}`, 'x'.repeat(300)),
      );
      await store.txn(txn([], operations));
    }
    await store.put('big/huge', Buffer.alloc(1_000_000, 1));
    const all = await store.range({ key: 'big/', end: prefixEnd('big/') });
    t.deepEqual([all.kvs.length, all.count, all.more], [4001, 4001, false]);
    t.true(all.kvs.every(({ key }, i) => i === 0 || key > all.kvs[i - 1]!.key));
    t.is(all.kvs.at(-1)!.value.length, 1_000_000);
    const part = await store.range({ key: 'big/', end: prefixEnd('big/'), limit: 3000, order: 'descend' });
    t.deepEqual([part.kvs.length, part.count, part.more, part.kvs[1]!.key], [3000, 4001, true, 'big/03999']);
  });

  withStore('compaction forgets the past', async (t, store, stores) => {
    const first = await store.put('k', bytes('1'));
    const second = await store.put('k', bytes('2'));
    await store.put('k', bytes('3'));
    await store.compact(second.revision);
    for (const reader of stores) {
      await reader.readBarrier();
      const error = await t.throwsAsync(reader.range({ key: 'k', revision: first.revision }), { code: 'COMPACTED' });
      t.is((error as CompactedError).compactRevision, second.revision);
      t.is(text((await reader.range({ key: 'k', revision: second.revision })).kvs[0]?.value), '2');
      t.is((await reader.status()).compactRevision, second.revision);
      const late = new Watching(reader, { key: 'k', fromRevision: first.revision });
      t.is(((await late.ended) as CompactedError).compactRevision, second.revision);
      const onTime = new Watching(reader, { key: 'k', fromRevision: second.revision });
      await onTime.untilRevision(second.revision + 1);
      t.deepEqual(onTime.texts, ['+k=2', '+k=3']);
    }
    await t.throwsAsync(store.compact(second.revision), { code: 'COMPACTED' });
    await t.throwsAsync(store.compact(second.revision + 100), { code: 'FUTURE_REVISION' });
  });

  withStore('a transaction compares, then acts at one revision', async (t, store) => {
    await store.put('a', bytes('1'));
    const { revision } = await store.put('b', bytes('2'));
    const done = await store.txn(
      txn(
        [valueIs('a', '1'), { key: 'b', target: 'modRevision', operator: '=', operand: revision }],
        [
          put('a', '3', { previous: true }),
          get('a'),
          { type: 'delete', key: 'b', previous: true },
          get('b'),
          put('c', '4'),
        ],
      ),
    );
    t.true(done.succeeded);
    t.is(done.revision, revision + 1);
    const shown = done.results.map((result) => {
      if (result.type === 'put') return `put ${text(result.previous?.value)}`;
      if (result.type === 'delete') return `deleted ${result.deleted} ${text(result.previous?.[0]?.value)}`;
      return result.type === 'range' ? `read ${text(result.result.kvs[0]?.value)}` : '';
    });
    t.deepEqual(shown, ['put 1', 'read 3', 'deleted 1 2', 'read undefined', 'put undefined']);
    const { kvs } = await store.range({ key: 'a', end: 'd' });
    t.deepEqual(
      kvs.map(({ key, modRevision }) => [key, modRevision]),
      [
        ['a', revision + 1],
        ['c', revision + 1],
      ],
    );

    const refused = await store.txn(txn([valueIs('a', '1')], [put('a', 'x')], [get('a')]));
    t.false(refused.succeeded);
    t.is(refused.revision, revision + 1, 'a transaction that only reads makes no revision');
  });

  withStore('a missing key has numbers of 0 and no value', async (t, store) => {
    const holds = async (compare: object): Promise<boolean> =>
      (await store.txn(txn([{ key: 'none', ...compare } as never], []))).succeeded;
    for (const target of ['version', 'createRevision', 'modRevision', 'lease']) {
      t.true(await holds({ target, operator: '=', operand: 0 }));
      t.true(await holds({ target, operator: '<', operand: 1 }));
      t.false(await holds({ target, operator: '>', operand: 0 }));
      t.false(await holds({ target, operator: '!=', operand: 0 }));
    }
    for (const operator of ['=', '!=', '<', '>'])
      t.false(await holds({ target: 'value', operator, operand: bytes('') }));
  });

  withStore('a holder that lost its lock is fenced off', async (t, store) => {
    await store.put('lock', bytes('A:1'));
    const write = (holder: string, value: string) => store.txn(txn([valueIs('lock', holder)], [put('data', value)]));
    t.true((await write('A:1', 'by A')).succeeded);
    t.true((await store.txn(txn([valueIs('lock', 'A:1')], [put('lock', 'B:2')]))).succeeded);
    t.false((await write('A:1', 'late')).succeeded);
    t.true((await write('B:2', 'by B')).succeeded);
    // Bytes decide: a prefix, a longer text and other case are others.
    for (const other of ['B:', 'B:22', 'b:2', '']) t.false((await write(other, 'wrong')).succeeded);
    t.is(text((await store.range({ key: 'data' })).kvs[0]!.value), 'by B');
  });

  withStore('transactions nest', async (t, store) => {
    const inner: Operation = {
      type: 'txn',
      request: txn([valueIs('k', 'new')], [put('seen', 'new')], [put('seen', 'old')]),
    };
    await store.put('k', bytes('old'));
    const { results } = await store.txn(txn([], [put('k', 'new'), inner]));
    t.is(
      results[1]?.type === 'txn' && results[1].result.succeeded,
      false,
      'compares see the state before the transaction',
    );
    t.is(text((await store.range({ key: 'seen' })).kvs[0]!.value), 'old');
  });

  withStore('a transaction that fails leaves nothing', async (t, store) => {
    const { revision } = await store.put('k', bytes('v'));
    const failing: [Operation, string][] = [
      [put('x', 'y', { lease: 4711 }), 'LEASE_NOT_FOUND'],
      [put('x', 'y', { ignoreValue: true }), 'INVALID'],
      [put('x', 'y', { ignoreLease: true }), 'INVALID'],
      [{ type: 'range', request: { key: 'k', revision: revision + 100 } }, 'FUTURE_REVISION'],
    ];
    for (const [operation, code] of failing) {
      await t.throwsAsync(store.txn(txn([], [put('k', 'w'), operation])), { code });
      const nested: Operation = { type: 'txn', request: txn([], [operation]) };
      await t.throwsAsync(store.txn(txn([], [put('k', 'w'), nested])), { code });
    }
    const { kvs, revision: after } = await store.range({ key: 'k' });
    t.is(text(kvs[0]!.value), 'v');
    t.is(after, revision);
  });

  withStore('bad requests are refused', async (t, store) => {
    const { revision } = await store.status();
    const bad: Operation[][] = [
      [put('k', '1'), put('k', '2')],
      [put('k', '1'), { type: 'delete', key: 'a', end: 'z' }],
      [put('k', '1'), { type: 'txn', request: txn([], [], [put('k', '2')]) }],
      [put('', '1')],
      [put('k\u0100', '1')],
    ];
    for (const operations of bad) await t.throwsAsync(store.txn(txn([], operations)), { code: 'INVALID' });
    await t.throwsAsync(store.put('', bytes('v')), { code: 'INVALID' });
    await t.throwsAsync(store.put('k', 'text' as never), { code: 'INVALID' });
    await t.throwsAsync(store.put('k', bytes('v'), { lease: -1 }), { code: 'INVALID' });
    await t.throwsAsync(store.range({ key: 'k', limit: -1 }), { code: 'INVALID' });
    await t.throwsAsync(store.range({ key: 'k', revision: 1.5 }), { code: 'INVALID' });
    await t.throwsAsync(store.leaseGrant({ ttl: 0 }), { code: 'INVALID' });
    await t.throwsAsync(store.leaseGrant({ ttl: 1, id: 0.5 }), { code: 'INVALID' });
    await t.throwsAsync(store.put('k', Buffer.alloc(2_000_000)), { code: 'TOO_LARGE' });
    await t.throwsAsync(store.compact(-1), { code: 'INVALID' });
    t.throws(() => store.watch({ key: 5 as never, listener() {} }), { code: 'INVALID' });
    t.is((await store.range({ key: '', end: prefixEnd('') })).count, 0);
    t.is((await store.status()).revision, revision);
  });

  withStore('writers that compare never lose a write', async (t, store, stores) => {
    await store.put('counter', bytes('0'));
    const increment = async (mine: Store): Promise<void> => {
      for (;;) {
        const { kvs } = await mine.range({ key: 'counter' });
        const { value, modRevision } = kvs[0]!;
        const next = String(Number(text(value)) + 1);
        const isSame = { key: 'counter', target: 'modRevision', operator: '=', operand: modRevision } as const;
        if ((await mine.txn(txn([isSame], [put('counter', next)]))).succeeded) return;
      }
    };
    await Promise.all(Array.from({ length: 20 }, (_, i) => increment(stores[i % stores.length]!)));
    t.is(text((await store.range({ key: 'counter' })).kvs[0]!.value), '20');
  });

  withStore('a watch sees every revision of its range, one batch each', async (t, store, stores) => {
    const { revision } = await store.put('w/a', bytes('1'));
    const watches = stores.map(
      (door) => new Watching(door, { key: 'w/', end: prefixEnd('w/'), fromRevision: revision }),
    );
    const previous = new Watching(stores.at(-1)!, { key: 'w/a', fromRevision: revision, previous: true });
    await store.put('x', bytes('elsewhere'));
    await store.txn(txn([], [put('w/b', '2'), put('w/a', '3'), put('y', '-')]));
    const last = await store.delete('w/a', 'w/z');
    for (const watch of watches) {
      await watch.untilRevision(last.revision);
      t.deepEqual(watch.texts, ['+w/a=1', '+w/b=2 +w/a=3', '-w/a -w/b']);
      t.deepEqual(watch.revisions, [revision, revision + 2, revision + 3]);
      t.is(watch.handle.revision, last.revision);
    }
    await previous.untilRevision(last.revision);
    t.deepEqual(
      previous.batches.map(({ events }) => text(events[0]!.previous?.value)),
      [undefined, '1', '3'],
    );
    t.is(watches[0]!.batches[1]!.events[1]!.previous, undefined);
    const [deletion] = previous.batches[2]!.events;
    t.deepEqual([deletion!.kv.modRevision, deletion!.kv.value.length], [last.revision, 0]);
  });

  withStore('a watch begins with what comes next, and ends when cancelled', async (t, store) => {
    await store.put('k', bytes('before'));
    const watching = new Watching(store, { key: 'k' });
    const other = new Watching(store, { key: 'k' });
    await store.readBarrier();
    await store.put('k', bytes('1'));
    const { revision } = await store.put('k', bytes('2'));
    await watching.untilRevision(revision);
    watching.handle.cancel();
    watching.handle.cancel();
    const next = await store.put('k', bytes('3'));
    await other.untilRevision(next.revision);
    t.deepEqual(watching.texts, ['+k=1', '+k=2']);
    t.is(watching.handle.revision, revision);
    t.deepEqual(other.texts, ['+k=1', '+k=2', '+k=3']);
  });

  withStore('many watches at many starting points agree with the history', async (t, store, stores) => {
    const model = new Model();
    const start = (await store.status()).revision;
    model.revision = start;
    model.states[start] = new Map();
    const watches: { from: number; key: string; watching: Watching }[] = [];
    for (let i = 0; i < 60; i++) {
      const request =
        i % 7 === 3
          ? txn([], [{ type: 'delete', key: 'm/1', end: 'm/3' }])
          : txn([], [put(`m/${i % 5}`, `${i}`), put(`n/${i % 3}`, '')]);
      t.deepEqual(plain(await store.txn(request)), plain(model.txn(request)));
      const from = start + 1 + ((i * 7) % (model.revision - start + 3));
      const key = i % 2 === 0 ? 'm/' : 'n/';
      watches.push({
        from,
        key,
        watching: new Watching(stores[i % stores.length]!, { key, end: prefixEnd(key), fromRevision: from }),
      });
    }
    const last = txn([], [put('m/end', ''), put('n/end', '')]);
    await store.txn(last);
    model.txn(last);
    for (const { from, key, watching } of watches) {
      await watching.untilRevision(model.revision);
      t.deepEqual(plain(watching.batches), plain(model.watched(key, prefixEnd(key), from, false)));
    }
  });

  withStore('leases are granted, kept and revoked', async (t, store) => {
    const { id, ttl } = await store.leaseGrant({ ttl: 60 });
    const named = await store.leaseGrant({ ttl: 30, id: 2 ** 40 });
    t.deepEqual([ttl, named], [60, { id: 2 ** 40, ttl: 30 }]);
    await store.put('l', bytes('v'), { lease: id });
    t.is((await store.range({ key: 'l' })).kvs[0]!.lease, id);
    t.deepEqual(await store.leaseKeepAlive(id), { ttl: 60 });
    const { remaining, keys } = await store.leaseTimeToLive(id);
    t.true(remaining > 50 && remaining <= 60);
    t.deepEqual(keys, ['l']);
    const inOrder = (ids: number[]): number[] => ids.sort((a, b) => a - b);
    t.deepEqual(inOrder(await store.leases()), inOrder([id, 2 ** 40]));
    await store.leaseRevoke(id);
    t.is((await store.range({ key: 'l' })).count, 0);
    t.deepEqual(await store.leases(), [2 ** 40]);
    await t.throwsAsync(store.leaseRevoke(id), { code: 'LEASE_NOT_FOUND' });
    await t.throwsAsync(store.leaseGrant({ ttl: 5, id: 2 ** 40 }), { code: 'LEASE_EXISTS' });
  });

  withStore('the status tells of the store and its peers', async (t, store) => {
    await store.put('key', bytes('value'));
    const { revision } = await store.put('key', bytes('longer value'));
    const status = await store.status();
    t.is(status.revision, revision);
    t.is(status.keys, 1);
    if (status.bytes !== undefined) t.is(status.bytes, 15);
    t.true(status.members.includes(status.leader));
    t.true(status.members.includes(status.peerId));
    t.true(status.term > 0 && status.raftApplied > 0 && status.raftIndex >= status.raftApplied);
  });

  withStore('a closed store refuses everything and ends its watches', async (t, store) => {
    const watching = new Watching(store, { key: 'k' });
    await store.close();
    await store.close();
    t.is(((await watching.ended) as { code?: string }).code, 'STOPPED');
    await t.throwsAsync(store.put('k', bytes('v')), { code: 'STOPPED' });
    await t.throwsAsync(store.range({ key: 'k' }), { code: 'STOPPED' });
    await t.throwsAsync(store.range({ key: 'k', serializable: true }), { code: 'STOPPED' });
    await t.throwsAsync(store.readBarrier(), { code: 'STOPPED' });
    await t.throwsAsync(store.status(), { code: 'STOPPED' });
    t.is(((await new Watching(store, { key: 'k' }).ended) as { code?: string }).code, 'STOPPED');
  });
}
