import test from 'ava';
import { type apiextensionsv1, findResource, reasonOf, resources, type v1 } from '../../src/api/index.ts';
import { resourceQuota } from '../../src/apiserver/admission/index.ts';
import { customResourceDefinitionController } from '../../src/controllers/customresourcedefinition/index.ts';
import { resourceQuotaController } from '../../src/controllers/resourcequota.ts';
import { widgets as definition } from '../support/custom-resources.ts';
import { startHarness } from './harness.ts';

const quotas = findResource('', 'v1', 'resourcequotas')!;

const quota = (name: string, hard: Record<string, string>, rest: object = {}): v1.ResourceQuota => ({
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: { name, namespace: 'default' },
  spec: { hard, ...rest },
});

const pod = (name: string, requests: Record<string, string> = { cpu: '100m' }, rest: object = {}): v1.Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default' },
  spec: { containers: [{ name: 'main', image: 'host', resources: { requests } }], ...rest },
});

async function setUp() {
  const harness = await startHarness({
    controllers: [resourceQuotaController, customResourceDefinitionController],
    kubelet: false,
    admission: (state) => [resourceQuota(state)],
  });
  const { client, clock } = harness;
  return {
    ...harness,
    used: async (name: string) => {
      await clock.advance(1_000);
      return (await client.get<v1.ResourceQuota>(quotas, 'default', name)).status?.used;
    },
    create: (object: v1.Pod) => client.create(resources.pods, object),
    async finish(name: string) {
      const found = await client.get<v1.Pod>(resources.pods, 'default', name);
      await client.update(resources.pods, { ...found, status: { phase: 'Succeeded' } }, { subresource: 'status' });
    },
  };
}

test('what is there is counted, what comes is added, what goes is taken away', async (t) => {
  const { client, create, used, finish, stop } = await setUp();
  await create(pod('before', { cpu: '500m', memory: '1Gi' }));
  await client.create(quotas, quota('all', { pods: '3', 'requests.cpu': '1', 'count/pods': '5', configmaps: '1' }));
  t.deepEqual(await used('all'), { pods: '1', 'requests.cpu': '500m', 'count/pods': '1', configmaps: '0' });
  await create(pod('a'));
  t.deepEqual(await used('all'), { pods: '2', 'requests.cpu': '600m', 'count/pods': '2', configmaps: '0' });

  const refused = await t.throwsAsync(create(pod('big', { cpu: '0.5' })));
  t.is(reasonOf(refused), 'Forbidden');
  t.is(
    refused?.message,
    'pods "big" is forbidden: exceeded quota: all, requested: requests.cpu=500m, used: requests.cpu=600m, limited: requests.cpu=1',
  );
  await finish('before');
  t.deepEqual(await used('all'), { pods: '1', 'requests.cpu': '100m', 'count/pods': '2', configmaps: '0' });
  await client.delete(resources.pods, 'default', 'a', { gracePeriodSeconds: 0 });
  t.deepEqual(await used('all'), { pods: '0', 'requests.cpu': '0', 'count/pods': '1', configmaps: '0' });
  await t.notThrowsAsync(create(pod('big', { cpu: '0.5' })));
  await stop();
});

test('custom resources count as soon as they are defined', async (t) => {
  const { client, clock, used, stop } = await setUp();
  const name = 'count/widgets.example.com';
  await client.create(quotas, quota('widgets', { [name]: '1' }));
  t.deepEqual(await used('widgets'), { [name]: '0' });
  const define = structuredClone(definition) as unknown as apiextensionsv1.CustomResourceDefinition;
  await client.create(resources.customResourceDefinitions, define);
  await clock.advance(10_000);
  const widget = (named: string) => ({
    apiVersion: 'example.com/v1',
    kind: 'Widget',
    metadata: { name: named, namespace: 'default' },
    spec: { color: 'red' },
  });
  const widgets = { group: 'example.com', version: 'v1', resource: 'widgets', kind: 'Widget', namespaced: true };
  await client.create(widgets, widget('a'));
  t.deepEqual(await used('widgets'), { [name]: '1' });
  t.regex(
    (await t.throwsAsync(client.create(widgets, widget('b'))))!.message,
    /^widgets\.example\.com "b" is forbidden: exceeded quota: widgets, requested: count\/widgets\.example\.com=1,/,
  );
  await client.delete(widgets, 'default', 'a');
  t.deepEqual(await used('widgets'), { [name]: '0' });
  await stop();
});

