import test from 'ava';
import { resources, type v1 } from '../../src/api/index.ts';
import { startTestApiServer, type TestApiServer } from '../support/api-server.ts';

let server: TestApiServer;
let node: Awaited<ReturnType<TestApiServer['certificateFor']>>;
test.before(async () => {
  server = await startTestApiServer();
  node = await server.certificateFor('system:node:n1', 'system:nodes');
  for (const name of ['own', 'foreign', 'image', 'unused']) {
    const metadata = { name, namespace: 'default' };
    await server.client.create(resources.secrets, { apiVersion: 'v1', kind: 'Secret', metadata } as v1.Secret);
    await server.client.create(resources.configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata } as v1.ConfigMap);
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata } as v1.ServiceAccount;
    await server.client.create(resources.serviceAccounts, account);
  }
  await pod('mine', 'n1', 'own');
  await pod('theirs', 'n2', 'foreign');
});
test.after.always(() => server.close());

async function pod(name: string, nodeName: string, refers: string): Promise<void> {
  await server.client.create<v1.Pod>(resources.pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: {
      nodeName,
      serviceAccountName: refers,
      imagePullSecrets: [{ name: 'image' }],
      containers: [{ name: 'main', image: 'host', envFrom: [{ configMapRef: { name: refers } }] }],
      volumes: [{ name: 'v', projected: { sources: [{ secret: { name: refers } }] } }],
    },
  } as v1.Pod);
}

const asNode = (method: string, path: string, body?: object) =>
  server.request(method, path, { as: node, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
const inDefault = (path: string): string => `/api/v1/namespaces/default/${path}`;

test('a node reads what its pods refer to, and nothing else of those kinds', async (t) => {
  for (const path of ['secrets/own', 'configmaps/own', 'secrets/image', 'serviceaccounts/own', 'pods/mine']) {
    t.is((await asNode('GET', inDefault(path))).code, 200, path);
  }
  const cases = [
    ['secrets/foreign', 'get', `no relationship found between node 'n1' and this object`],
    ['configmaps/unused', 'get', `no relationship found between node 'n1' and this object`],
    ['secrets', 'list', 'No Object name found'],
    ['serviceaccounts', 'list', 'can only get individual resources of this type'],
    ['pods/theirs', 'get', `no relationship found between node 'n1' and this object`],
    ['pods', 'list', 'can only list/watch pods with spec.nodeName field selector'],
  ] as const;
  for (const [path, verb, reason] of cases) {
    const { code, json } = await asNode('GET', inDefault(path));
    t.is(code, 403, path);
    t.true(json.message.includes(`User "system:node:n1" cannot ${verb} resource`), json.message);
    t.true(json.message.endsWith(`: ${reason}`), json.message);
  }
});

test('one object is watched by its name; pods by their node', async (t) => {
  const one = await asNode('GET', inDefault('secrets/own?watch=true&timeoutSeconds=1'));
  t.is(one.code, 200);
  const { json } = await asNode('GET', '/api/v1/pods?fieldSelector=spec.nodeName%3Dn1');
  const names = json.items.map(({ metadata }: v1.Pod) => metadata.name);
  t.true(names.includes('mine') && !names.includes('theirs'));
  t.is((await asNode('GET', '/api/v1/pods?fieldSelector=spec.nodeName%3Dn2')).code, 403);
});

test('a node reads the volumes that its pods claim, and the secrets of those', async (t) => {
  const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, volumeName: 'disk' };
  const at = { namespace: 'default' };
  const made = [
    ['/api/v1/namespaces/default/persistentvolumeclaims', 'PersistentVolumeClaim', { name: 'data', ...at }, claim],
    [
      '/api/v1/persistentvolumes',
      'PersistentVolume',
      { name: 'disk' },
      {
        accessModes: ['ReadWriteOnce'],
        capacity: { storage: '1Gi' },
        csi: { driver: 'd', volumeHandle: 'h', nodePublishSecretRef: { name: 'unused', ...at } },
      },
    ],
  ] as const;
  for (const [path, kind, metadata, spec] of made) {
    const body = JSON.stringify({ apiVersion: 'v1', kind, metadata, spec });
    const { code, body: answer } = await server.request('POST', path, { body });
    t.is(code, 201, answer);
  }
  const paths = [
    '/api/v1/persistentvolumes/disk',
    inDefault('persistentvolumeclaims/data'),
    inDefault('secrets/unused'),
  ];
  for (const path of paths) t.is((await asNode('GET', path)).code, 403, path);
  await server.client.create<v1.Pod>(resources.pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'stores', namespace: 'default' },
    spec: {
      nodeName: 'n1',
      serviceAccountName: 'own',
      containers: [{ name: 'main', image: 'host' }],
      volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }],
    },
  } as v1.Pod);
  for (const path of paths) t.is((await asNode('GET', path)).code, 200, path);
});

