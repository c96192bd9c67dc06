import test from 'ava';
import { findResource, type ResourceType } from '../../../src/api/index.ts';
import {
  at,
  createFixture,
  deployment,
  deployments,
  type Fixture,
  fields,
  namespaces,
  object,
  pod,
  pods,
  refused,
  typeOf,
} from './harness.ts';

test('scale shows and sets the number of replicas', async (t) => {
  const { registry } = await createFixture(t);
  const made = await registry.create({ ...at(deployments), object: deployment('web', 3) });
  const request = { ...at(deployments), name: 'web', subresource: 'scale' };
  const seen = fields(await registry.get(request));
  t.deepEqual([seen.kind, seen.apiVersion], ['Scale', 'autoscaling/v1']);
  t.deepEqual(seen.spec, { replicas: 3 });
  t.deepEqual(seen.status, { replicas: 0, selector: 'app=web' });
  t.is(seen.metadata.uid, made.object.metadata.uid);

  const { result } = await registry.update({ ...request, object: { ...seen, spec: { replicas: 5 } } });
  t.is(fields(result).spec.replicas, 5);
  t.is(fields(await registry.get({ ...at(deployments), name: 'web' })).spec.replicas, 5);
  await refused(t, registry.update({ ...request, object: { ...seen, spec: { replicas: 6 } } }), 'Conflict');

  const patched = await registry.patch({
    ...request,
    patchType: 'application/merge-patch+json',
    patch: { spec: { replicas: 0 } },
  });
  t.is(fields(patched.result).kind, 'Scale');
  const whole = fields(await registry.get({ ...at(deployments), name: 'web' }));
  t.is(whole.spec.replicas, 0);
  t.is(whole.metadata.generation, 3);
});

const binding = (name: string, node: string, rest: object = {}) =>
  object('v1', 'Binding', name, { target: { kind: 'Node', name: node }, ...rest });

const bind = ({ registry }: Fixture, name: string, node: string, rest: object = {}) =>
  registry.create({ ...at(pods), name, subresource: 'binding', object: binding(name, node, rest) });

test('a pod is bound to one node, once', async (t) => {
  const f = await createFixture(t);
  const { uid } = (await f.registry.create({ ...at(pods), object: pod('p') })).object.metadata;
  const status = fields(await bind(f, 'p', 'n1', { metadata: { name: 'p', uid, annotations: { by: 'me' } } }));
  t.deepEqual([status.kind, status.status, status.code], ['Status', 'Success', 201]);
  const bound = fields(await f.registry.get({ ...at(pods), name: 'p' }));
  t.is(bound.spec.nodeName, 'n1');
  t.is(bound.metadata.annotations.by, 'me');
  t.like(bound.status.conditions[0], { type: 'PodScheduled', status: 'True' });
  const again = await refused(t, bind(f, 'p', 'n2'), 'Conflict');
  t.is(again.message, 'Operation cannot be fulfilled on pods/binding "p": pod p is already assigned to node "n1"');
});

test('a Binding may also be posted to its namespace', async (t) => {
  const f = await createFixture(t);
  await f.registry.create({ ...at(pods), object: pod('p') });
  await f.registry.create({ ...at(typeOf('bindings')), object: binding('p', 'n1') });
  t.is(fields(await f.registry.get({ ...at(pods), name: 'p' })).spec.nodeName, 'n1');
  const review = {
    ...at(typeOf('subjectaccessreviews', 'authorization.k8s.io')),
    object: object('authorization.k8s.io/v1', 'SubjectAccessReview', 'x'),
  };
  await refused(t, f.registry.create(review), 'MethodNotAllowed');
});

