import test from 'ava';
import {
  at,
  configMap,
  configMaps,
  createFixture,
  deployment,
  deployments,
  fields,
  laggingStore,
  object,
  pod,
  pods,
  refused,
  registryOn,
  typeOf,
} from './harness.ts';

test('a created object gets what only the system decides', async (t) => {
  const { registry, clock } = await createFixture(t);
  const submitted = deployment('web');
  Object.assign(submitted.metadata, { uid: 'mine', generation: 7, deletionTimestamp: '2020-01-01T00:00:00Z' });
  const { metadata, status } = fields(
    await registry.create({ ...at(deployments), object: { ...submitted, status: { replicas: 5 } } as never }),
  );
  t.regex(metadata.uid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  t.is(metadata.creationTimestamp, new Date(clock.now()).toISOString().replace(/\.\d+/, ''));
  t.is(metadata.generation, 1);
  t.is(metadata.namespace, 'default');
  t.is(metadata.deletionTimestamp, undefined);
  t.deepEqual(status, {});
});

test('the status of what is new says zero where Go would', async (t) => {
  const { registry } = await createFixture(t);
  const controller = {
    ...{ apiVersion: 'v1', kind: 'ReplicationController', metadata: { name: 'rc' } },
    spec: { template: { metadata: { labels: { app: 'rc' } }, spec: { containers: [{ name: 'c', image: 'i' }] } } },
  };
  const created = await registry.create({ ...at(typeOf('replicationcontrollers')), object: controller as never });
  t.deepEqual(fields(created).status, { replicas: 0 });
});

test('the answer, a later get and the JSON agree', async (t) => {
  const { registry } = await createFixture(t);
  const created = await registry.create({ ...at(configMaps), object: configMap('a', { x: 'ü' }) });
  const got = await registry.get({ ...at(configMaps), name: 'a' });
  t.deepEqual(got.object, created.object);
  t.deepEqual(JSON.parse(got.json().toString()), got.object as never);
  t.is(got.object.metadata.resourceVersion, String(registry.revision));
});

test('what is handed out can not be changed', async (t) => {
  const { registry } = await createFixture(t);
  const created = await registry.create({ ...at(configMaps), object: configMap('a', { x: '1' }) });
  t.throws(
    () => {
      fields(created).data.x = '2';
    },
    { instanceOf: TypeError },
  );
});

test('a name that is taken is refused, and said to be going when it is', async (t) => {
  const { registry } = await createFixture(t);
  const held = configMap('a');
  Object.assign(held.metadata, { finalizers: ['example.com/hold'] });
  await registry.create({ ...at(configMaps), object: held });
  const taken = await refused(t, registry.create({ ...at(configMaps), object: configMap('a') }), 'AlreadyExists');
  t.is(taken.message, 'configmaps "a" already exists');
  await registry.delete({ ...at(configMaps), name: 'a' });
  const going = await refused(t, registry.create({ ...at(configMaps), object: configMap('a') }), 'AlreadyExists');
  t.is(going.message, 'object is being deleted: configmaps "a" already exists');
});

test('a peer that has not heard of a deletion creates all the same', async (t) => {
  const { registry, store, clock } = await createFixture(t);
  await registry.create({ ...at(configMaps), object: configMap('a') });
  const behind = registryOn(t, laggingStore(store), clock);
  await behind.ready();
  await registry.delete({ ...at(configMaps), name: 'a' });
  await t.notThrowsAsync(behind.create({ ...at(configMaps), object: configMap('a') }));
});

test('generateName picks another name when one is taken', async (t) => {
  const { registry } = await createFixture(t);
  const nameless = { ...configMap(''), metadata: { generateName: 'web-' } };
  const names = new Set<string>();
  for (let i = 0; i < 50; i++) {
    const created = await registry.create({ ...at(configMaps), object: structuredClone(nameless) });
    names.add(created.object.metadata.name!);
  }
  t.is(names.size, 50);
  for (const name of names) t.regex(name, /^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
});

test('generateName gives up when every name is taken', async (t) => {
  // Always the same bytes and numbers: always the same name.
  const random = { next: () => 0, bytes: (count: number) => new Uint8Array(count) };
  const { registry } = await createFixture(t, { random });
  const nameless = { ...configMap(''), metadata: { generateName: 'web-' } };
  await registry.create({ ...at(configMaps), object: structuredClone(nameless) });
  const status = await refused(t, registry.create({ ...at(configMaps), object: nameless }), 'AlreadyExists');
  t.regex(status.message!, /not able to generate a unique name/);
});

test('without a name it is refused', async (t) => {
  const { registry } = await createFixture(t);
  const status = await refused(t, registry.create({ ...at(configMaps), object: configMap('') }), 'Invalid');
  t.deepEqual(status.details?.causes, [
    {
      reason: 'FieldValueRequired',
      message: 'Required value: name or generateName is required',
      field: 'metadata.name',
    },
  ]);
});

test('an object of another namespace, or with a resourceVersion, is refused', async (t) => {
  const { registry } = await createFixture(t);
  const elsewhere = configMap('a');
  Object.assign(elsewhere.metadata, { namespace: 'kube-system' });
  const wrong = await refused(t, registry.create({ ...at(configMaps), object: elsewhere }), 'BadRequest');
  t.is(wrong.message, 'the namespace of the provided object does not match the namespace sent on the request');
  const versioned = configMap('a');
  Object.assign(versioned.metadata, { resourceVersion: '5' });
  const set = await refused(t, registry.create({ ...at(configMaps), object: versioned }), 'BadRequest');
  t.is(set.message, 'resourceVersion should not be set on objects to be created');
});

test('a dry run shows the outcome and writes nothing', async (t) => {
  const { registry, store } = await createFixture(t);
  const { revision } = await store.status();
  const shown = await registry.create({ ...at(configMaps), object: configMap('a'), dryRun: true });
  t.is(shown.object.metadata.resourceVersion, undefined);
  t.truthy(shown.object.metadata.uid);
  t.is((await store.status()).revision, revision);
  await refused(t, registry.get({ ...at(configMaps), name: 'a' }), 'NotFound');
});

test('unknown fields are refused, told or dropped as asked', async (t) => {
  const { registry } = await createFixture(t);
  const odd = (name: string) => ({ ...configMap(name), oddity: 1 }) as never;
  const strict = registry.create({ ...at(configMaps), object: odd('a'), fieldValidation: 'Strict' });
  t.regex((await refused(t, strict, 'BadRequest')).message!, /unknown field "oddity"/);
  const request = at(configMaps);
  const created = await registry.create({ ...request, object: odd('b') });
  t.deepEqual(request.warnings, ['unknown field "oddity"']);
  t.is(fields(created).oddity, undefined);
  const silent = at(configMaps);
  await registry.create({ ...silent, object: odd('c'), fieldValidation: 'Ignore' });
  t.deepEqual(silent.warnings, []);
});

test('a pod starts Pending, with its quality of service', async (t) => {
  const { registry } = await createFixture(t);
  const resources = (requests: object, limits: object) => ({
    containers: [{ name: 'main', image: 'host', resources: { requests, limits } }],
  });
  const all = { cpu: '500m', memory: '64Mi' };
  const expectations: [string, object, string][] = [
    ['none', {}, 'BestEffort'],
    ['some', resources({ cpu: '100m' }, {}), 'Burstable'],
    ['less', resources({ cpu: '0.1', memory: '64Mi' }, all), 'Burstable'],
    ['all', resources({ cpu: '0.5', memory: '64Mi' }, all), 'Guaranteed'],
  ];
  for (const [name, spec, qosClass] of expectations) {
    const created = fields(await registry.create({ ...at(pods), object: pod(name, spec) }));
    t.deepEqual(created.status, { phase: 'Pending', qosClass }, name);
    t.is(created.metadata.generation, 1);
  }
});

test('a pod with scheduling gates says what it waits for', async (t) => {
  const { registry } = await createFixture(t);
  const waiting = pod('gated', { schedulingGates: [{ name: 'example.com/wait' }] });
  const created = fields(await registry.create({ ...at(pods), object: waiting }));
  t.like(created.status.conditions[0], { type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' });
});

test('a node comes with its status', async (t) => {
  const { registry } = await createFixture(t);
  const node = object('v1', 'Node', 'n1', { status: { capacity: { cpu: '2' } } });
  const created = fields(await registry.create({ ...at(typeOf('nodes')), object: node }));
  t.is(created.status.capacity.cpu, '2');
  t.is(created.metadata.generation, undefined);
});
