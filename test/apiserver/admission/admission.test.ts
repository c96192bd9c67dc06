import test, { type ExecutionContext } from 'ava';
import { createAdmission, defaultAdmissionPlugins } from '../../../src/apiserver/admission/index.ts';
import { seededRandom, silentLogger } from '../../../src/base/index.ts';
import {
  admin,
  at,
  configMap,
  configMaps,
  createFixture,
  fields,
  laggingStore,
  lease,
  leases,
  namespace,
  namespaces,
  object,
  pod,
  pods,
  refused,
  registryOn,
  typeOf,
} from '../registry/harness.ts';

test('plug-ins run in order: first all change, then all may refuse', async (t) => {
  const order: string[] = [];
  const note = (text: string) => () => void order.push(text);
  const admission = createAdmission([
    { name: 'a', admit: note('admit a'), validate: note('validate a') },
    { name: 'b', validate: note('validate b') },
    { name: 'c', admit: async () => void order.push('admit c') },
  ]);
  const attributes = { guards: [] } as never;
  await admission.admit(attributes);
  await admission.validate(attributes);
  t.deepEqual(order, ['admit a', 'admit c', 'validate a', 'validate b']);
  t.deepEqual(
    defaultAdmissionPlugins({} as never, { random: seededRandom(1), logger: silentLogger }).map(({ name }) => name),
    [
      'NamespaceLifecycle',
      'LimitRanger',
      'ServiceAccount',
      'NodeRestriction',
      'TaintNodesByCondition',
      'PodSecurity',
      'Priority',
      'DefaultTolerationSeconds',
      'DefaultStorageClass',
      'StorageObjectInUseProtection',
      'PersistentVolumeClaimResize',
      'RuntimeClass',
      'CertificateRequester',
      'CertificateApproval',
      'CertificateSigning',
      'CertificateSubjectRestriction',
      'DefaultIngressClass',
      'RBACEscalation',
      'MutatingAdmissionWebhook',
      'ValidatingAdmissionPolicy',
      'ValidatingAdmissionWebhook',
      'ResourceQuota',
    ],
  );
});

test('nothing is created in a namespace that is not there or is going', async (t) => {
  const { registry } = await createFixture(t);
  const create = (space: string) => registry.create({ ...at(configMaps, space), object: configMap('a') });
  const missing = await refused(t, create('x'), 'NotFound');
  t.is(missing.message, 'namespaces "x" not found');
  await registry.create({ ...at(namespaces), object: namespace('x') });
  await t.notThrowsAsync(create('x'));
  await registry.delete({ ...at(namespaces), name: 'x' });
  const going = await refused(t, registry.create({ ...at(configMaps, 'x'), object: configMap('b') }), 'Forbidden');
  t.is(
    going.message,
    'configmaps "b" is forbidden: unable to create new content in namespace x because it is being terminated',
  );
  t.is(going.details?.causes?.[0]?.reason, 'NamespaceTerminating');
  await t.notThrowsAsync(registry.update({ ...at(configMaps, 'x'), name: 'a', object: configMap('a', { n: '1' }) }));
});

test('the namespaces of the system stay', async (t) => {
  const { registry } = await createFixture(t);
  const status = await refused(t, registry.delete({ ...at(namespaces), name: 'default' }), 'Forbidden');
  t.is(status.message, 'namespaces "default" is forbidden: this namespace may not be deleted');
});

test('a creation can not slip in behind the deletion of its namespace', async (t) => {
  const { registry, store, clock } = await createFixture(t);
  await registry.create({ ...at(namespaces), object: namespace('x') });
  const behind = registryOn(t, laggingStore(store), clock);
  await behind.ready();
  await registry.delete({ ...at(namespaces), name: 'x' });
  // This peer still believes that the namespace is active.
  await refused(t, behind.create({ ...at(configMaps, 'x'), object: configMap('a') }), 'Forbidden');
  const finalized = { ...namespace('x'), spec: { finalizers: [] } } as never;
  await registry.update({ ...at(namespaces), name: 'x', subresource: 'finalize', object: finalized });
  await refused(t, behind.create({ ...at(configMaps, 'x'), object: configMap('a') }), 'NotFound');
});

test('a namespace created through another peer is found', async (t) => {
  const { registry, store, clock } = await createFixture(t);
  const behind = registryOn(t, laggingStore(store), clock);
  await behind.ready();
  await registry.create({ ...at(namespaces), object: namespace('x') });
  await t.notThrowsAsync(behind.create({ ...at(configMaps, 'x'), object: configMap('a') }));
});

