import test from 'ava';
import fc from 'fast-check';
import { resources, type v1 } from '../../src/api/index.ts';
import { fieldValue, type PodPlace, resourceValue } from '../../src/kubelet/downward-api.ts';
import { containerEnvironment } from '../../src/kubelet/env.ts';
import { expand } from '../../src/kubelet/expansion.ts';
import { References } from '../../src/kubelet/references.ts';
import { serviceEnvironment } from '../../src/kubelet/service-env.ts';
import { FakeClient } from '../support/fake-client.ts';
import { FakeClock } from '../support/fake-clock.ts';

const place: PodPlace = {
  nodeName: 'node-1',
  hostIP: '10.0.0.1',
  podIP: '127.1.0.2',
  allocatable: { cpu: '2', memory: '1Gi' },
};

const pod: v1.Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'web',
    namespace: 'shop',
    uid: 'u-1',
    labels: { app: 'web', 'x/y': 'quo"te' },
    annotations: { note: 'one\ntwo' },
  },
  spec: { serviceAccountName: 'robot', containers: [] },
};

async function client(): Promise<FakeClient> {
  const fake = new FakeClient(new FakeClock());
  const metadata = { namespace: 'shop', name: 'settings' };
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const config = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata,
    data: { a: 'A', 'b.c': 'BC' },
    binaryData: { d: base64('D') },
  };
  await fake.create(resources.configMaps, config as v1.ConfigMap);
  await fake.create(resources.secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata,
    data: { password: base64('s3cret') },
  });
  return fake;
}

async function environment(
  container: Partial<v1.Container>,
  services: v1.Service[] = [],
): Promise<Record<string, string>> {
  const fake = await client();
  const references = new References(fake, 'shop');
  const input = { pod, container: { name: 'main', ...container }, place, references, services };
  const env = await containerEnvironment(input);
  return Object.fromEntries(env.map(({ name, value }) => [name, value]));
}
test('expansion: known names, unknown ones, escapes', (t) => {
  const values: Record<string, string> = { A: '1', B: '$(A)', 'odd.name': 'x', EMPTY: '' };
  const cases: [string, string][] = [
    ['$(A)', '1'],
    ['a$(A)b$(A)', 'a1b1'],
    ['$(B)', '$(A)'],
    ['$$(A)', '$(A)'],
    ['$$$(A)', '$1'],
    ['$$$$(A)', '$$(A)'],
    ['$(NONE)', '$(NONE)'],
    ['$(odd.name)', 'x'],
    ['$(EMPTY)', ''],
    ['$A $[A] $', '$A $[A] $'],
    ['$(A', '$(A'],
    ['100$', '100$'],
  ];
  for (const [text, expected] of cases)
    t.is(
      expand(text, (name) => values[name]),
      expected,
      text,
    );
});

test('expansion leaves text without a dollar sign alone, and undoes escaping', (t) => {
  const property = fc.property(fc.string(), (text) => {
    t.is(
      expand(text.replaceAll('$', ''), () => 'x'),
      text.replaceAll('$', ''),
    );
    t.is(
      expand(text.replaceAll('$', '$$$$'), () => 'x'),
      text,
    );
  });
  fc.assert(property);
});

test('values, in order, with what came before', async (t) => {
  const env = await environment({
    envFrom: [{ configMapRef: { name: 'settings' } }, { prefix: 'S_', secretRef: { name: 'settings' } }],
    env: [
      { name: 'ONE', value: '1' },
      { name: 'TWO', value: '$(ONE)$(a)$(S_password)$(LATER)' },
      { name: 'LATER', value: 'x' },
      { name: 'a', value: 'own' },
      { name: 'NOTHING' },
    ],
  });
  t.deepEqual(env, {
    a: 'own',
    'b.c': 'BC',
    d: 'D',
    S_password: 's3cret',
    ONE: '1',
    TWO: '1As3cret$(LATER)',
    LATER: 'x',
    NOTHING: '',
  });
});

test('single keys, fields and resources', async (t) => {
  const env = await environment({
    resources: { limits: { memory: '64Mi' }, requests: { cpu: '250m' } },
    env: [
      { name: 'KEY', valueFrom: { configMapKeyRef: { name: 'settings', key: 'a' } } },
      { name: 'SECRET', valueFrom: { secretKeyRef: { name: 'settings', key: 'password' } } },
      { name: 'NO_KEY', valueFrom: { secretKeyRef: { name: 'settings', key: 'none', optional: true } } },
      { name: 'NO_MAP', valueFrom: { configMapKeyRef: { name: 'none', key: 'none', optional: true } } },
      { name: 'FIELD', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
      { name: 'MEMORY', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } } },
      { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'requests.cpu', divisor: '1m' } } },
      { name: 'NODE_CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
    ],
  });
  t.deepEqual(env, {
    KEY: 'A',
    SECRET: 's3cret',
    FIELD: '127.1.0.2',
    MEMORY: '64',
    CPU: '250',
    NODE_CPU: '2',
  });
});

test('each object is read once', async (t) => {
  const fake = await client();
  const references = new References(fake, 'shop');
  await Promise.all([references.secret('settings'), references.secret('settings'), references.secret('none', true)]);
  await references.secret('settings');
  t.is(fake.calls.filter(({ verb }) => verb === 'get').length, 2);
});