test('no two writes both take what is left', async (t) => {
  const { client, create, used, stop } = await setUp();
  await client.create(quotas, quota('few', { pods: '3' }));
  await used('few');
  const results = await Promise.allSettled(Array.from({ length: 10 }, (_, index) => create(pod(`p${index}`))));
  t.is(results.filter(({ status }) => status === 'fulfilled').length, 3);
  t.deepEqual(await used('few'), { pods: '3' });
  t.is((await client.list(resources.pods, 'default')).items.length, 3);
  await stop();
});

test('a quota whose counting is under way misses nothing', async (t) => {
  const { client, clock, create, used, stop } = await setUp();
  const pending = client.create(quotas, quota('all', { pods: '50' }));
  const made = Array.from({ length: 20 }, async (_, index) => {
    await clock.advance(index % 3);
    await create(pod(`p${index}`));
  });
  await Promise.all([pending, ...made]);
  t.deepEqual(await used('all'), { pods: '20' });
  await stop();
});

test('scopes choose pods; a limited resource must be named', async (t) => {
  const { client, create, used, stop } = await setUp();
  await client.create(quotas, quota('short', { pods: '1' }, { scopes: ['Terminating'] }));
  const expression = { scopeName: 'PriorityClass', operator: 'In', values: ['high'] };
  await client.create(quotas, quota('high', { pods: '0' }, { scopeSelector: { matchExpressions: [expression] } }));
  await used('short');
  await t.notThrowsAsync(create(pod('long')));
  await t.notThrowsAsync(create(pod('one', { cpu: '1' }, { activeDeadlineSeconds: 5 })));
  t.regex(
    (await t.throwsAsync(create(pod('two', { cpu: '1' }, { activeDeadlineSeconds: 5 }))))!.message,
    /exceeded quota: short/,
  );
  t.regex(
    (await t.throwsAsync(create(pod('h', { cpu: '1' }, { priorityClassName: 'high' }))))!.message,
    /exceeded quota: high/,
  );
  await client.delete(quotas, 'default', 'short');
  await client.create(quotas, quota('memory', { 'limits.memory': '1Gi' }, { scopes: ['Terminating'] }));
  t.regex(
    (await t.throwsAsync(create(pod('brief', {}, { activeDeadlineSeconds: 5 }))))!.message,
    /pods "brief" is forbidden: failed quota: memory: must specify limits\.memory for: main$/,
  );
  await stop();
});

test('claims of volumes count by the attributes classes that they have, want or are on the way to', async (t) => {
  const { client, used, stop } = await setUp();
  const scope = (operator: string, values?: string[]) => ({
    scopeSelector: {
      matchExpressions: [{ scopeName: 'VolumeAttributesClass', operator, ...(values ? { values } : {}) }],
    },
  });
  const hard = { persistentvolumeclaims: '1', 'requests.storage': '5Gi' };
  for (const [name, rest] of Object.entries({
    gold: scope('In', ['gold']),
    silver: scope('In', ['silver']),
    other: scope('NotIn', ['gold', 'silver']),
    any: scope('Exists'),
    none: scope('DoesNotExist'),
  }))
    await client.create(quotas, quota(name, hard, rest));
  const claim = (name: string, volumeAttributesClassName?: string): v1.PersistentVolumeClaim => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: 'default' },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      ...(volumeAttributesClassName === undefined ? {} : { volumeAttributesClassName }),
    },
  });
  const claims = findResource('', 'v1', 'persistentvolumeclaims')!;
  const counted = async () => {
    const all: string[] = [];
    for (const name of ['gold', 'silver', 'other', 'any', 'none'])
      if ((await used(name))?.['requests.storage'] === '1Gi') all.push(name);
    return all;
  };
  t.deepEqual(await counted(), []);
  const created = await client.create(claims, claim('a', 'gold'));
  t.deepEqual(await counted(), ['gold', 'any']);
  t.regex((await t.throwsAsync(client.create(claims, claim('b', 'gold'))))!.message, /exceeded quota: (gold|any)/);
  // While it is changed it counts for both, as both are in use.
  const changed = { ...created, status: { ...created.status, currentVolumeAttributesClassName: 'silver' } };
  await client.update(claims, changed, { subresource: 'status' });
  t.deepEqual(await counted(), ['gold', 'silver', 'any']);
  await client.create(claims, claim('plain'));
  t.deepEqual(await counted(), ['gold', 'silver', 'other', 'any', 'none']);
  await stop();
});

