import test from 'ava';
import fc from 'fast-check';
import { type OwnerReference, reasonOf, resources, type v1 } from '../../src/api/index.ts';
import type { DeleteOptions } from '../../src/client/index.ts';
import { deploymentController } from '../../src/controllers/deployment/index.ts';
import { garbageCollector } from '../../src/controllers/garbage-collector/index.ts';
import { replicaSetController } from '../../src/controllers/replicaset.ts';
import { deployment, type HarnessOptions, startHarness } from './harness.ts';

async function setUp(options: Partial<HarnessOptions> = {}) {
  const harness = await startHarness({ controllers: [garbageCollector], kubelet: false, ...options });
  const { client, clock } = harness;
  const make = async (name: string, owners: v1.ConfigMap[] = [], extra: Partial<OwnerReference> = {}) => {
    const ownerReferences = owners.map(({ metadata: { name, uid } }) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name: name!,
      uid: uid!,
      ...extra,
    }));
    const metadata = { name, namespace: 'default', ownerReferences };
    return client.create<v1.ConfigMap>(resources.configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata });
  };
  const get = (name: string) =>
    client.get<v1.ConfigMap>(resources.configMaps, 'default', name).catch((error: unknown) => {
      if (reasonOf(error) === 'NotFound') return undefined;
      throw error;
    });
  return {
    ...harness,
    make,
    get,
    remove: (name: string, options: DeleteOptions = {}) =>
      client.delete(resources.configMaps, 'default', name, options),
    names: async () =>
      (await client.list<v1.ConfigMap>(resources.configMaps, 'default')).items
        .map(({ metadata }) => metadata.name!)
        .sort(),
    hold: (name: string, finalizers: string[] | null) =>
      client.patch(resources.configMaps, 'default', name, { type: 'merge', body: { metadata: { finalizers } } }),
    settleDown: () => clock.advance(10_000),
  };
}

test('what an owner leaves behind goes, and what that owned too', async (t) => {
  const { make, remove, names, settleDown, stop } = await setUp();
  const a = await make('a');
  const b = await make('b', [a]);
  await make('c', [b]);
  await make('other');
  await settleDown();
  t.deepEqual(await names(), ['a', 'b', 'c', 'other']);
  await remove('a', { propagationPolicy: 'Background' });
  await settleDown();
  t.deepEqual(await names(), ['other']);
  await stop();
});

test('an object with another owner stays, and forgets the one that is gone', async (t) => {
  const { make, remove, get, names, settleDown, stop } = await setUp();
  const [a, b] = [await make('a'), await make('b')];
  await make('c', [a, b]);
  await settleDown();
  await remove('a');
  await settleDown();
  t.deepEqual(await names(), ['b', 'c']);
  t.deepEqual(
    (await get('c'))!.metadata.ownerReferences?.map(({ name }) => name),
    ['b'],
  );
  await remove('b');
  await settleDown();
  t.deepEqual(await names(), []);
  await stop();
});

test('an owner that never was, or has another uid, does not keep anything', async (t) => {
  const { make, names, settleDown, stop } = await setUp();
  const a = await make('a');
  await make('of-nobody', [{ ...a, metadata: { name: 'ghost', uid: '00000000-0000-4000-8000-000000000001' } }]);
  await make('of-an-earlier', [{ ...a, metadata: { name: 'a', uid: '00000000-0000-4000-8000-000000000002' } }]);
  await make('of-a', [a]);
  await settleDown();
  t.deepEqual(await names(), ['a', 'of-a']);
  await stop();
});

test('an owner of a kind that is not served is not for us to judge', async (t) => {
  const { make, names, settleDown, stop } = await setUp();
  const a = await make('a');
  await make('b', [{ ...a, metadata: { name: 'x', uid: '00000000-0000-4000-8000-000000000003' } }], {
    apiVersion: 'example.com/v1',
    kind: 'Widget',
  });
  await settleDown();
  t.deepEqual(await names(), ['a', 'b']);
  await stop();
});

test('an owner in another namespace is none', async (t) => {
  const { client, make, names, settleDown, stop } = await setUp();
  const metadata = { name: 'far', namespace: 'kube-system' };
  const far = await client.create<v1.ConfigMap>(resources.configMaps, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata,
  });
  await settleDown();
  await make('b', [far]);
  await settleDown();
  t.deepEqual(await names(), []);
  await stop();
});

test('a cluster-scoped owner keeps objects in namespaces', async (t) => {
  const { client, make, names, settleDown, stop } = await setUp();
  const node: v1.Node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } };
  const owner = await client.create(resources.nodes, node);
  await make('b', [owner as never], { kind: 'Node' });
  await settleDown();
  t.deepEqual(await names(), ['b']);
  await client.delete(resources.nodes, undefined, 'n');
  await settleDown();
  t.deepEqual(await names(), []);
  await stop();
});