test('an autoscaler is stored once and seen in both versions', async (t) => {
  const { registry } = await createFixture(t);
  const [v1, v2] = ['v1', 'v2'].map((version) => typeOf('horizontalpodautoscalers', 'autoscaling', version)) as [
    ResourceType,
    ResourceType,
  ];
  const spec = { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, maxReplicas: 5 };
  await registry.create({
    ...at(v1),
    object: object('autoscaling/v1', 'HorizontalPodAutoscaler', 'h', {
      spec: { ...spec, targetCPUUtilizationPercentage: 70 },
    }),
  });
  const seen = fields(await registry.get({ ...at(v2), name: 'h' }));
  t.is(seen.apiVersion, 'autoscaling/v2');
  t.is(seen.spec.metrics[0].resource.target.averageUtilization, 70);
  t.is(fields(await registry.get({ ...at(v1), name: 'h' })).spec.targetCPUUtilizationPercentage, 70);
  t.is((await registry.list(at(v2))).items.length, 1);
});

test('of many who bind a pod one succeeds', async (t) => {
  const f = await createFixture(t);
  await f.registry.create({ ...at(pods), object: pod('p') });
  const outcomes = await Promise.allSettled(Array.from({ length: 10 }, (_, i) => bind(f, 'p', `n${i}`)));
  t.is(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
});

test('a pod that goes, another pod, or none is not bound', async (t) => {
  const f = await createFixture(t);
  await refused(t, bind(f, 'p', 'n1'), 'NotFound');
  const held = pod('p');
  Object.assign(held.metadata, { finalizers: ['example.com/hold'] });
  await f.registry.create({ ...at(pods), object: held });
  await refused(t, bind(f, 'p', 'n1', { metadata: { name: 'p', uid: 'other' } }), 'Conflict');
  await refused(t, bind(f, 'p', ''), 'Invalid');
  await refused(t, bind(f, 'p', 'n1', { target: { kind: 'Pod', name: 'n1' } }), 'Invalid');
  await f.registry.delete({ ...at(pods), name: 'p' });
  t.regex(
    (await refused(t, bind(f, 'p', 'n1'), 'Conflict')).message!,
    /is being deleted, cannot be assigned to a host/,
  );
  await f.registry.create({ ...at(pods), object: pod('gated', { schedulingGates: [{ name: 'example.com/wait' }] }) });
  t.regex((await refused(t, bind(f, 'gated', 'n1'), 'Conflict')).message!, /non-empty .spec.schedulingGates/);
});

test('an eviction deletes a pod as it says', async (t) => {
  const { registry } = await createFixture(t);
  await registry.create({ ...at(pods), object: pod('p', { nodeName: 'n1' }) });
  const evict = (rest: object) =>
    registry.create({
      ...at(pods),
      name: 'p',
      subresource: 'eviction',
      object: object('policy/v1', 'Eviction', 'p', rest),
    });
  t.is(fields(await evict({ deleteOptions: { dryRun: ['All'] } })).status, 'Success');
  t.is((await registry.get({ ...at(pods), name: 'p' })).object.metadata.deletionTimestamp, undefined);
  await refused(t, evict({ deleteOptions: { preconditions: { uid: 'other' } } }), 'Conflict');
  await refused(t, evict({ metadata: { name: 'q' } }), 'BadRequest');
  await evict({ deleteOptions: { gracePeriodSeconds: 4 } });
  t.is((await registry.get({ ...at(pods), name: 'p' })).object.metadata.deletionGracePeriodSeconds, 4);
});

test('an eviction waits until the budget has been looked at, and is noted in it', async (t) => {
  const { registry } = await createFixture(t);
  for (const name of ['p', 'q']) {
    await registry.create({ ...at(pods), object: pod(name, { nodeName: 'n1' }) });
    const conditions = [{ type: 'Ready', status: 'True' }];
    const running = { ...pod(name, { nodeName: 'n1' }), status: { phase: 'Running', conditions } };
    await registry.update({ ...at(pods), name, subresource: 'status', object: running });
  }
  const budgets = findResource('policy', 'v1', 'poddisruptionbudgets')!;
  const spec = { minAvailable: 1, selector: {} };
  const made = await registry.create({
    ...at(budgets),
    object: object('policy/v1', 'PodDisruptionBudget', 'all', { spec }),
  });
  const evict = (name: string, deleteOptions = {}) =>
    registry.create({
      ...at(pods),
      name,
      subresource: 'eviction',
      object: object('policy/v1', 'Eviction', name, { deleteOptions }),
    });
  const early = await refused(t, evict('p'), 'TooManyRequests');
  t.is(early.details!.retryAfterSeconds, 10);
  t.is(early.details!.causes![0]!.message, 'The disruption budget all is still being processed by the server.');
  const status = {
    observedGeneration: 1,
    disruptionsAllowed: 1,
    currentHealthy: 2,
    desiredHealthy: 1,
    expectedPods: 2,
  };
  await registry.update({ ...at(budgets), name: 'all', subresource: 'status', object: { ...fields(made), status } });
  const noted = async () => fields(await registry.get({ ...at(budgets), name: 'all' })).status;
  await evict('p', { dryRun: ['All'] });
  t.deepEqual(await noted(), status);
  await evict('p');
  t.like(await noted(), { disruptionsAllowed: 0 });
  t.deepEqual(Object.keys((await noted()).disruptedPods), ['p']);
  const late = await refused(t, evict('q'), 'TooManyRequests');
  t.is(late.message, "Cannot evict pod as it would violate the pod's disruption budget.");
  t.is(late.details!.causes![0]!.message, 'The disruption budget all needs 1 healthy pods and has 2 currently');
});

test('a part of an object is changed alone', async (t) => {
  const { registry } = await createFixture(t);
  const containers = [{ name: 'main', image: 'host', resources: { requests: { cpu: '100m' } } }];
  await registry.create({ ...at(pods), object: pod('p', { nodeName: 'n1', containers }) });
  const changed = fields(await registry.get({ ...at(pods), name: 'p', subresource: 'ephemeralcontainers' }));
  const draft = structuredClone(changed);
  draft.spec.ephemeralContainers = [{ name: 'debug', image: 'host' }];
  draft.spec.containers[0].image = 'other';
  const { result } = await registry.update({
    ...at(pods),
    name: 'p',
    subresource: 'ephemeralcontainers',
    object: draft,
  });
  t.is(fields(result).spec.ephemeralContainers[0].name, 'debug');
  t.is(fields(result).spec.containers[0].image, 'host');

  const bigger = structuredClone(fields(result));
  bigger.spec.containers[0] = { name: 'main', image: 'other', resources: { requests: { cpu: '1' } } };
  const resized = fields(
    (await registry.update({ ...at(pods), name: 'p', subresource: 'resize', object: bigger })).result,
  );
  t.is(resized.spec.containers[0].image, 'host');
  t.is(resized.spec.containers[0].resources.requests.cpu, '1');
  const renamed = structuredClone(resized);
  renamed.spec.containers[0].name = 'other';
  await refused(t, registry.update({ ...at(pods), name: 'p', subresource: 'resize', object: renamed }), 'Invalid');
});

test('a status may change labels, but not whom the object belongs to', async (t) => {
  const { registry } = await createFixture(t);
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'o', uid: 'u' };
  const owned = pod('p');
  Object.assign(owned.metadata, { ownerReferences: [owner] });
  await registry.create({ ...at(pods), object: owned });
  const draft = structuredClone(fields(await registry.get({ ...at(pods), name: 'p' })));
  Object.assign(draft.metadata, { labels: { a: 'b' }, ownerReferences: [] });
  draft.status = { phase: 'Running' };
  const { result } = await registry.update({ ...at(pods), name: 'p', subresource: 'status', object: draft });
  t.like(fields(result), { metadata: { labels: { a: 'b' }, ownerReferences: [owner] } });
  t.deepEqual(fields(result).status, { phase: 'Running', qosClass: 'BestEffort' });
});

test('what is not a part of the stored object is not served here', async (t) => {
  const { registry } = await createFixture(t);
  const request = { ...at(pods), name: 'p', subresource: 'log' };
  await refused(t, registry.get(request), 'MethodNotAllowed');
  await refused(t, registry.update({ ...request, object: pod('p') }), 'MethodNotAllowed');
  await refused(t, registry.create({ ...request, object: pod('p') }), 'MethodNotAllowed');
  const status = { ...at(namespaces), name: 'default', subresource: 'status' };
  await refused(t, registry.create({ ...status, object: object('v1', 'Namespace', 'default') }), 'MethodNotAllowed');
});