test('devices count by class, as many as a claim may get', async (t) => {
  const { client, used, stop } = await setUp();
  const [gold, silver] = ['gold.deviceclass.resource.k8s.io/devices', 'silver.deviceclass.resource.k8s.io/devices'];
  await client.create(quotas, quota('devices', { [gold]: '40', [silver]: '5' }));
  t.deepEqual(await used('devices'), { [gold]: '0', [silver]: '0' });
  const resourceClaims = findResource('resource.k8s.io', 'v1', 'resourceclaims')!;
  const exactly = (deviceClassName: string, count: number) => ({
    deviceClassName,
    allocationMode: 'ExactCount',
    count,
  });
  const claim = (name: string, requests: object[]) => ({
    apiVersion: 'resource.k8s.io/v1' as const,
    kind: 'ResourceClaim' as const,
    metadata: { name, namespace: 'default' },
    spec: { devices: { requests: requests.map((request, index) => ({ name: `r${index}`, ...request })) } },
  });
  await client.create(
    resourceClaims,
    claim('some', [{ exactly: exactly('gold', 2) }, { exactly: exactly('gold', 1) }]),
  );
  t.deepEqual(await used('devices'), { [gold]: '3', [silver]: '0' });
  const alternatives = [
    { name: 'a', ...exactly('silver', 1) },
    { name: 'b', ...exactly('silver', 2) },
    { name: 'c', deviceClassName: 'gold', allocationMode: 'All' },
  ];
  await client.create(resourceClaims, claim('either', [{ firstAvailable: alternatives }]));
  t.deepEqual(await used('devices'), { [gold]: '35', [silver]: '2' });
  t.regex(
    (await t.throwsAsync(client.create(resourceClaims, claim('more', [{ exactly: exactly('silver', 4) }]))))!.message,
    /exceeded quota: devices, requested: silver\.deviceclass\.resource\.k8s\.io\/devices=4,/,
  );
  await client.delete(resourceClaims, 'default', 'either');
  t.deepEqual(await used('devices'), { [gold]: '3', [silver]: '0' });
  await stop();
});

test('services and their ports count', async (t) => {
  const { client, used, stop } = await setUp();
  await client.create(
    quotas,
    quota('net', { services: '2', 'services.nodeports': '1', 'services.loadbalancers': '0' }),
  );
  await used('net');
  const service = (name: string, type: 'ClusterIP' | 'NodePort' | 'LoadBalancer'): v1.Service => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { type, ports: [{ port: 80 }] },
  });
  const created = await client.create(resources.services, service('a', 'NodePort'));
  t.deepEqual(await used('net'), { services: '1', 'services.nodeports': '1', 'services.loadbalancers': '0' });
  const balanced = await t.throwsAsync(client.create(resources.services, service('b', 'LoadBalancer')));
  t.regex(
    balanced!.message,
    /exceeded quota: net, requested: services\.loadbalancers=1,services\.nodeports=1, used: .*, limited: /,
  );
  await client.update(resources.services, { ...created, spec: { ...created.spec, type: 'ClusterIP' } });
  t.deepEqual(await used('net'), { services: '1', 'services.nodeports': '0', 'services.loadbalancers': '0' });
  await stop();
});
