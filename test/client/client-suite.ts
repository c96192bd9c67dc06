import type { ExecutionContext, TestFn } from 'ava';
import { ApiError, type coordinationv1, reasonOf, resources, type v1 } from '../../src/api/index.ts';
import type { Client, WatchEvent, WatchOptions } from '../../src/client/index.ts';
import { bind } from '../support/fake-kubelet.ts';

/** What a client under test can't do, with the reason. */
export type Skips = Partial<Record<'fencing' | 'patches' | 'paging', string>>;

export interface ClientUnderTest {
  client: Client;
  stop(): Promise<void>;
}

const configMap = (name: string, extra: Partial<v1.ConfigMap> = {}): v1.ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
  ...extra,
});

/** What every Client does, whatever lies between it and the store. */
export function clientSuite(test: TestFn, start: () => Promise<ClientUnderTest>, skips: Skips = {}): void {
  const check = (title: string, run: (t: ExecutionContext, client: Client) => Promise<void>): void =>
    test(title, async (t) => {
      const { client, stop } = await start();
      try {
        await run(t, client);
      } finally {
        await stop();
      }
    });
  const unless = (skip: string | undefined): typeof check =>
    skip === undefined ? check : (title) => void test.skip(`${title} (${skip})`, () => {});

  check('what is created can be read, and is told apart by uid and version', async (t, client) => {
    const created = await client.create(resources.configMaps, configMap('a', { data: { x: '1' } }));
    t.truthy(created.metadata.uid);
    t.regex(created.metadata.resourceVersion!, /^[1-9]\d*$/);
    t.regex(created.metadata.creationTimestamp!, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    t.deepEqual(await client.get(resources.configMaps, 'default', 'a'), created);
  });

  check('failures are ApiErrors with their reason', async (t, client) => {
    const missing = client.get(resources.configMaps, 'default', 'missing');
    const error = await t.throwsAsync(missing, { instanceOf: ApiError, message: 'configmaps "missing" not found' });
    t.is((error as ApiError).reason, 'NotFound');
    t.is((error as ApiError).httpCode, 404);
    t.is((error as ApiError).code, 'API_NOT_FOUND');
    await client.create(resources.configMaps, configMap('a'));
    const again = await t.throwsAsync(client.create(resources.configMaps, configMap('a')));
    t.is(reasonOf(again), 'AlreadyExists');
    for (const call of [
      client.update(resources.configMaps, configMap('gone')),
      client.delete(resources.configMaps, 'default', 'gone'),
      client.patch(resources.configMaps, 'default', 'gone', { type: 'merge', body: {} }),
    ]) {
      t.is(reasonOf(await t.throwsAsync(call)), 'NotFound');
    }
  });

  check('names are made from generateName', async (t, client) => {
    const metadata = { generateName: 'made-', namespace: 'default' };
    const created = await client.create(resources.configMaps, { ...configMap(''), metadata });
    t.regex((created as v1.ConfigMap).metadata.name!, /^made-[a-z0-9]{5}$/);
  });

  check('an update of what is no longer current is refused', async (t, client) => {
    const first = await client.create(resources.configMaps, configMap('a'));
    const second = await client.update(resources.configMaps, { ...first, data: { x: '1' } });
    t.not(second.metadata.resourceVersion, first.metadata.resourceVersion);
    const stale = await t.throwsAsync(client.update(resources.configMaps, { ...first, data: { x: '2' } }));
    t.is(reasonOf(stale), 'Conflict');
    t.deepEqual((await client.get<v1.ConfigMap>(resources.configMaps, 'default', 'a')).data, { x: '1' });
  });

  check('merge and JSON patches', async (t, client) => {
    await client.create(resources.configMaps, configMap('a', { data: { x: '1', y: '2' } }));
    const merge = { type: 'merge', body: { data: { x: null, z: '3' } } } as const;
    const merged = await client.patch<v1.ConfigMap>(resources.configMaps, 'default', 'a', merge);
    t.deepEqual(merged.data, { y: '2', z: '3' });
    const json = { type: 'json', body: [{ op: 'replace', path: '/data/y', value: '4' }] } as const;
    const patched = await client.patch<v1.ConfigMap>(resources.configMaps, 'default', 'a', {
      ...json,
      body: [...json.body],
    });
    t.deepEqual(patched.data, { y: '4', z: '3' });
  });

  unless(skips.patches)('strategic patches and server-side apply', async (t, client) => {
    const pod: v1.Pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', namespace: 'default' },
      spec: { containers: [{ name: 'one', image: 'host' }] },
    };
    await client.create(resources.pods, pod);
    const body = { spec: { containers: [{ name: 'one', image: 'other' }] } };
    const patched = await client.patch<v1.Pod>(resources.pods, 'default', 'p', { type: 'strategic', body });
    t.deepEqual(
      patched.spec!.containers.map(({ name, image }) => `${name}=${image}`),
      ['one=other'],
    );
    const apply = (data: Record<string, string>, force = false) =>
      client.patch<v1.ConfigMap>(
        resources.configMaps,
        'default',
        'a',
        { type: 'apply', body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data }, force },
        { fieldManager: force ? 'second' : 'first' },
      );
    t.deepEqual((await apply({ x: '1', y: '2' })).data, { x: '1', y: '2' });
    t.deepEqual((await apply({ x: '1' })).data, { x: '1' });
    t.deepEqual((await apply({ x: '9' }, true)).data, { x: '9' });
  });

  unless(skips.patches)('dry runs change nothing', async (t, client) => {
    await client.create(resources.configMaps, configMap('dry'), { dryRun: true });
    t.deepEqual((await client.list(resources.configMaps, 'default')).items, []);
  });

  check('lists one namespace or all, by labels and fields', async (t, client) => {
    const labelled = (name: string, namespace: string, app: string): v1.ConfigMap =>
      configMap(name, { metadata: { name, namespace, labels: { app } } });
    await client.create(resources.configMaps, labelled('a', 'default', 'x'));
    await client.create(resources.configMaps, labelled('b', 'default', 'y'));
    await client.create(resources.configMaps, labelled('c', 'kube-system', 'x'));
    const names = async (namespace: string | undefined, options = {}): Promise<string[]> =>
      (await client.list(resources.configMaps, namespace, options)).items.map(({ metadata }) => metadata.name!).sort();
    t.deepEqual(await names('default'), ['a', 'b']);
    t.deepEqual(await names(undefined), ['a', 'b', 'c']);
    t.deepEqual(await names(undefined, { labelSelector: 'app=x' }), ['a', 'c']);
    t.deepEqual(await names('default', { labelSelector: 'app in (x, y), app!=y' }), ['a']);
    t.deepEqual(await names(undefined, { fieldSelector: 'metadata.name=b' }), ['b']);
    const list = await client.list(resources.configMaps, 'default');
    t.regex(list.metadata.resourceVersion!, /^[1-9]\d*$/);
    for (const item of list.items) t.like(item, { apiVersion: 'v1', kind: 'ConfigMap' });
  });

  unless(skips.paging)('long lists come in pages', async (t, client) => {
    for (const name of ['a', 'b', 'c']) await client.create(resources.configMaps, configMap(name));
    const first = await client.list(resources.configMaps, 'default', { limit: 2 });
    t.is(first.items.length, 2);
    const rest = await client.list(resources.configMaps, 'default', { limit: 2, continue: first.metadata.continue! });
    t.deepEqual(
      [...first.items, ...rest.items].map(({ metadata }) => metadata.name),
      ['a', 'b', 'c'],
    );
    t.falsy(rest.metadata.continue);
  });

  check('a deletion may demand which object it means', async (t, client) => {
    const created = await client.create(resources.configMaps, configMap('a'));
    const wrong = { preconditions: { uid: '00000000-0000-4000-8000-000000000000' } };
    t.is(reasonOf(await t.throwsAsync(client.delete(resources.configMaps, 'default', 'a', wrong))), 'Conflict');
    await client.delete(resources.configMaps, 'default', 'a', { preconditions: { uid: created.metadata.uid! } });
    t.is(reasonOf(await t.throwsAsync(client.get(resources.configMaps, 'default', 'a'))), 'NotFound');
  });

  check('an object with finalizers goes when they are gone', async (t, client) => {
    const metadata = { name: 'a', namespace: 'default', finalizers: ['example.com/hold'] };
    await client.create(resources.configMaps, { ...configMap('a'), metadata });
    await client.delete(resources.configMaps, 'default', 'a', { propagationPolicy: 'Foreground' });
    const held = await client.get(resources.configMaps, 'default', 'a');
    t.truthy(held.metadata.deletionTimestamp);
    t.deepEqual(held.metadata.finalizers, ['example.com/hold', 'foregroundDeletion']);
    await client.patch(resources.configMaps, 'default', 'a', {
      type: 'merge',
      body: { metadata: { finalizers: null } },
    });
    t.is(reasonOf(await t.throwsAsync(client.get(resources.configMaps, 'default', 'a'))), 'NotFound');
  });

  check('subresources: status and binding', async (t, client) => {
    const pod: v1.Pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', namespace: 'default' },
      spec: { containers: [{ name: 'one', image: 'host' }] },
    };
    const created = await client.create(resources.pods, pod);
    await bind(client, created, 'node-1');
    const bound = await client.get<v1.Pod>(resources.pods, 'default', 'p');
    t.is(bound.spec!.nodeName, 'node-1');
    const changed = {
      ...bound,
      metadata: { ...bound.metadata },
      status: { ...bound.status, phase: 'Running' as const },
    };
    const updated = await client.update<v1.Pod>(resources.pods, changed, { subresource: 'status' });
    t.is(updated.status!.phase, 'Running');
    const plain = await client.update<v1.Pod>(resources.pods, { ...updated, status: { phase: 'Failed' } });
    t.is(plain.status!.phase, 'Running');
  });

  check('a watch goes on from a list, in order', async (t, client) => {
    const before = await client.create(resources.configMaps, configMap('before'));
    const { resourceVersion } = (await client.list(resources.configMaps, 'default')).metadata;
    const seen = follow(client, { resourceVersion: resourceVersion! });
    await client.create(resources.configMaps, configMap('a'));
    await client.update(resources.configMaps, configMap('a', { data: { x: '1' } }));
    await client.create(resources.configMaps, {
      ...configMap('other'),
      metadata: { name: 'o', namespace: 'kube-system' },
    });
    await client.delete(resources.configMaps, 'default', 'before');
    await client.delete(resources.configMaps, 'default', 'a');
    const events = await seen.take(4);
    t.deepEqual(
      events.map(({ type, object }) => `${type} ${object.metadata.name}`),
      ['ADDED a', 'MODIFIED a', 'DELETED before', 'DELETED a'],
    );
    t.is(events[2]!.object.metadata.uid, before.metadata.uid);
    const versions = events.map(({ object }) => Number(object.metadata.resourceVersion));
    t.deepEqual(
      versions,
      versions.toSorted((a, b) => a - b),
    );
    t.true(versions[0]! > Number(resourceVersion));
    await seen.stop();
  });

  check('a watch without a version begins with what is there', async (t, client) => {
    await client.create(resources.configMaps, configMap('a'));
    const seen = follow(client, {});
    t.deepEqual(
      (await seen.take(1)).map(({ type, object }) => `${type} ${object.metadata.name}`),
      ['ADDED a'],
    );
    await client.create(resources.configMaps, configMap('b'));
    t.is((await seen.take(2))[1]!.object.metadata.name, 'b');
    await seen.stop();
  });

  check('to a watch with a selector, objects come and go as they match', async (t, client) => {
    const labelled = (app: string): v1.ConfigMap =>
      configMap('a', { metadata: { name: 'a', namespace: 'default', labels: { app } } });
    await client.create(resources.configMaps, labelled('x'));
    const { resourceVersion } = (await client.list(resources.configMaps, 'default')).metadata;
    const seen = follow(client, { resourceVersion: resourceVersion!, labelSelector: 'app=x' });
    await client.update(resources.configMaps, labelled('y'));
    await client.update(resources.configMaps, labelled('x'));
    await client.delete(resources.configMaps, 'default', 'a');
    t.deepEqual(
      (await seen.take(3)).map(({ type }) => type),
      ['DELETED', 'ADDED', 'DELETED'],
    );
    await seen.stop();
  });

  check('an aborted watch ends plainly; one that begins aborted too', async (t, client) => {
    const seen = follow(client, {});
    await client.create(resources.configMaps, configMap('a'));
    await seen.take(1);
    await seen.stop();
    for await (const _ of client.watch(resources.configMaps, 'default', { signal: AbortSignal.abort() })) t.fail();
    t.pass();
  });

  unless(skips.fencing)('a fenced client writes only while its Lease is held', async (t, client) => {
    const lease: coordinationv1.Lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'lock', namespace: 'kube-system' },
      spec: { holderIdentity: 'me', leaseTransitions: 3, leaseDurationSeconds: 5 },
    };
    const held = await client.create(resources.leases, lease);
    const fence = { namespace: 'kube-system', name: 'lock', holderIdentity: 'me', leaseTransitions: 3 };
    const fenced = client.fenced(fence);
    await fenced.create(resources.configMaps, configMap('a'));
    await client.update(resources.leases, {
      ...held,
      spec: { ...held.spec, holderIdentity: 'you', leaseTransitions: 4 },
    });
    for (const write of [
      fenced.create(resources.configMaps, configMap('b')),
      fenced.update(resources.configMaps, configMap('a', { data: { x: '1' } })),
      fenced.patch(resources.configMaps, 'default', 'a', { type: 'merge', body: { data: { x: '1' } } }),
      fenced.delete(resources.configMaps, 'default', 'a'),
    ]) {
      const error = await t.throwsAsync(write, { instanceOf: ApiError });
      t.is(reasonOf(error), 'Conflict');
      t.true((error as ApiError).status.details?.causes?.some(({ reason }) => reason === 'FencingLost'));
    }
    t.is((await fenced.get<v1.ConfigMap>(resources.configMaps, 'default', 'a')).data, undefined);
    await client.create(resources.configMaps, configMap('b'));
  });
}

/** Collects the events of a watch. */
function follow(client: Client, options: Omit<WatchOptions, 'signal'>) {
  const abort = new AbortController();
  const events: WatchEvent<v1.ConfigMap>[] = [];
  let wake = Promise.withResolvers<void>();
  const running = (async () => {
    const watch = client.watch<v1.ConfigMap>(resources.configMaps, 'default', { ...options, signal: abort.signal });
    for await (const event of watch) {
      if (event.type !== 'BOOKMARK') events.push(event);
      wake.resolve();
      wake = Promise.withResolvers();
    }
  })();
  return {
    async take(count: number): Promise<WatchEvent<v1.ConfigMap>[]> {
      while (events.length < count) await Promise.race([wake.promise, running]);
      return events;
    },
    async stop(): Promise<void> {
      abort.abort();
      await running;
    },
  };
}
