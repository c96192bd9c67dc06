import test, { type ExecutionContext } from 'ava';
import { type appsv1, errors, resources, type v1 } from '../../src/api/index.ts';
import { deploymentController } from '../../src/controllers/deployment/index.ts';
import { replicaSetController } from '../../src/controllers/replicaset.ts';
import { overriding } from '../support/overriding.ts';
import { deployment, type HarnessOptions, podTemplate, startHarness } from './harness.ts';

type Deployment = appsv1.Deployment;
type ReplicaSet = appsv1.ReplicaSet;

async function setUp(options: Omit<HarnessOptions, 'controllers'> = {}) {
  const harness = await startHarness({ controllers: [deploymentController, replicaSetController], ...options });
  const { client } = harness;
  const merge = (body: unknown, name = 'web'): Promise<Deployment> =>
    client.patch<Deployment>(resources.deployments, 'default', name, { type: 'merge', body });
  return {
    ...harness,
    merge,
    setImage: (image: string) => merge({ spec: { template: podTemplate({ app: 'web' }, image) } }),
    scale: (replicas: number) => merge({ spec: { replicas } }),
    get: (name = 'web') => client.get<Deployment>(resources.deployments, 'default', name),
    pods: () => harness.list<v1.Pod>(resources.pods),
    async replicaSets() {
      const sets = await harness.list<ReplicaSet>(resources.replicaSets);
      return sets.sort((a, b) => revision(a) - revision(b));
    },
  };
}

const revision = ({ metadata }: Deployment | ReplicaSet): number =>
  Number(metadata.annotations?.['deployment.kubernetes.io/revision']);
const conditions = ({ status }: Deployment): Record<string, string> =>
  Object.fromEntries((status?.conditions ?? []).map(({ type, status, reason }) => [type, `${status} ${reason}`]));
const message = ({ status }: Deployment, type: string): string | undefined =>
  status?.conditions?.find((condition) => condition.type === type)?.message;

test('rolls out its first ReplicaSet, as Kubernetes describes it', async (t) => {
  const { clock, client, get, replicaSets, pods, events, stop } = await setUp();
  const wanted = deployment('web', 3);
  wanted.metadata.annotations = { note: 'kept', 'kubectl.kubernetes.io/last-applied-configuration': '{}' };
  await client.create(resources.deployments, wanted);
  await clock.advance(2_000);
  const [set] = await replicaSets();
  const hash = set!.metadata.labels!['pod-template-hash']!;
  t.regex(hash, /^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/);
  t.is(set!.metadata.name, `web-${hash}`);
  t.deepEqual(set!.spec!.selector, { matchLabels: { app: 'web', 'pod-template-hash': hash } });
  t.deepEqual(set!.spec!.template!.metadata!.labels, { app: 'web', 'pod-template-hash': hash });
  t.deepEqual(set!.metadata.annotations, {
    note: 'kept',
    'deployment.kubernetes.io/revision': '1',
    'deployment.kubernetes.io/desired-replicas': '3',
    'deployment.kubernetes.io/max-replicas': '4',
  });
  t.is((await pods()).length, 3);
  const done = await get();
  t.is(revision(done), 1);
  t.like(done.status, {
    observedGeneration: done.metadata.generation!,
    replicas: 3,
    updatedReplicas: 3,
    readyReplicas: 3,
    availableReplicas: 3,
  });
  t.is(done.status!.unavailableReplicas ?? 0, 0);
  t.deepEqual(conditions(done), {
    Available: 'True MinimumReplicasAvailable',
    Progressing: 'True NewReplicaSetAvailable',
  });
  t.is(message(done, 'Progressing'), `ReplicaSet "web-${hash}" has successfully progressed.`);
  t.is(message(done, 'Available'), 'Deployment has minimum availability.');
  t.deepEqual(await events('web'), [`Normal ScalingReplicaSet: Scaled up replica set web-${hash} from 0 to 3`]);
  await stop();
});

test('a rolling update never has too many pods, nor too few available', async (t) => {
  const { clock, client, setImage, replicaSets, pods, get, events, stop } = await setUp({
    kubelet: { startMs: (pod) => 30 + (pod.metadata.name!.charCodeAt(8) % 7) * 20, stopMs: 70 },
  });
  const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 2, maxUnavailable: 1 } } as const;
  await client.create(resources.deployments, deployment('web', 6, { strategy }));
  await clock.advance(2_000);
  const [first] = await replicaSets();
  await setImage('other');
  for (let i = 0; i < 200; i++) {
    await clock.advance(10);
    const all = await pods();
    const active = all.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    const ready = active.filter(({ status }) =>
      status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'),
    );
    t.true(active.length <= 8, `${active.length} pods`);
    t.true(ready.length >= 5, `${ready.length} available`);
  }
  const [old, current] = await replicaSets();
  t.is(old!.metadata.name, first!.metadata.name);
  t.is(old!.spec!.replicas, 0);
  t.is(current!.spec!.replicas, 6);
  t.is(revision(await get()), 2);
  t.is((await pods()).length, 6);
  const told = (await events('web')).map((event) => event.replace(/^Normal ScalingReplicaSet: /, ''));
  t.is(told[1], `Scaled up replica set ${current!.metadata.name} from 0 to 2`);
  t.true(told.includes(`Scaled down replica set ${old!.metadata.name} from 6 to 5`));
  await stop();
});

