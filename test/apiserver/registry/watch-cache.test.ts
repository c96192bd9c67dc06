import test from 'ava';
import { ApiError } from '../../../src/api/index.ts';
import { createRegistry } from '../../../src/apiserver/registry/index.ts';
import { seededRandom, silentLogger } from '../../../src/base/index.ts';
import {
  CompactedError,
  NoSpaceError,
  StoppedError,
  type Store,
  type WatchBatch,
  type WatchRequest,
} from '../../../src/store/index.ts';
import { at, bound, configMap, configMaps, createFixture, Recorder, refused, registryOn } from './harness.ts';

/** A store whose watches can be ended by the test. */
function breakable(store: Store): Store & { breakWatches(error: Error): void; failLoads(times: number): void } {
  let watches: { request: WatchRequest; cancel(): void }[] = [];
  let failures = 0;
  return {
    ...bound(store),
    range(request) {
      if (failures-- > 0) return Promise.reject(new Error('not now'));
      return store.range(request);
    },
    watch(request) {
      const handle = store.watch(request);
      watches.push({ request, cancel: () => handle.cancel() });
      return handle;
    },
    breakWatches(error) {
      const broken = watches;
      watches = [];
      for (const { request, cancel } of broken) {
        cancel();
        request.onEnd?.(error);
      }
    },
    failLoads(times) {
      failures = times;
    },
  };
}

test('when the store can not go on, watches end and the state is loaded anew', async (t) => {
  const f = await createFixture(t);
  const store = breakable(f.store);
  const registry = registryOn(t, store, f.clock);
  await registry.create({ ...at(configMaps), object: configMap('before') });
  const seen = new Recorder();
  await registry.watch({ ...at(configMaps), onEvent: seen.onEvent, onEnd: seen.onEnd });
  const since = registry.revision;
  store.breakWatches(new CompactedError(5));
  await f.registry.create({ ...at(configMaps), object: configMap('meanwhile') });
  t.deepEqual(seen.ended, { status: undefined });
  const { items } = await registry.list(at(configMaps));
  t.deepEqual(
    items.map(({ object }) => object.metadata.name),
    ['before', 'meanwhile'],
  );
  // The reader comes again from where it was; nothing was missed.
  const again = new Recorder();
  await registry.watch({
    ...at(configMaps),
    resourceVersion: String(since),
    onEvent: again.onEvent,
    onEnd: again.onEnd,
  });
  await f.registry.create({ ...at(configMaps), object: configMap('after') });
  await registry.list(at(configMaps));
  t.deepEqual(again.told, ['ADDED meanwhile', 'ADDED after']);
});

test('nothing is answered from a state that is being loaded', async (t) => {
  const f = await createFixture(t);
  const store = breakable(f.store);
  const registry = registryOn(t, store, f.clock);
  await registry.ready();
  store.failLoads(1);
  store.breakWatches(new CompactedError(5));
  await f.registry.create({ ...at(configMaps), object: configMap('meanwhile') });
  const listing = registry.list({ ...at(configMaps), resourceVersion: '0' });
  await f.clock.advance(1_000);
  t.is((await listing).items.length, 1);
});

test('a read waits for a watch of the store that is catching up', async (t) => {
  const f = await createFixture(t);
  const held: (() => void)[] = [];
  let delivered = 0;
  // As after a snapshot: this peer has applied all, but its watch has not told of it yet.
  const store: Store = {
    ...bound(f.store),
    watch(request) {
      delivered = (request.fromRevision ?? 1) - 1;
      const listener = (batch: WatchBatch): void => {
        held.push(() => {
          delivered = batch.revision;
          request.listener(batch);
        });
      };
      const handle = f.store.watch({ ...request, listener });
      return {
        cancel: () => handle.cancel(),
        get revision() {
          return delivered;
        },
      };
    },
  };
  const registry = registryOn(t, store, f.clock);
  await registry.ready();
  await f.registry.create({ ...at(configMaps), object: configMap('a') });
  let seen = 0;
  const listing = registry.list(at(configMaps)).then(({ items }) => {
    seen = items.length;
  });
  await f.clock.advance(50);
  t.is(seen, 0);
  for (const deliver of held) deliver();
  await listing;
  t.is(seen, 1);
  // What is not watched moves the revision on in silence.
  await f.store.put('/elsewhere', Buffer.from('x'));
  const again = registry.list(at(configMaps));
  await f.clock.advance(0);
  delivered = (await f.store.status()).revision;
  await f.clock.advance(10);
  t.is((await again).items.length, 1);
});

