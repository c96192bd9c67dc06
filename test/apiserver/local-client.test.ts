import test from 'ava';
import { ApiError, type KubernetesObject, resources } from '../../src/api/index.ts';
import type { Attributes } from '../../src/apiserver/authorization/index.ts';
import { EventQueue } from '../../src/apiserver/event-queue.ts';
import { createLocalClient } from '../../src/apiserver/local-client.ts';
import type { WatchEvent } from '../../src/client/index.ts';
import { admin, configMap, createFixture, deployment, type Fixture, lease, object } from './registry/harness.ts';

const inDefault = (made: KubernetesObject): KubernetesObject => ({
  ...made,
  metadata: { ...made.metadata, namespace: 'default' },
});

const { configMaps, deployments, leases, pods } = resources;
const clientOf = ({ registry }: Fixture) => createLocalClient(registry, admin);
const create = (f: Fixture, name: string) => clientOf(f).create(configMaps, inDefault(configMap(name)));

test('the client does what the registry does', async (t) => {
  const f = await createFixture(t);
  const client = clientOf(f);
  const submitted = inDefault(deployment('web'));
  const made = await client.create(deployments, submitted);
  t.is(made.metadata.managedFields?.[0]?.manager, 'admin');
  t.is(submitted.metadata.uid, undefined, 'what was handed in stays as it was');
  t.is(await client.get(deployments, 'default', 'web'), made, 'the same object for all');
  const changed = await client.update(deployments, { ...made, metadata: { ...made.metadata, labels: { a: 'b' } } });
  t.deepEqual(changed.metadata.labels, { a: 'b' });
  const patched = await client.patch(deployments, 'default', 'web', { type: 'merge', body: { spec: { replicas: 3 } } });
  t.is((patched as { spec?: { replicas?: number } }).spec?.replicas, 3);
  const scaled = await client.patch(
    deployments,
    'default',
    'web',
    { type: 'merge', body: { spec: { replicas: 4 } } },
    { subresource: 'scale' },
  );
  t.is(scaled.kind, 'Scale');
  const config = { ...inDefault(deployment('web', 5)) };
  const applied = await client.patch(
    deployments,
    'default',
    'web',
    { type: 'apply', body: config, force: true },
    { fieldManager: 'me' },
  );
  t.truthy(applied.metadata.managedFields?.some(({ manager }) => manager === 'me'));
  const { apiVersion, kind, items, metadata } = await client.list(deployments, undefined, { labelSelector: 'a=b' });
  t.deepEqual([apiVersion, kind, items.length], ['apps/v1', 'DeploymentList', 1]);
  t.truthy(metadata.resourceVersion);
  await client.delete(deployments, 'default', 'web', { propagationPolicy: 'Foreground' });
  t.deepEqual((await client.get(deployments, 'default', 'web')).metadata.finalizers, ['foregroundDeletion']);
  const error = await t.throwsAsync(client.get(deployments, 'default', 'gone'), { instanceOf: ApiError });
  t.is(error?.reason, 'NotFound');
});

test('a subresource that is created names its object', async (t) => {
  const f = await createFixture(t);
  const client = clientOf(f);
  const spec = { containers: [{ name: 'main', image: 'host' }] };
  await client.create(pods, inDefault(object('v1', 'Pod', 'p', { spec })));
  await client.create(pods, inDefault(object('v1', 'Binding', 'p', { target: { kind: 'Node', name: 'n1' } })), {
    subresource: 'binding',
  });
  t.is((await client.get<KubernetesObject & { spec: { nodeName: string } }>(pods, 'default', 'p')).spec.nodeName, 'n1');
});

test('a mistake in a field is an error, not a warning', async (t) => {
  const f = await createFixture(t);
  const odd = { ...inDefault(configMap('a')), oddity: 1 };
  const error = await t.throwsAsync(clientOf(f).create(configMaps, odd), { instanceOf: ApiError });
  t.is(error?.reason, 'BadRequest');
});

test('who may not is told so, before anything is done', async (t) => {
  const f = await createFixture(t);
  const asked: Attributes[] = [];
  const client = createLocalClient(
    f.registry,
    { name: 'eve', groups: [] },
    {
      authorizer: {
        async authorize(attributes) {
          asked.push(attributes);
          return { allowed: attributes.verb === 'list', reason: '' };
        },
      },
    },
  );
  await t.notThrowsAsync(client.list(configMaps, 'default'));
  const error = await t.throwsAsync(client.delete(configMaps, 'default', 'a'), { instanceOf: ApiError });
  t.is(
    error?.message,
    'configmaps "a" is forbidden: User "eve" cannot delete resource "configmaps" in API group "" in the namespace "default"',
  );
  await t.throwsAsync(
    client.watch(configMaps, 'default', { signal: new AbortController().signal })[Symbol.asyncIterator]().next(),
    { instanceOf: ApiError },
  );
  t.deepEqual(
    asked.map(({ verb }) => verb),
    ['list', 'delete', 'watch'],
  );
  t.is(asked[1]?.resource?.name, 'a');
});