test('a pod runs as a service account that is there', async (t) => {
  const { registry } = await createFixture(t);
  const made = fields(await registry.create({ ...at(pods), object: pod('a') }));
  t.is(made.spec.serviceAccountName, 'default');
  const other = registry.create({ ...at(pods), object: pod('b', { serviceAccountName: 'robot' }) });
  const status = await refused(t, other, 'Forbidden');
  t.regex(status.message!, /error looking up service account default\/robot: serviceaccount "robot" not found/);
});

test('a pod gets the number behind its priority class', async (t) => {
  const { registry } = await createFixture(t);
  const priorityClasses = typeOf('priorityclasses', 'scheduling.k8s.io');
  const make = (name: string, rest: object) =>
    registry.create({ ...at(priorityClasses), object: object('scheduling.k8s.io/v1', 'PriorityClass', name, rest) });
  const created = async (name: string, spec: object = {}) =>
    fields(await registry.create({ ...at(pods), object: pod(name, spec) })).spec;
  t.is((await created('none')).priority, 0);
  await make('high', { value: 1000, preemptionPolicy: 'Never' });
  t.like(await created('high', { priorityClassName: 'high' }), { priority: 1000, preemptionPolicy: 'Never' });
  t.is((await created('system', { priorityClassName: 'system-node-critical' })).priority, 2_000_001_000);
  const unknown = registry.create({ ...at(pods), object: pod('x', { priorityClassName: 'missing' }) });
  t.regex((await refused(t, unknown, 'Forbidden')).message!, /no PriorityClass with name missing was found/);
  await refused(
    t,
    registry.create({ ...at(pods), object: pod('x', { priorityClassName: 'constructor' }) }),
    'Forbidden',
  );
  const forged = registry.create({ ...at(pods), object: pod('x', { priority: 5 }) });
  t.regex((await refused(t, forged, 'Forbidden')).message!, /the integer value of priority \(5\) must not be provided/);
  const policy = registry.create({
    ...at(pods),
    object: pod('x', { priorityClassName: 'high', preemptionPolicy: 'PreemptLowerPriority' }),
  });
  t.regex((await refused(t, policy, 'Forbidden')).message!, /PreemptionPolicy \(PreemptLowerPriority\)/);
  await make('usual', { value: 10, globalDefault: true });
  t.like(await created('usual'), { priority: 10, priorityClassName: 'usual' });
  const second = await refused(t, make('unusual', { value: 20, globalDefault: true }), 'Forbidden');
  t.regex(second.message!, /PriorityClass usual is already marked as default. Only one default can exist/);
  const change = (name: string, patch: object) =>
    registry.patch({ ...at(priorityClasses), name, patchType: 'application/merge-patch+json', patch });
  await t.notThrowsAsync(change('usual', { description: 'still the default' }));
  await refused(t, change('high', { globalDefault: true }), 'Forbidden');
});

test('a pod tolerates a lost node for five minutes, unless it says otherwise', async (t) => {
  const { registry } = await createFixture(t);
  const tolerations = async (name: string, spec: object = {}) =>
    fields(await registry.create({ ...at(pods), object: pod(name, spec) })).spec.tolerations;
  const five = (key: string) => ({
    key: `node.kubernetes.io/${key}`,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: 300,
  });
  t.deepEqual(await tolerations('a'), [five('not-ready'), five('unreachable')]);
  const own = { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 };
  t.deepEqual(await tolerations('b', { tolerations: [own] }), [own, five('unreachable')]);
  const all = { operator: 'Exists' };
  t.deepEqual(await tolerations('c', { tolerations: [all] }), [all]);
});

const node = (name: string, rest: object = {}) => object('v1', 'Node', name, rest);
const nodes = typeOf('nodes');
const asNode = (type: typeof pods, space?: string) => ({
  ...(space === undefined ? at(type) : at(type, space)),
  user: { name: 'system:node:n1', groups: ['system:nodes'] },
});

async function withPods(t: ExecutionContext) {
  const f = await createFixture(t);
  await f.registry.create({ ...at(namespaces), object: namespace('kube-node-lease') });
  await f.registry.create({ ...at(pods), object: pod('mine', { nodeName: 'n1' }) });
  await f.registry.create({ ...at(pods), object: pod('other', { nodeName: 'n2' }) });
  return f;
}

