import test from 'ava';
import { type appsv1, errors, resources, type v1 } from '../../src/api/index.ts';
import { replicaSetController, replicationController } from '../../src/controllers/replicaset.ts';
import { setReady, setStatus } from '../support/fake-kubelet.ts';
import { overriding } from '../support/overriding.ts';
import { type HarnessOptions, podTemplate, replicaSet, startHarness } from './harness.ts';
import { startLagging } from './lagging.ts';

type ReplicaSet = appsv1.ReplicaSet;

async function setUp(options: Partial<HarnessOptions> = {}) {
  const harness = await startHarness({ controllers: [replicaSetController], ...options });
  const { client } = harness;
  return {
    ...harness,
    pods: () => harness.list<v1.Pod>(resources.pods),
    get: (name = 'web') => client.get<ReplicaSet>(resources.replicaSets, 'default', name),
    scale: (replicas: number, name = 'web') =>
      client.patch<ReplicaSet>(resources.replicaSets, 'default', name, { type: 'merge', body: { spec: { replicas } } }),
  };
}

const plainPod = (name: string, labels: Record<string, string>): v1.Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', labels },
  spec: podTemplate({}).spec!,
});

test('makes pods of the template, owned by it, and counts them', async (t) => {
  const { clock, client, pods, get, events, stop } = await setUp();
  await client.create(resources.replicaSets, replicaSet('web', 3));
  await clock.advance(1_000);
  const made = await pods();
  const owner = await get();
  t.is(made.length, 3);
  for (const { metadata, spec } of made) {
    t.regex(metadata.name!, /^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    t.deepEqual(metadata.labels, { app: 'web' });
    t.like(metadata.ownerReferences![0], {
      kind: 'ReplicaSet',
      name: 'web',
      uid: owner.metadata.uid!,
      controller: true,
    });
    t.is(spec!.containers[0]!.image, 'host');
  }
  t.like(owner.status, {
    replicas: 3,
    fullyLabeledReplicas: 3,
    readyReplicas: 3,
    availableReplicas: 3,
    observedGeneration: 1,
  });
  const told = await events('web');
  t.deepEqual(
    told.toSorted(),
    made.map(({ metadata }) => `Normal SuccessfulCreate: Created pod: ${metadata.name}`).toSorted(),
  );
  await stop();
});

test('follows the wanted number up and down, and says what it deleted', async (t) => {
  const { clock, client, pods, scale, get, events, stop } = await setUp();
  await client.create(resources.replicaSets, replicaSet('web', 2));
  await clock.advance(1_000);
  await scale(5);
  await clock.advance(1_000);
  t.is((await pods()).length, 5);
  const before = (await pods()).map(({ metadata }) => metadata.name);
  await scale(1);
  await clock.advance(1_000);
  const [left] = await pods();
  t.is((await pods()).length, 1);
  t.like((await get()).status, { replicas: 1, readyReplicas: 1, observedGeneration: 3 });
  const deleted = (await events('web')).filter((event) => event.includes('SuccessfulDelete'));
  t.deepEqual(
    deleted.toSorted(),
    before
      .filter((name) => name !== left!.metadata.name)
      .map((name) => `Normal SuccessfulDelete: Deleted pod: ${name}`)
      .toSorted(),
  );
  await stop();
});

test('replaces pods that fail, are deleted or vanish', async (t) => {
  const { clock, client, pods, stop } = await setUp();
  await client.create(resources.replicaSets, replicaSet('web', 3));
  await clock.advance(1_000);
  const [failed, deleted, kept] = await pods();
  await setStatus(client, 'default', failed!.metadata.name!, { phase: 'Failed' });
  await client.delete(resources.pods, 'default', deleted!.metadata.name!, { gracePeriodSeconds: 0 });
  await clock.advance(1_000);
  const names = (await pods()).filter(({ status }) => status?.phase === 'Running').map(({ metadata }) => metadata.name);
  t.is(names.length, 3);
  t.true(names.includes(kept!.metadata.name));
  t.false(names.includes(deleted!.metadata.name));
  await stop();
});

test('a cache that lags makes no doubles', async (t) => {
  const { clock, client, creations, pods, stop } = await startLagging(300);
  await client.create(resources.replicaSets, replicaSet('web', 4));
  await clock.advance(200);
  // Something else changes while the cache shows no pod yet.
  await client.patch(resources.replicaSets, 'default', 'web', {
    type: 'merge',
    body: { metadata: { labels: { touched: 'yes' } } },
  });
  await clock.advance(60_000);
  t.is((await pods()).length, 4);
  t.is(creations(), 4);
  await client.patch(resources.replicaSets, 'default', 'web', { type: 'merge', body: { spec: { replicas: 1 } } });
  await clock.advance(100);
  await client.patch(resources.replicaSets, 'default', 'web', {
    type: 'merge',
    body: { metadata: { labels: { touched: 'again' } } },
  });
  await clock.advance(60_000);
  t.is((await pods()).length, 1);
  t.is(creations(), 4);
  await stop();
});

test('adopts orphans that match and releases what no longer does', async (t) => {
  const { clock, client, pods, get, stop } = await setUp();
  await client.create(resources.pods, plainPod('orphan', { app: 'web' }));
  await client.create(resources.pods, plainPod('stranger', { app: 'other' }));
  await clock.advance(100);
  await client.create(resources.replicaSets, replicaSet('web', 2));
  await clock.advance(1_000);
  const owner = await get();
  const orphan = await client.get<v1.Pod>(resources.pods, 'default', 'orphan');
  t.is(orphan.metadata.ownerReferences?.[0]?.uid, owner.metadata.uid);
  t.is((await pods()).length, 3);
  const stranger = await client.get<v1.Pod>(resources.pods, 'default', 'stranger');
  t.is(stranger.metadata.ownerReferences, undefined);

  await client.patch(resources.pods, 'default', 'orphan', {
    type: 'merge',
    body: { metadata: { labels: { app: 'x' } } },
  });
  await clock.advance(1_000);
  const released = await client.get<v1.Pod>(resources.pods, 'default', 'orphan');
  t.deepEqual(released.metadata.ownerReferences ?? [], []);
  t.is((await pods()).length, 4, 'another takes its place');

  await client.patch(resources.pods, 'default', 'orphan', {
    type: 'merge',
    body: { metadata: { labels: { app: 'web' } } },
  });
  await clock.advance(1_000);
  t.is((await pods()).length, 3, 'adopted again, so that one was too many');
  await stop();
});

test('leaves another controller its pods, selector or not', async (t) => {
  const { clock, client, pods, stop } = await setUp();
  const owned = plainPod('owned', { app: 'web' });
  owned.metadata.ownerReferences = [
    { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'of-an-earlier-one', controller: true },
  ];
  await client.create(resources.pods, owned);
  await client.create(resources.replicaSets, replicaSet('web', 1));
  await clock.advance(1_000);
  t.is((await pods()).length, 2);
  const untouched = await client.get<v1.Pod>(resources.pods, 'default', 'owned');
  t.is(untouched.metadata.ownerReferences![0]!.uid, 'of-an-earlier-one');
  await stop();
});

test('what is refused is tried one at a time, told, and tried again later', async (t) => {
  let refused = 0;
  let allowed = false;
  const { clock, client, pods, get, events, stop } = await setUp({
    client: (real) => {
      return overriding(real, {
        create: (type, object, options) => {
          if (type.kind !== 'Pod' || allowed) return real.create(type, object, options);
          refused++;
          return Promise.reject(errors.forbidden(resources.pods, 'web-x', 'exceeded quota'));
        },
      });
    },
  });
  await client.create(resources.replicaSets, replicaSet('web', 100));
  await clock.advance(1);
  // The second time because the status changed.
  t.is(refused, 2);
  const { status } = await get();
  t.like(status!.conditions![0], {
    type: 'ReplicaFailure',
    status: 'True',
    reason: 'FailedCreate',
    message: 'pods "web-x" is forbidden: exceeded quota',
  });
  t.true(
    (await events('web'))[0]!.startsWith(
      'Warning FailedCreate: Error creating: pods "web-x" is forbidden: exceeded quota',
    ),
  );
  await clock.advance(1_000);
  t.true(refused > 1 && refused < 20);
  allowed = true;
  await clock.advance(10_000);
  t.is((await pods()).length, 100);
  t.deepEqual((await get()).status!.conditions ?? [], []);
  await stop();
});

test('pods count as available only after having been ready for minReadySeconds', async (t) => {
  const { clock, client, get, stop } = await setUp();
  await client.create(resources.replicaSets, replicaSet('web', 2, { minReadySeconds: 10 }));
  await clock.advance(5_000);
  t.like((await get()).status, { readyReplicas: 2 });
  t.is((await get()).status!.availableReplicas ?? 0, 0);
  await clock.advance(8_000);
  t.is((await get()).status!.availableReplicas, 2);
  await stop();
});

test('a pod that goes unready is no longer counted ready', async (t) => {
  const { clock, client, pods, get, stop } = await setUp();
  await client.create(resources.replicaSets, replicaSet('web', 2));
  await clock.advance(1_000);
  const [pod] = await pods();
  await setReady(client, clock, pod!, false);
  await clock.advance(100);
  t.like((await get()).status, { replicas: 2, readyReplicas: 1, availableReplicas: 1 });
  await stop();
});

test('one that is being deleted makes no pods any more', async (t) => {
  const { clock, client, pods, stop } = await setUp();
  const held = replicaSet('web', 2);
  held.metadata.finalizers = ['example.com/hold'];
  await client.create(resources.replicaSets, held);
  await clock.advance(1_000);
  await client.delete(resources.replicaSets, 'default', 'web');
  const [pod] = await pods();
  await client.delete(resources.pods, 'default', pod!.metadata.name!, { gracePeriodSeconds: 0 });
  await clock.advance(1_000);
  t.is((await pods()).length, 1);
  await stop();
});

test('a ReplicationController is served alike', async (t) => {
  const { clock, client, pods, stop } = await setUp({ controllers: [replicationController] });
  const labels = { app: 'web' };
  const controller = {
    ...{ apiVersion: 'v1', kind: 'ReplicationController', metadata: { name: 'web', namespace: 'default' } },
    spec: { replicas: 2, selector: labels, template: podTemplate(labels) },
  };
  await client.create(resources.pods, plainPod('adopted', labels));
  await client.create(resources.pods, plainPod('other', { app: 'other' }));
  await client.create(resources.replicationControllers, controller);
  await clock.advance(1_000);
  const made = await pods();
  t.is(made.length, 3);
  t.is(made.filter(({ metadata }) => metadata.ownerReferences?.[0]?.kind === 'ReplicationController').length, 2);
  const read = () => client.get<v1.ReplicationController>(resources.replicationControllers, 'default', 'web');
  t.like((await read()).status, { replicas: 2, fullyLabeledReplicas: 2 });
  await client.patch(resources.replicationControllers, 'default', 'web', {
    type: 'merge',
    body: { spec: { replicas: 0 } },
  });
  await clock.advance(1_000);
  t.deepEqual(
    (await pods()).map(({ metadata }) => metadata.name),
    ['other'],
  );
  t.like((await read()).status, { replicas: 0 });
  t.false('terminatingReplicas' in (await read()).status!);
  await stop();
});