test('undo brings the old ReplicaSet back under a new revision', async (t) => {
  const { clock, client, merge, setImage, replicaSets, get, pods, stop } = await setUp();
  await client.create(resources.deployments, deployment('web', 2));
  await clock.advance(2_000);
  await setImage('other');
  await clock.advance(5_000);
  const [first] = await replicaSets();
  // What `kubectl rollout undo` does.
  const { 'pod-template-hash': _, ...labels } = first!.spec!.template!.metadata!.labels!;
  const template = { ...first!.spec!.template, metadata: { ...first!.spec!.template!.metadata, labels } };
  await client.patch(resources.deployments, 'default', 'web', {
    type: 'json',
    body: [{ op: 'replace', path: '/spec/template', value: template }],
  });
  await clock.advance(5_000);
  const sets = await replicaSets();
  t.is(sets.length, 2);
  t.is(sets[1]!.metadata.name, first!.metadata.name);
  t.is(sets[1]!.metadata.annotations!['deployment.kubernetes.io/revision-history'], '1');
  t.is(revision(sets[1]!), 3);
  t.is(revision(await get()), 3);
  t.true((await pods()).every(({ spec }) => spec!.containers[0]!.image === 'host'));
  t.like((await get()).status, { replicas: 2, updatedReplicas: 2, availableReplicas: 2 });
  await merge({ metadata: { annotations: { touched: 'yes' } } });
  await clock.advance(1_000);
  t.is((await replicaSets())[1]!.metadata.annotations!['touched'], 'yes');
  await stop();
});

test('strategy Recreate stops all old pods before it starts new ones', async (t) => {
  const { clock, client, setImage, pods, get, stop } = await setUp({ kubelet: { stopMs: 500 } });
  await client.create(resources.deployments, deployment('web', 3, { strategy: { type: 'Recreate' } }));
  await clock.advance(2_000);
  await setImage('other');
  for (let i = 0; i < 100; i++) {
    await clock.advance(20);
    t.is(new Set((await pods()).map(({ spec }) => spec!.containers[0]!.image)).size <= 1, true);
  }
  t.is((await pods()).length, 3);
  t.like((await get()).status, { updatedReplicas: 3, availableReplicas: 3 });
  await stop();
});

test('scaling in the middle of a rollout is shared in proportion', async (t) => {
  const { clock, client, setImage, scale, replicaSets, stop } = await setUp({
    kubelet: { startMs: ({ spec }) => (spec!.containers[0]!.image === 'broken' ? undefined : 10) },
  });
  const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } } as const;
  await client.create(resources.deployments, deployment('web', 10, { strategy }));
  await clock.advance(2_000);
  await setImage('broken');
  await clock.advance(2_000);
  t.deepEqual(
    (await replicaSets()).map(({ spec }) => spec!.replicas),
    [8, 5],
  );
  await scale(15);
  await clock.advance(2_000);
  t.deepEqual(
    (await replicaSets()).map(({ spec }) => spec!.replicas),
    [11, 7],
  );
  await stop();
});

test('a Deployment that is paused scales, but rolls nothing out until it is resumed', async (t) => {
  const { clock, client, merge, setImage, scale, replicaSets, pods, get, stop } = await setUp();
  await client.create(resources.deployments, deployment('web', 2, { progressDeadlineSeconds: 60 }));
  await clock.advance(2_000);
  await merge({ spec: { paused: true } });
  await setImage('other');
  await scale(4);
  await clock.advance(120_000);
  t.is((await replicaSets()).length, 1);
  t.is((await pods()).length, 4);
  t.is(conditions(await get())['Progressing'], 'Unknown DeploymentPaused');
  t.is(message(await get(), 'Progressing'), 'Deployment is paused');
  await merge({ spec: { paused: false } });
  await clock.advance(10);
  await clock.advance(10_000);
  t.is((await replicaSets()).length, 2);
  t.is(conditions(await get())['Progressing'], 'True NewReplicaSetAvailable');
  t.true((await pods()).every(({ spec }) => spec!.containers[0]!.image === 'other'));
  await stop();
});