test('what is missing is said in the words of the kubelet', async (t) => {
  const cases: [Partial<v1.Container>, string][] = [
    [{ envFrom: [{ configMapRef: { name: 'none' } }] }, 'configmap "none" not found'],
    [{ envFrom: [{ secretRef: { name: 'none' } }] }, 'secret "none" not found'],
    [
      { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'settings', key: 'z' } } }] },
      "couldn't find key z in ConfigMap shop/settings",
    ],
    [
      { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'settings', key: 'z' } } }] },
      "couldn't find key z in Secret shop/settings",
    ],
    [{ env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'spec.none' } } }] }, 'unsupported fieldPath: spec.none'],
    [
      { env: [{ name: 'A', valueFrom: { resourceFieldRef: { containerName: 'b', resource: 'limits.cpu' } } }] },
      'container b not found',
    ],
    [
      { env: [{ name: 'A', valueFrom: { resourceFieldRef: { resource: 'cpu' } } }] },
      'unsupported container resource : cpu',
    ],
    [{ env: [{ name: 'A', valueFrom: {} }] }, 'a variable has a source that this node does not support'],
  ];
  for (const [container, message] of cases) {
    await t.throwsAsync(environment(container), { code: 'CONFIGURATION', message });
  }
  t.deepEqual(await environment({ envFrom: [{ configMapRef: { name: 'none', optional: true } }] }), {});
});

test('an API that can not be reached is another matter', async (t) => {
  const fake = await client();
  fake.intercept = () => {
    throw new Error('no connection');
  };
  const input = { pod, place, references: new References(fake, 'shop'), services: [] };
  const container = { name: 'main', envFrom: [{ secretRef: { name: 'settings' } }] };
  await t.throwsAsync(containerEnvironment({ ...input, container }), { message: 'no connection' });
});

test('fields of the pod', (t) => {
  const cases: [string, string][] = [
    ['metadata.name', 'web'],
    ['metadata.namespace', 'shop'],
    ['metadata.uid', 'u-1'],
    ["metadata.labels['app']", 'web'],
    ["metadata.labels['none']", ''],
    ["metadata.annotations['note']", 'one\ntwo'],
    ['metadata.labels', 'app="web"\nx/y="quo\\"te"'],
    ['metadata.annotations', 'note="one\\ntwo"'],
    ['spec.nodeName', 'node-1'],
    ['spec.serviceAccountName', 'robot'],
    ['status.hostIP', '10.0.0.1'],
    ['status.podIPs', '127.1.0.2'],
  ];
  for (const [path, value] of cases) t.is(fieldValue(path, pod, place), value, path);
});

test('resources are rounded up to whole divisors', (t) => {
  const container: v1.Container = { name: 'a', resources: { limits: { cpu: '1500m', memory: '1000001' } } };
  const value = (resource: string, divisor?: string): string => resourceValue({ resource, divisor }, container, place);
  t.is(value('limits.cpu'), '2');
  t.is(value('limits.cpu', '100m'), '15');
  t.is(value('limits.memory', '1M'), '2');
  t.is(value('limits.memory', '0'), '1000001');
  t.is(value('requests.memory'), '0');
});

function service(name: string, namespace: string, clusterIP: string, ports: v1.ServicePort[]): v1.Service {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec: { clusterIP, ports } };
}

test('Services are told in both old forms', (t) => {
  const services = [
    service('kubernetes', 'default', '10.96.0.1', [{ name: 'https', port: 443 }]),
    service('my-db', 'shop', '10.96.0.7', [
      { name: 'sql', port: 5432, protocol: 'TCP' },
      { name: 'stat-s', port: 99, protocol: 'UDP' },
    ]),
    service('headless', 'shop', 'None', [{ port: 1 }]),
    service('elsewhere', 'other', '10.96.0.8', [{ port: 1 }]),
  ];
  const cluster = {
    KUBERNETES_SERVICE_HOST: '10.96.0.1',
    KUBERNETES_SERVICE_PORT: '443',
    KUBERNETES_SERVICE_PORT_HTTPS: '443',
    KUBERNETES_PORT: 'tcp://10.96.0.1:443',
    KUBERNETES_PORT_443_TCP: 'tcp://10.96.0.1:443',
    KUBERNETES_PORT_443_TCP_PROTO: 'tcp',
    KUBERNETES_PORT_443_TCP_PORT: '443',
    KUBERNETES_PORT_443_TCP_ADDR: '10.96.0.1',
  };
  t.deepEqual(Object.fromEntries(serviceEnvironment(services, 'shop', false)), cluster);
  t.deepEqual(Object.fromEntries(serviceEnvironment(services, 'shop', true)), {
    ...cluster,
    MY_DB_SERVICE_HOST: '10.96.0.7',
    MY_DB_SERVICE_PORT: '5432',
    MY_DB_SERVICE_PORT_SQL: '5432',
    MY_DB_SERVICE_PORT_STAT_S: '99',
    MY_DB_PORT: 'tcp://10.96.0.7:5432',
    MY_DB_PORT_5432_TCP: 'tcp://10.96.0.7:5432',
    MY_DB_PORT_5432_TCP_PROTO: 'tcp',
    MY_DB_PORT_5432_TCP_PORT: '5432',
    MY_DB_PORT_5432_TCP_ADDR: '10.96.0.7',
    MY_DB_PORT_99_UDP: 'udp://10.96.0.7:99',
    MY_DB_PORT_99_UDP_PROTO: 'udp',
    MY_DB_PORT_99_UDP_PORT: '99',
    MY_DB_PORT_99_UDP_ADDR: '10.96.0.7',
  });
});
