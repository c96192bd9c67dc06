import test from 'ava';
import type { EncodedEvent, WatchParameters } from '../../../src/apiserver/registry/index.ts';
import {
  at,
  configMap,
  configMaps,
  createFixture,
  type Fixture,
  fields,
  laggingStore,
  namespace,
  namespaces,
  pod,
  pods,
  Recorder,
  refused,
  registryOn,
  typeOf,
} from './harness.ts';

async function watch(
  { registry }: Pick<Fixture, 'registry'>,
  parameters: Partial<WatchParameters> = {},
  request: ReturnType<typeof at> = at(configMaps),
): Promise<Recorder & { stop(): void }> {
  const recorder = new Recorder();
  const { stop } = await registry
    .watch({ ...request, onEvent: recorder.onEvent, onEnd: recorder.onEnd, ...parameters })
    .then((handle) => ({ stop: () => handle.stop() }));
  return Object.assign(recorder, { stop });
}

const put = ({ registry }: Pick<Fixture, 'registry'>, name: string, data: Record<string, string> = {}, labels = {}) =>
  registry.update({ ...at(configMaps), name, object: configMap(name, data, labels) });
const create = ({ registry }: Pick<Fixture, 'registry'>, name: string, labels = {}) =>
  registry.create({ ...at(configMaps), object: configMap(name, {}, labels) });
const remove = ({ registry }: Pick<Fixture, 'registry'>, name: string) => registry.delete({ ...at(configMaps), name });

test('without a version the state comes first, then what happens', async (t) => {
  const f = await createFixture(t);
  await create(f, 'b');
  await create(f, 'a');
  const seen = await watch(f);
  t.deepEqual(seen.told, ['ADDED a', 'ADDED b']);
  await put(f, 'a', { n: '1' });
  await remove(f, 'b');
  await create(f, 'c');
  t.deepEqual(seen.told.slice(2), ['MODIFIED a', 'DELETED b', 'ADDED c']);
  seen.stop();
  await create(f, 'd');
  t.is(seen.events.length, 5);
  t.is(seen.ended, undefined, 'who stops is not told that it is over');
});

test('a deletion shows the object as it was, at the version at which it went', async (t) => {
  const f = await createFixture(t);
  await put(f, 'a').catch(() => create(f, 'a'));
  await put(f, 'a', { n: '1' });
  const seen = await watch(f, { resourceVersion: String(f.registry.revision) });
  await remove(f, 'a');
  const { object } = seen.events[0]!.encoded;
  t.deepEqual(fields({ object }).data, { n: '1' });
  t.is(object.metadata.resourceVersion, String(f.registry.revision));
});

test('all watchers of a change share its event, object and bytes', async (t) => {
  const f = await createFixture(t);
  const all = await Promise.all([watch(f), watch(f), watch(f, { labelSelector: 'a=b' })]);
  await create(f, 'a', { a: 'b' });
  const [first, ...others] = all.map(({ events }) => events[0]!) as [EncodedEvent, ...EncodedEvent[]];
  for (const other of others) {
    t.is(other.json(), first.json());
    t.is(other.encoded.object, first.encoded.object);
  }
  const line = first.json().toString();
  t.true(line.endsWith('}\n'));
  t.deepEqual(JSON.parse(line), { type: 'ADDED', object: first.encoded.object } as never);
});

test('with a version what happened since comes first, each change once', async (t) => {
  const f = await createFixture(t);
  await create(f, 'a');
  const since = String(f.registry.revision);
  await put(f, 'a', { n: '1' });
  await put(f, 'a', { n: '2' });
  await remove(f, 'a');
  const seen = await watch(f, { resourceVersion: since });
  t.deepEqual(seen.told, ['MODIFIED a', 'MODIFIED a', 'DELETED a']);
  t.deepEqual(
    seen.events.map(({ encoded }) => fields(encoded).data?.n),
    ['1', '2', '2'],
  );
  await create(f, 'a');
  t.deepEqual(seen.told.slice(3), ['ADDED a']);
});