test('in the foreground, the owner goes after the dependents that block it', async (t) => {
  const { make, remove, get, hold, names, settleDown, stop } = await setUp();
  const a = await make('a');
  await make('blocking', [a], { blockOwnerDeletion: true });
  await make('free', [a]);
  await hold('blocking', ['example.com/busy']);
  await hold('free', ['example.com/busy']);
  await settleDown();
  await remove('a', { propagationPolicy: 'Foreground' });
  await settleDown();
  t.deepEqual(await names(), ['a', 'blocking', 'free']);
  t.deepEqual((await get('a'))!.metadata.finalizers, ['foregroundDeletion']);
  for (const name of ['a', 'blocking', 'free']) t.truthy((await get(name))!.metadata.deletionTimestamp, name);
  await hold('blocking', null);
  await settleDown();
  t.deepEqual(await names(), ['free']);
  await hold('free', null);
  await settleDown();
  t.deepEqual(await names(), []);
  await stop();
});

test('foreground deletion goes down level by level', async (t) => {
  const { make, remove, hold, names, settleDown, stop } = await setUp();
  const a = await make('a');
  const b = await make('b', [a], { blockOwnerDeletion: true });
  await make('c', [b], { blockOwnerDeletion: true });
  await hold('c', ['example.com/busy']);
  await settleDown();
  await remove('a', { propagationPolicy: 'Foreground' });
  await settleDown();
  t.deepEqual(await names(), ['a', 'b', 'c']);
  await hold('c', null);
  await settleDown();
  t.deepEqual(await names(), []);
  await stop();
});

test('objects that own each other can go in the foreground', async (t) => {
  const { client, make, remove, names, settleDown, stop } = await setUp();
  const a = await make('a');
  const b = await make('b', [a], { blockOwnerDeletion: true });
  const { name, uid } = b.metadata;
  const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name, uid, blockOwnerDeletion: true }];
  await client.patch(resources.configMaps, 'default', 'a', { type: 'merge', body: { metadata: { ownerReferences } } });
  await settleDown();
  await remove('a', { propagationPolicy: 'Foreground' });
  await settleDown();
  t.deepEqual(await names(), []);
  await stop();
});

test('orphaned dependents stay and forget their owner', async (t) => {
  const { make, remove, get, names, settleDown, stop } = await setUp();
  const a = await make('a');
  await make('b', [a]);
  await settleDown();
  await remove('a', { propagationPolicy: 'Orphan' });
  await settleDown();
  t.deepEqual(await names(), ['b']);
  t.deepEqual((await get('b'))!.metadata.ownerReferences ?? [], []);
  await stop();
});

test('a deleted Deployment takes its ReplicaSets and pods along', async (t) => {
  const { clock, client, list, stop } = await setUp({
    controllers: [garbageCollector, deploymentController, replicaSetController],
    kubelet: {},
  });
  await client.create(resources.deployments, deployment('web', 3));
  await clock.advance(2_000);
  t.is((await list(resources.pods)).length, 3);
  await client.delete(resources.deployments, 'default', 'web', { propagationPolicy: 'Background' });
  await clock.advance(10_000);
  t.deepEqual(await list(resources.replicaSets), []);
  t.deepEqual(await list(resources.pods), []);
  await client.create(resources.deployments, deployment('web', 3));
  await clock.advance(2_000);
  await client.delete(resources.deployments, 'default', 'web', { propagationPolicy: 'Foreground' });
  await clock.advance(10_000);
  t.deepEqual(await list(resources.pods), []);
  t.deepEqual((await client.list(resources.deployments, undefined)).items, []);
  await stop();
});

test('whatever is owned and deleted, in the end exactly those with a living owner or none are left', async (t) => {
  const links = fc.array(fc.tuple(fc.nat(7), fc.nat(7)), { maxLength: 12 });
  const removals = fc.array(fc.tuple(fc.nat(7), fc.constantFrom('Background', 'Foreground')), {
    minLength: 1,
    maxLength: 4,
  });
  const run = async (edges: [number, number][], removed: [number, string][]): Promise<void> => {
    const { make, remove, names, settleDown, stop } = await setUp();
    // Owners come before what they own, so that there are no cycles.
    const owners = Array.from({ length: 8 }, (_, to) => [
      ...new Set(edges.flatMap(([a, b]) => (Math.max(a, b) === to && a !== b ? [Math.min(a, b)] : []))),
    ]);
    const made: v1.ConfigMap[] = [];
    for (const [index, from] of owners.entries()) {
      made.push(
        await make(
          `o${index}`,
          from.map((owner) => made[owner]!),
          { blockOwnerDeletion: index % 2 === 0 },
        ),
      );
    }
    const alive = new Set(owners.keys());
    for (const [index, propagationPolicy] of removed) {
      await remove(`o${index}`, { propagationPolicy } as DeleteOptions).catch(() => {});
      alive.delete(index);
    }
    for (const [index, from] of owners.entries()) {
      if (from.length > 0 && from.every((owner) => !alive.has(owner))) alive.delete(index);
    }
    await settleDown();
    await settleDown();
    t.deepEqual(await names(), [...alive].map((index) => `o${index}`).sort());
    await stop();
  };
  await fc.assert(fc.asyncProperty(links, removals, run), { numRuns: 15 });
});