test('a rollout that gets no further for longer than its deadline says so; one that recovers says that', async (t) => {
  let broken = true;
  const { clock, client, setImage, get, replicaSets, stop } = await setUp({
    kubelet: { startMs: ({ spec }) => (spec!.containers[0]!.image === 'broken' && broken ? undefined : 10) },
  });
  await client.create(resources.deployments, deployment('web', 4, { progressDeadlineSeconds: 30 }));
  await clock.advance(2_000);
  await setImage('broken');
  await clock.advance(25_000);
  t.is(conditions(await get())['Progressing'], 'True ReplicaSetUpdated');
  await clock.advance(10_000);
  const stuck = await get();
  const name = (await replicaSets())[1]!.metadata.name;
  t.is(conditions(stuck)['Progressing'], 'False ProgressDeadlineExceeded');
  t.is(message(stuck, 'Progressing'), `ReplicaSet "${name}" has timed out progressing.`);
  t.is(conditions(stuck)['Available'], 'True MinimumReplicasAvailable');
  broken = false;
  await setImage('fixed');
  await clock.advance(5_000);
  t.is(conditions(await get())['Progressing'], 'True NewReplicaSetAvailable');
  await stop();
});

test('too few available pods are told', async (t) => {
  const { clock, client, get, stop } = await setUp({ kubelet: false });
  await client.create(resources.deployments, deployment('web', 2));
  await clock.advance(1_000);
  const waiting = await get();
  t.is(conditions(waiting)['Available'], 'False MinimumReplicasUnavailable');
  t.is(message(waiting, 'Available'), 'Deployment does not have minimum availability.');
  t.like(waiting.status, { replicas: 2, updatedReplicas: 2, unavailableReplicas: 2 });
  await stop();
});

test('old ReplicaSets beyond the history limit go, the oldest first', async (t) => {
  const { clock, client, setImage, replicaSets, stop } = await setUp();
  await client.create(resources.deployments, deployment('web', 1, { revisionHistoryLimit: 2 }));
  for (const image of ['a', 'b', 'c', 'd']) {
    await clock.advance(3_000);
    await setImage(image);
  }
  await clock.advance(3_000);
  t.deepEqual((await replicaSets()).map(revision), [3, 4, 5]);
  await stop();
});

test('a name that another template took is avoided', async (t) => {
  const { clock, client, replicaSets, get, stop } = await setUp();
  await client.create(resources.deployments, deployment('web', 1));
  await clock.advance(2_000);
  const [set] = await replicaSets();
  await client.delete(resources.deployments, 'default', 'web');
  const taken: ReplicaSet = {
    ...set!,
    metadata: { name: set!.metadata.name!, namespace: 'default', labels: set!.metadata.labels! },
    spec: { ...set!.spec!, replicas: 0, template: podTemplate(set!.spec!.template!.metadata!.labels!, 'foreign') },
  };
  // It has no controller and doesn't match what the next Deployment selects.
  taken.spec!.selector = { matchLabels: { app: 'foreign' } };
  taken.spec!.template!.metadata!.labels = { app: 'foreign' };
  taken.metadata.labels = { app: 'foreign' };
  await client.delete(resources.replicaSets, 'default', set!.metadata.name!);
  await clock.advance(1_000);
  await client.create(resources.replicaSets, taken);
  await client.create(resources.deployments, deployment('web', 1));
  await clock.advance(3_000);
  t.is((await get()).status!.collisionCount, 1);
  const names = (await replicaSets()).map(({ metadata }) => metadata.name);
  t.is(names.length, 2);
  t.like((await get()).status, { updatedReplicas: 1, availableReplicas: 1 });
  await stop();
});

test('ReplicaSets that match and nobody controls are adopted', async (t) => {
  const { clock, client, replicaSets, get, stop } = await setUp();
  await client.create(resources.deployments, deployment('web', 2));
  await clock.advance(2_000);
  await client.delete(resources.deployments, 'default', 'web', { propagationPolicy: 'Orphan' });
  const [set] = await replicaSets();
  await client.patch(resources.replicaSets, 'default', set!.metadata.name!, {
    type: 'merge',
    body: { metadata: { ownerReferences: null } },
  });
  await client
    .patch(resources.deployments, 'default', 'web', { type: 'merge', body: { metadata: { finalizers: null } } })
    .catch(() => {});
  await clock.advance(1_000);
  await client.create(resources.deployments, deployment('web', 2));
  await clock.advance(2_000);
  const sets = await replicaSets();
  t.is(sets.length, 1);
  t.is(sets[0]!.metadata.uid!, set!.metadata.uid!);
  t.is(sets[0]!.metadata.ownerReferences![0]!.uid, (await get()).metadata.uid!);
  await stop();
});