test('an object that comes to match is added, one that ceases to is deleted', async (t) => {
  const f = await createFixture(t);
  const seen = await watch(f, { labelSelector: 'color=red' });
  await create(f, 'a', { color: 'blue' });
  await put(f, 'a', {}, { color: 'red' });
  await put(f, 'a', { n: '1' }, { color: 'red' });
  await put(f, 'a', { n: '2' }, { color: 'blue' });
  await remove(f, 'a');
  t.deepEqual(seen.told, ['ADDED a', 'MODIFIED a', 'DELETED a']);
  const gone = fields(seen.events[2]!.encoded);
  t.deepEqual([gone.data, gone.metadata.labels], [{ n: '1' }, { color: 'red' }], 'as it last matched');
  t.is(Number(gone.metadata.resourceVersion), f.registry.revision - 1, 'at the version at which it ceased to');
});

test('a watch is of a namespace, a name or a field', async (t) => {
  const f = await createFixture(t);
  await f.registry.create({ ...at(namespaces), object: namespace('other') });
  const here = await watch(f);
  const everywhere = await watch(f, {}, { ...at(configMaps), namespace: undefined });
  const named = await watch(f, { fieldSelector: 'metadata.name=b' });
  const namedAnywhere = await watch(
    f,
    { fieldSelector: 'metadata.name=b' },
    { ...at(configMaps), namespace: undefined },
  );
  const bound = await watch(f, { fieldSelector: 'spec.nodeName=n1' }, at(pods));
  await create(f, 'a');
  await create(f, 'b');
  await f.registry.create({ ...at(configMaps, 'other'), object: configMap('b') });
  await f.registry.create({ ...at(pods), object: pod('p1') });
  await f.registry.create({ ...at(pods), object: pod('p2', { nodeName: 'n1' }) });
  t.deepEqual(here.told, ['ADDED a', 'ADDED b']);
  t.deepEqual(everywhere.told, ['ADDED a', 'ADDED b', 'ADDED b']);
  t.deepEqual(named.told, ['ADDED b']);
  t.deepEqual(namedAnywhere.told, ['ADDED b', 'ADDED b']);
  t.deepEqual(bound.told, ['ADDED p2']);
});

test('a version older than the cache remembers is resumed from the store', async (t) => {
  const f = await createFixture(t);
  await create(f, 'a');
  const since = String(f.registry.revision);
  await put(f, 'a', { n: '1' });
  // A peer that has just started remembers nothing.
  const fresh = registryOn(t, f.store, f.clock);
  await fresh.ready();
  const seen = await watch({ registry: fresh }, { resourceVersion: since, allowBookmarks: true });
  await put(f, 'a', { n: '2' });
  await remove(f, 'a');
  await f.clock.advance(0);
  t.deepEqual(seen.told, ['MODIFIED a', 'MODIFIED a', 'DELETED a']);
  t.deepEqual(fields(seen.events[2]!.encoded).data, { n: '2' });
  await f.clock.advance(80_000);
  t.is(seen.events.at(-1)?.type, 'BOOKMARK');
  seen.stop();
});

test('a version that is compacted is Expired', async (t) => {
  const f = await createFixture(t);
  await create(f, 'a');
  const since = f.registry.revision;
  await put(f, 'a', { n: '1' });
  await put(f, 'a', { n: '2' });
  await f.store.compact(f.registry.revision);
  const fresh = registryOn(t, f.store, f.clock);
  await fresh.ready();
  const status = await refused(t, watch({ registry: fresh }, { resourceVersion: String(since) }), 'Expired');
  t.is(status.code, 410);
  t.is(status.message, `too old resource version: ${since} (${f.registry.revision})`);
});