test('a node writes its own Node and Lease, and no other', async (t) => {
  const { registry } = await withPods(t);
  await t.notThrowsAsync(registry.create({ ...asNode(nodes), object: node('n1') }));
  const other = await refused(t, registry.create({ ...asNode(nodes), object: node('n2') }), 'Forbidden');
  t.regex(other.message!, /node "n1" is not allowed to modify node "n2"/);
  const label = (labels: Record<string, string>) =>
    registry.patch({
      ...asNode(nodes),
      name: 'n1',
      patchType: 'application/merge-patch+json',
      patch: { metadata: { labels } },
    });
  await t.notThrowsAsync(label({ 'kubernetes.io/arch': 'x', own: 'y' }));
  const drawn = label({ 'node-restriction.kubernetes.io/x': '1', 'node-role.kubernetes.io/a': '' });
  t.regex(
    (await refused(t, drawn, 'Forbidden')).message!,
    /is not allowed to modify labels: node-restriction\.kubernetes\.io\/x, node-role\.kubernetes\.io\/a$/,
  );
  const taint = { spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] } };
  const tainted = registry.update({ ...asNode(nodes), name: 'n1', object: node('n1', taint) });
  t.regex((await refused(t, tainted, 'Forbidden')).message!, /not allowed to modify taints/);
  await t.notThrowsAsync(registry.create({ ...asNode(leases, 'kube-node-lease'), object: lease('n1', 'n1') }));
  await refused(t, registry.create({ ...asNode(leases, 'kube-node-lease'), object: lease('n2', 'n1') }), 'Forbidden');
  await refused(t, registry.create({ ...asNode(leases), object: lease('n1', 'n1') }), 'Forbidden');
  await t.notThrowsAsync(
    registry.create({ ...asNode(configMaps), object: configMap('a') }),
    'other kinds are not its matter',
  );
});

test('a node reports on and removes its own pods, and no other', async (t) => {
  const { registry } = await withPods(t);
  const report = (name: string, patch: object = { status: { phase: 'Running' } }) =>
    registry.patch({ ...asNode(pods), name, subresource: 'status', patchType: 'application/merge-patch+json', patch });
  await t.notThrowsAsync(report('mine'));
  await refused(t, report('other'), 'Forbidden');
  t.regex(
    (await refused(t, report('mine', { metadata: { labels: { a: 'b' } } }), 'Forbidden')).message!,
    /cannot update labels/,
  );
  const spec = registry.patch({
    ...asNode(pods),
    name: 'mine',
    patchType: 'application/merge-patch+json',
    patch: { metadata: { labels: { a: 'b' } } },
  });
  t.regex((await refused(t, spec, 'Forbidden')).message!, /can only update pod status/);
  const bind = object('v1', 'Binding', 'mine', { target: { kind: 'Node', name: 'n1' } });
  await refused(
    t,
    registry.create({ ...asNode(pods), name: 'mine', subresource: 'binding', object: bind }),
    'Forbidden',
  );
  await refused(t, registry.delete({ ...asNode(pods), name: 'other' }), 'Forbidden');
  await t.notThrowsAsync(registry.delete({ ...asNode(pods), name: 'mine', gracePeriodSeconds: 0 }));
});

test('a node creates pictures of pods that it runs on its own, and no other pods', async (t) => {
  const { registry } = await withPods(t);
  const mirror = (name: string, spec: object, annotations = { 'kubernetes.io/config.mirror': 'x' }) => {
    const made = pod(name, spec);
    Object.assign(made.metadata, { annotations });
    return registry.create({ ...asNode(pods), object: made });
  };
  await t.notThrowsAsync(mirror('a', { nodeName: 'n1' }));
  await refused(t, mirror('b', { nodeName: 'n2' }), 'Forbidden');
  await refused(t, mirror('c', { nodeName: 'n1' }, {} as never), 'Forbidden');
  const volumes = [{ name: 'x', secret: { secretName: 'x' } }];
  const secret = await refused(t, mirror('d', { nodeName: 'n1', volumes }), 'Forbidden');
  t.regex(secret.message!, /a mirror pod may not reference secrets$/);
  const env = [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'x', key: 'x' } } }];
  const containers = [{ name: 'main', image: 'host', env }];
  const config = await refused(t, mirror('e', { nodeName: 'n1', containers }), 'Forbidden');
  t.regex(config.message!, /can not create pods that reference configmaps$/);
});

test('a node that does not say which it is may write nothing of nodes', async (t) => {
  const { registry } = await withPods(t);
  const user = { ...admin, name: 'somebody', groups: ['system:nodes'] };
  const status = await refused(t, registry.create({ ...at(nodes), user, object: node('n1') }), 'Forbidden');
  t.regex(status.message!, /could not determine node from user "somebody"/);
});