test('a ReplicaSet that can not be made is told, and tried again', async (t) => {
  let refused = true;
  const { clock, client, get, events, stop } = await setUp({
    client: (real) =>
      overriding(real, {
        create: (type, object, options) =>
          type.kind === 'ReplicaSet' && refused
            ? Promise.reject(errors.forbidden(resources.replicaSets, object.metadata.name!, 'exceeded quota'))
            : real.create(type, object, options),
      }),
  });
  await client.create(resources.deployments, deployment('web', 1));
  await clock.advance(1_000);
  const failed = await get();
  t.is(conditions(failed)['Progressing'], 'False ReplicaSetCreateError');
  t.regex(message(failed, 'Progressing')!, /^Failed to create new replica set "web-[a-z0-9]+": .*exceeded quota$/);
  t.regex((await events('web'))[0]!, /^Warning ReplicaSetCreateError: Failed to create new replica set "web-/);
  refused = false;
  await clock.advance(5_000);
  t.is(conditions(await get())['Progressing'], 'True NewReplicaSetAvailable');
  await stop();
});

test('a ReplicaSet of the wanted name that goes at that moment is made anew', async (t) => {
  let inTheWay = true;
  const { clock, client, get, stop } = await setUp({
    client: (real) =>
      overriding(real, {
        create(type, object, options) {
          if (type.kind !== 'ReplicaSet' || !inTheWay) return real.create(type, object, options);
          inTheWay = false;
          return Promise.reject(errors.alreadyExists(resources.replicaSets, object.metadata.name!));
        },
      }),
  });
  await client.create(resources.deployments, deployment('web', 2));
  await clock.advance(5_000);
  t.false(inTheWay);
  t.like((await get()).status, { updatedReplicas: 2, availableReplicas: 2 });
  await stop();
});

test('a cache that does not show the old ReplicaSet yet makes no pods beyond the surge', async (t) => {
  const lagMs = 300;
  const { clock, client, get, setImage, replicaSets, stop } = await setUp({
    informerClient: (real, clock) =>
      overriding(real, {
        async *watch(type, namespace, options) {
          for await (const event of real.watch(type, namespace, options)) {
            if (type.kind === 'ReplicaSet') await new Promise<void>((resolve) => clock.setTimer(lagMs, resolve));
            yield event as never;
          }
        },
      }),
  });
  await client.create(resources.deployments, deployment('web', 4));
  await clock.advance(lagMs / 3);
  await setImage('other');
  await clock.advance(lagMs / 3);
  const asked = (await replicaSets()).reduce((sum, { spec }) => sum + spec!.replicas!, 0);
  t.true(asked <= 5, `${asked}`);
  await clock.advance(60_000);
  t.like((await get()).status, { replicas: 4, updatedReplicas: 4, availableReplicas: 4 });
  await stop();
});

test('why pods can not be made is told by the Deployment as well', async (t) => {
  let refused = true;
  const { clock, client, get, stop } = await setUp({
    client: (real) =>
      overriding(real, {
        create: (type, object, options) =>
          type.kind === 'Pod' && refused
            ? Promise.reject(errors.forbidden(resources.pods, 'x', 'exceeded quota'))
            : real.create(type, object, options),
      }),
  });
  await client.create(resources.deployments, deployment('web', 1));
  await clock.advance(1_000);
  t.is(conditions(await get())['ReplicaFailure'], 'True FailedCreate');
  t.is(message(await get(), 'ReplicaFailure'), 'pods "x" is forbidden: exceeded quota');
  refused = false;
  await clock.advance(10_000);
  t.is(conditions(await get())['ReplicaFailure'], undefined);
  await stop();
});

test('many changes at once end where they should', async (t) => {
  const { clock, client, setImage, scale, replicaSets, pods, get, stop } = await setUp({
    kubelet: { startMs: () => 40 },
  });
  await client.create(resources.deployments, deployment('web', 5));
  for (const [image, replicas] of [
    ['a', 7],
    ['b', 3],
    ['a', 9],
    ['c', 6],
  ] as const) {
    await clock.advance(70);
    await setImage(image);
    await scale(replicas);
  }
  await clock.advance(20_000);
  await expectSettled(t, await get(), await pods(), 6, 'c');
  const active = (await replicaSets()).filter(({ spec }) => spec!.replicas! > 0);
  t.is(active.length, 1);
  await stop();
});

async function expectSettled(
  t: ExecutionContext,
  { status }: Deployment,
  pods: v1.Pod[],
  replicas: number,
  image: string,
): Promise<void> {
  t.like(status, { replicas, updatedReplicas: replicas, readyReplicas: replicas, availableReplicas: replicas });
  t.is(pods.length, replicas);
  t.true(pods.every(({ spec }) => spec!.containers[0]!.image === image));
}