test('sendInitialEvents tells the state and marks its end', async (t) => {
  const f = await createFixture(t);
  await create(f, 'a');
  const parameters = { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan', allowBookmarks: true };
  const seen = await watch(f, parameters);
  t.deepEqual(seen.told, ['ADDED a', 'BOOKMARK']);
  const { metadata } = seen.events[1]!.encoded.object;
  t.is(metadata.annotations?.['k8s.io/initial-events-end'], 'true');
  t.is(metadata.resourceVersion, String(f.registry.revision));
  await create(f, 'b');
  t.deepEqual(seen.told.slice(2), ['ADDED b']);
  const none = await watch(f, { sendInitialEvents: false, resourceVersionMatch: 'NotOlderThan' });
  await create(f, 'c');
  t.deepEqual(none.told, ['ADDED c']);
  await refused(t, watch(f, { sendInitialEvents: true }), 'Invalid');
  await refused(t, watch(f, { resourceVersionMatch: 'NotOlderThan' }), 'Invalid');
});

test('who stays only for a while gets its last bookmark shortly before it goes', async (t) => {
  const f = await createFixture(t);
  const short = await watch(f, { allowBookmarks: true, timeoutMs: 10_000 });
  const tiny = await watch(f, { allowBookmarks: true, timeoutMs: 1_000 });
  const long = await watch(f, { allowBookmarks: true, timeoutMs: 180_000 });
  await f.clock.advance(7_900);
  t.is(short.events.length, 0);
  await create(f, 'a');
  await f.clock.advance(200);
  t.deepEqual(short.told, ['ADDED a', 'BOOKMARK']);
  t.is(short.lastVersion, f.registry.revision);
  await f.clock.advance(1_900);
  t.deepEqual(tiny.told, ['ADDED a']);
  await f.clock.advance(167_900);
  const before = long.told.length;
  t.true(before >= 3, 'as regular as any until then');
  await f.clock.advance(200);
  t.is(long.told.length, before + 1);
  for (const each of [short, tiny, long]) each.stop();
});

test('bookmarks come about every minute to who wants them, with the latest version', async (t) => {
  const f = await createFixture(t);
  const seen = await watch(f, { allowBookmarks: true });
  const plain = await watch(f);
  await f.registry.create({ ...at(pods), object: pod('p') });
  await f.clock.advance(10 * 60_000);
  t.true(seen.events.length >= 8 && seen.events.length <= 12, `${seen.events.length} bookmarks in 10 minutes`);
  t.true(seen.events.every(({ type }) => type === 'BOOKMARK'));
  t.is(seen.lastVersion, f.registry.revision);
  const { kind, apiVersion, metadata } = seen.events[0]!.encoded.object;
  t.deepEqual([kind, apiVersion, metadata.annotations], ['ConfigMap', 'v1', undefined]);
  t.is(plain.events.length, 0);
  seen.stop();
  const { pending } = f.clock;
  await f.clock.advance(2 * 60_000);
  t.is(f.clock.pending, pending);
});

test('a reader that is too slow loses its watch, and others do not notice', async (t) => {
  const f = await createFixture(t);
  const slow = await watch(f);
  const quick = await watch(f);
  slow.room = 2;
  for (const name of ['a', 'b', 'c', 'd']) await create(f, name);
  t.deepEqual(slow.told, ['ADDED a', 'ADDED b']);
  t.deepEqual(slow.ended, { status: undefined });
  t.is(quick.events.length, 4);
});

test('a reader with limited room gets a big state in portions, and what happens meanwhile after it', async (t) => {
  const f = await createFixture(t);
  for (let i = 0; i < 600; i++) await create(f, `c${String(i).padStart(3, '0')}`);
  const releases: (() => void)[] = [];
  const drained = (): Promise<void> => new Promise((resolve) => releases.push(resolve));
  const seen = await watch(f, { drained });
  const first = seen.events.length;
  t.true(first > 0 && first < 600, `${first} at once`);
  await put(f, 'c000', { n: '1' });
  await remove(f, 'c599');
  while (releases.length > 0) {
    releases.splice(0).forEach((release) => {
      release();
    });
    await f.clock.advance(0);
  }
  t.deepEqual(seen.told.slice(600), ['MODIFIED c000', 'DELETED c599']);
  t.is(new Set(seen.told.slice(0, 600)).size, 600);
  await create(f, 'live');
  t.is(seen.told.at(-1), 'ADDED live');
});

test('what waits for a reader that never has room is bounded', async (t) => {
  const f = await createFixture(t);
  for (let i = 0; i < 300; i++) await create(f, `c${i}`);
  const seen = await watch(f, { drained: () => new Promise(() => {}) });
  // One transaction may change many objects, which is quicker than as many transactions.
  const change = (i: number) =>
    f.store.txn({
      compare: [],
      then: Array.from({ length: 100 }, (_, j) => ({
        type: 'put',
        key: `/registry/configmaps/default/x${i}-${j}`,
        value: Buffer.from('x'),
      })),
    });
  for (let i = 0; i < 90; i++) await change(i);
  t.is(seen.ended, undefined);
  for (let i = 90; i < 110; i++) await change(i);
  t.deepEqual(seen.ended, { status: undefined });
});

test('a watch from the future of a peer that lags behind misses nothing', async (t) => {
  const f = await createFixture(t);
  const lagging = laggingStore(f.store);
  const behind = registryOn(t, lagging, f.clock);
  await behind.ready();
  await create(f, 'a');
  const since = String(f.registry.revision);
  await put(f, 'a', { n: '1' });
  const seen = await watch({ registry: behind }, { resourceVersion: since });
  lagging.catchUp();
  t.deepEqual(seen.told, ['MODIFIED a']);
});

test('a watch from a version that is yet to come tells nothing before it', async (t) => {
  const f = await createFixture(t);
  const seen = await watch(f, { resourceVersion: String(f.registry.revision + 1) });
  await create(f, 'a');
  await create(f, 'b');
  t.deepEqual(seen.told, ['ADDED b']);
});

test('the views of events in two groups are one storage', async (t) => {
  const { registry } = await createFixture(t);
  const core = at(typeOf('events'));
  const modern = at(typeOf('events', 'events.k8s.io'));
  const seen = new Recorder();
  await registry.watch({ ...modern, onEvent: seen.onEvent, onEnd: seen.onEnd });
  const involvedObject = { kind: 'Pod', namespace: 'default', name: 'p' };
  const event = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'e' },
    involvedObject,
    reason: 'Started',
    message: 'hello',
    type: 'Normal',
    count: 3,
  };
  await registry.create({ ...core, object: event as never });
  const shown = fields(seen.events[0]!.encoded);
  t.is(shown.apiVersion, 'events.k8s.io/v1');
  t.deepEqual([shown.regarding, shown.note, shown.deprecatedCount], [involvedObject, 'hello', 3]);
  const found = await registry.list({ ...modern, fieldSelector: 'regarding.name=p' });
  t.is(found.items.length, 1);
  const patch = { metadata: { labels: { a: 'b' } } };
  await registry.patch({ ...modern, name: 'e', patchType: 'application/merge-patch+json', patch });
  const back = fields(await registry.get({ ...core, name: 'e' }));
  t.deepEqual([back.apiVersion, back.message, back.count, back.metadata.labels], ['v1', 'hello', 3, { a: 'b' }]);
});

test('closing the registry ends its watches', async (t) => {
  const f = await createFixture(t);
  const seen = await watch(f);
  f.registry.close();
  t.deepEqual(seen.ended, { status: undefined });
  const after = registryOn(t, f.store, f.clock);
  await f.store.close();
  t.truthy(after);
  await refused(t, f.registry.get({ ...at(configMaps), name: 'a' }), 'ServiceUnavailable');
});