test('tokens are had for pods of the node, and bound to them', async (t) => {
  const uid = (await server.client.get<v1.Pod>(resources.pods, 'default', 'mine')).metadata.uid;
  const ask = (account: string, boundObjectRef?: object) =>
    asNode('POST', inDefault(`serviceaccounts/${account}/token`), {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { boundObjectRef },
    });
  const mine = { kind: 'Pod', apiVersion: 'v1', name: 'mine', uid };
  t.is((await ask('own', mine)).code, 201);
  t.is((await ask('foreign', mine)).code, 403);
  t.is((await ask('own')).json.message, 'serviceaccounts "own" is forbidden: node requested token not bound to a pod');
  t.regex((await ask('own', { ...mine, uid: undefined })).json.message, /pod binding without a uid$/);
  const theirs = (await server.client.get<v1.Pod>(resources.pods, 'default', 'theirs')).metadata.uid;
  t.regex(
    (await ask('own', { ...mine, name: 'theirs', uid: theirs })).json.message,
    /node requested token bound to a pod scheduled on a different node$/,
  );
});

test('of nodes and leases a node has its own', async (t) => {
  const made = await asNode('POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } });
  t.is(made.code, 201, made.body);
  t.is((await asNode('GET', '/api/v1/nodes/n1')).code, 200);
  t.true(
    (await asNode('GET', '/api/v1/nodes/n2')).json.message.endsWith(
      "node 'n1' cannot read 'n2', only its own Node object",
    ),
  );
  const leases = '/apis/coordination.k8s.io/v1/namespaces';
  t.true(
    (await asNode('GET', `${leases}/kube-system/leases/kube-scheduler`)).json.message.endsWith(
      'can only access leases in the "kube-node-lease" system namespace',
    ),
  );
  t.is((await asNode('GET', `${leases}/kube-node-lease/leases/n1`)).code, 404);
  t.is((await asNode('GET', `${leases}/kube-node-lease/leases/n2`)).code, 403);
});

test('a node may not give itself labels by which workloads are kept apart', async (t) => {
  const as = await server.certificateFor('system:node:n3', 'system:nodes');
  const create = (labels: Record<string, string>) =>
    server.request('POST', '/api/v1/nodes', {
      as,
      body: JSON.stringify({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n3', labels } }),
    });
  const bad = { 'node-role.kubernetes.io/control-plane': '', 'a.node-restriction.kubernetes.io/b': '' };
  t.true(
    (await create(bad)).json.message.endsWith(
      'node "n3" is not allowed to set the following labels: a.node-restriction.kubernetes.io/b, node-role.kubernetes.io/control-plane',
    ),
  );
  const good = { 'kubernetes.io/os': 'linux', 'node.kubernetes.io/x': '', 'example.com/y': '' };
  t.is((await create(good)).code, 201);
  const patch = await server.request('PATCH', '/api/v1/nodes/n3', {
    as,
    headers: { 'content-type': 'application/merge-patch+json' },
    body: JSON.stringify({ metadata: { labels: { 'node-restriction.kubernetes.io/z': '1' } } }),
  });
  t.true(patch.json.message.endsWith('is not allowed to modify labels: node-restriction.kubernetes.io/z'));
});

test('who says to be a node, but not which, may nothing', async (t) => {
  const as = await server.certificateFor('kubelet', 'system:nodes');
  const { code, json } = await server.request('GET', '/api/v1/services', { as });
  t.is(code, 403);
  t.true(json.message.endsWith('unknown node for user "kubelet"'));
});