test('loading is tried until it works, or the registry is closed', async (t) => {
  const f = await createFixture(t);
  const store = breakable(f.store);
  store.failLoads(2);
  const registry = registryOn(t, store, f.clock);
  let ready = false;
  const waiting = registry.ready().then(() => {
    ready = true;
  });
  await f.clock.advance(1_500);
  t.false(ready);
  await f.clock.advance(1_000);
  await waiting;
  const never = breakable(f.store);
  never.failLoads(1_000);
  const closed = createRegistry({ store: never, clock: f.clock, random: seededRandom(1), logger: silentLogger });
  const hopeless = closed.ready();
  await f.clock.advance(3_000);
  closed.close();
  await t.throwsAsync(hopeless, { message: /shutting down/ });
});

test('a store that stops ends the watches', async (t) => {
  const f = await createFixture(t);
  const store = breakable(f.store);
  const registry = registryOn(t, store, f.clock);
  const seen = new Recorder();
  await registry.watch({ ...at(configMaps), onEvent: seen.onEvent, onEnd: seen.onEnd });
  store.breakWatches(new StoppedError());
  t.deepEqual(seen.ended, { status: undefined });
});

test('what is in the store but no object is an error for who asks, and for nobody else', async (t) => {
  const f = await createFixture(t);
  const seen = new Recorder();
  await f.registry.watch({ ...at(configMaps), labelSelector: 'a=b', onEvent: seen.onEvent, onEnd: seen.onEnd });
  for (const value of ['garbage', '{}', '[]', '{"metadata":null}']) {
    await f.store.put('/registry/configmaps/default/bad', Buffer.from(value));
    const status = await refused(
      t,
      f.registry.get({ ...at(configMaps), name: 'bad' }).then(({ object }) => object),
      'InternalError',
    );
    t.is(
      status.message,
      'Internal error occurred: the store holds no object of the API at /registry/configmaps/default/bad',
    );
  }
  await f.store.put('/registry/odd', Buffer.from('x'));
  await f.store.put('/registry/apps/odd', Buffer.from('x'));
  await f.registry.create({ ...at(configMaps), object: configMap('good', {}, { a: 'b' }) });
  t.deepEqual(seen.told, ['ADDED good']);
});

test('an error of the store comes out as clients understand it', async (t) => {
  const f = await createFixture(t);
  const codes: [string, string, number][] = [
    ['TIMEOUT', 'Timeout', 504],
    ['OVERLOADED', 'TooManyRequests', 429],
    // Not 503: the write may have taken effect, and must not be sent to another server.
    ['STOPPED', 'Timeout', 504],
    ['COMPACTED', 'Expired', 410],
    ['TOO_LARGE', 'RequestEntityTooLarge', 413],
  ];
  for (const [code, reason, httpCode] of codes) {
    const store = { ...bound(f.store), txn: () => Promise.reject(Object.assign(new Error('x'), { code })) };
    const registry = registryOn(t, store, f.clock);
    const status = await refused(t, registry.create({ ...at(configMaps), object: configMap('a') }), reason);
    t.is(status.code, httpCode);
  }
  const full = { ...bound(f.store), txn: () => Promise.reject(new NoSpaceError('x')) };
  const error = await t.throwsAsync<ApiError>(
    registryOn(t, full, f.clock).create({ ...at(configMaps), object: configMap('a') }),
    { instanceOf: ApiError },
  );
  t.is(error.status.code, 500);
  t.is(error.status.reason, undefined);
  t.regex(error.status.message ?? '', /^etcdserver: mvcc: database space exceeded/);
  const store = { ...bound(f.store), txn: () => Promise.reject(new TypeError('a bug')) };
  const registry = registryOn(t, store, f.clock);
  await t.throwsAsync(registry.create({ ...at(configMaps), object: configMap('a') }), { instanceOf: TypeError });
});

test('a write that always meets others gives up, and one whose client is gone is not made', async (t) => {
  const f = await createFixture(t);
  await f.registry.create({ ...at(configMaps), object: configMap('a') });
  let round = 0;
  const store: Store = {
    ...bound(f.store),
    async txn(request) {
      // Somebody is always a moment faster.
      await f.store.put(
        '/registry/configmaps/default/a',
        Buffer.from(
          `{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","namespace":"default","uid":"${round++}"}}`,
        ),
      );
      return f.store.txn(request);
    },
  };
  const registry = registryOn(t, store, f.clock);
  const patch = {
    ...at(configMaps),
    name: 'a',
    patchType: 'application/merge-patch+json' as const,
    patch: { data: { x: '1' } },
  };
  await refused(t, registry.patch(patch), 'Conflict');
  t.true(round > 10 && round <= 100, `${round} attempts`);
  await refused(t, f.registry.patch({ ...patch, signal: AbortSignal.abort() }), 'Timeout');
});