test('a kind that is not served is not found', async (t) => {
  const f = await createFixture(t);
  const nothing = { ...configMaps, resource: 'nothings' };
  const error = await t.throwsAsync(clientOf(f).list(nothing, 'default'), { instanceOf: ApiError });
  t.is(error?.httpCode, 404);
});

test('a fenced client writes while the lease is held', async (t) => {
  const f = await createFixture(t);
  const client = clientOf(f);
  const held = await client.create(leases, inDefault(lease('leader', 'a')));
  const fenced = client.fenced({ namespace: 'default', name: 'leader', holderIdentity: 'a', leaseTransitions: 0 });
  await fenced.create(configMaps, inDefault(configMap('x')));
  await client.update(leases, { ...held, ...{ spec: { holderIdentity: 'b', leaseTransitions: 1 } } });
  const error = await t.throwsAsync(fenced.delete(configMaps, 'default', 'x'), { instanceOf: ApiError });
  t.is(error?.status.details?.causes?.[0]?.reason, 'FencingLost');
  await t.throwsAsync(fenced.patch(configMaps, 'default', 'x', { type: 'merge', body: { data: { a: '1' } } }));
});

async function take<T>(events: AsyncIterator<WatchEvent<KubernetesObject>, T>, count: number): Promise<string[]> {
  const told: string[] = [];
  while (told.length < count) {
    const { value, done } = await events.next();
    if (done) break;
    const event = value as WatchEvent<KubernetesObject>;
    told.push(`${event.type} ${event.object.metadata.name}`);
  }
  return told;
}

test('a watch tells the state and what happens, until it is aborted', async (t) => {
  const f = await createFixture(t);
  await create(f, 'a');
  const abort = new AbortController();
  const events = clientOf(f).watch(configMaps, 'default', { signal: abort.signal })[Symbol.asyncIterator]();
  t.deepEqual(await take(events, 1), ['ADDED a']);
  await create(f, 'b');
  await clientOf(f).delete(configMaps, 'default', 'a');
  t.deepEqual(await take(events, 2), ['ADDED b', 'DELETED a']);
  const waiting = events.next();
  abort.abort();
  t.true((await waiting).done);
  await create(f, 'c');
  t.true((await events.next()).done);
  const aborted = clientOf(f).watch(configMaps, 'default', { signal: abort.signal });
  t.true((await aborted[Symbol.asyncIterator]().next()).done);
});

test('a big state reaches a reader who takes its time', async (t) => {
  const f = await createFixture(t);
  for (let i = 0; i < 1_500; i++) await create(f, `c${i}`);
  const { signal } = new AbortController();
  const events = clientOf(f).watch(configMaps, 'default', { signal })[Symbol.asyncIterator]();
  t.is(new Set(await take(events, 1_500)).size, 1_500);
  await create(f, 'live');
  t.deepEqual(await take(events, 1), ['ADDED live']);
  await events.return?.(undefined);
});

test('a reader who does not read loses its watch, plainly', async (t) => {
  const f = await createFixture(t);
  const { signal } = new AbortController();
  const events = clientOf(f).watch(configMaps, 'default', { signal })[Symbol.asyncIterator]();
  const first = events.next();
  for (let i = 0; i < 1_200; i++) await create(f, `c${i}`);
  await first;
  const rest = await take(events, 2_000);
  t.true(rest.length >= 900 && rest.length <= 1_100, `${rest.length} events were kept`);
  t.true((await events.next()).done);
});

test('a watch of compacted history throws Expired', async (t) => {
  const f = await createFixture(t);
  await create(f, 'a');
  const since = String(f.registry.revision);
  for (let i = 0; i < 1_100; i++) await create(f, `c${i}`);
  await f.store.compact(f.registry.revision);
  const { signal } = new AbortController();
  const events = clientOf(f).watch(configMaps, 'default', { signal, resourceVersion: since });
  const error = await t.throwsAsync(events[Symbol.asyncIterator]().next(), { instanceOf: ApiError });
  t.is(error?.reason, 'Expired');
});

test('an event queue hands on what was pushed before its end, then the error', async (t) => {
  const queue = new EventQueue<number>(new AbortController().signal);
  t.true(queue.push(1));
  queue.push(2);
  const drained = queue.drained();
  queue.end(new Error('over'));
  queue.end();
  t.false(queue.push(3));
  await drained;
  await queue.drained();
  const seen: number[] = [];
  await t.throwsAsync(
    async () => {
      for await (const event of queue) seen.push(event);
    },
    { message: 'over' },
  );
  t.deepEqual(seen, [1, 2]);
});
