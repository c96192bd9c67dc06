import { connect } from 'node:tls';
import test from 'ava';
import { WebSocket } from 'ws';
import { type flowcontrolv1, type KubernetesObject, type rbacv1, resources } from '../../../src/api/index.ts';
import { requestTimeoutOf } from '../../../src/apiserver/http/deadline.ts';
import { startTestApiServer, type TestApiServer } from '../../support/api-server.ts';

const group = 'flowcontrol.apiserver.k8s.io/v1';

/** Everybody but the administrator, or one user, in a level of their own with one seat. */
async function narrow(server: TestApiServer, user: string, queues: number): Promise<void> {
  await server.client.create<flowcontrolv1.PriorityLevelConfiguration>(resources.priorityLevels, {
    apiVersion: group,
    kind: 'PriorityLevelConfiguration',
    metadata: { name: 'wide' },
    spec: { type: 'Limited', limited: { nominalConcurrencyShares: 1_000_000, limitResponse: { type: 'Reject' } } },
  });
  await server.client.create<flowcontrolv1.PriorityLevelConfiguration>(resources.priorityLevels, {
    apiVersion: group,
    kind: 'PriorityLevelConfiguration',
    metadata: { name: 'narrow' },
    spec: {
      type: 'Limited',
      limited: {
        nominalConcurrencyShares: 1,
        borrowingLimitPercent: 0,
        limitResponse:
          queues === 0 ? { type: 'Reject' } : { type: 'Queue', queuing: { queues, handSize: 1, queueLengthLimit: 10 } },
      },
    },
  });
  await server.client.create<flowcontrolv1.FlowSchema>(resources.flowSchemas, {
    apiVersion: group,
    kind: 'FlowSchema',
    metadata: { name: 'narrow' },
    spec: {
      priorityLevelConfiguration: { name: 'narrow' },
      matchingPrecedence: 10,
      rules: [
        {
          subjects: [{ kind: 'User', user: { name: user } }],
          resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'], clusterScope: true }],
        },
      ],
    },
  });
}

/** Lets a user do everything. */
async function allow(server: TestApiServer, user: string): Promise<void> {
  const apiGroup = 'rbac.authorization.k8s.io';
  const apiVersion = `${apiGroup}/v1` as const;
  await server.client.create<rbacv1.ClusterRole>(resources.clusterRoles, {
    apiVersion,
    kind: 'ClusterRole',
    metadata: { name: 'all' },
    rules: [
      { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
      { verbs: ['*'], nonResourceURLs: ['*'] },
    ],
  });
  await server.client.create<rbacv1.ClusterRoleBinding>(resources.clusterRoleBindings, {
    apiVersion,
    kind: 'ClusterRoleBinding',
    metadata: { name: 'all' },
    roleRef: { apiGroup, kind: 'ClusterRole', name: 'all' },
    subjects: [{ apiGroup, kind: 'User', name: user }],
  });
}

/** A request that has begun and does not go on: its body never comes. */
function begin(
  server: TestApiServer,
  as: { cert: string; key: string },
  query = '',
): Promise<{ answer: Promise<string>; end(): void }> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: server.port, ca: server.ca, ...as }, () => {
      socket.write(
        `POST /api/v1/namespaces/default/configmaps${query} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`,
      );
      resolve({
        answer: new Promise((done) => {
          let text = '';
          socket.on('data', (chunk) => {
            text += chunk;
          });
          socket.once('close', () => done(text));
        }),
        end: () => socket.destroy(),
      });
    });
    socket.once('error', reject);
  });
}

async function eventually(check: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (await check()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('it did not come to that');
}

const pods = '/api/v1/namespaces/default/pods';

test('a server that is full says 429 and when to come again; answers tell how they were classified', async (t) => {
  const server = await startTestApiServer();
  t.teardown(() => server.close());
  // Not of the masters, who are exempt.
  const jane = await server.certificateFor('jane');
  await allow(server, 'jane');
  await narrow(server, 'jane', 0);
  const schema = await server.client.get<flowcontrolv1.FlowSchema>(resources.flowSchemas, undefined, 'narrow');
  const level = await server.client.get(resources.priorityLevels, undefined, 'narrow');
  await eventually(async () => {
    const { headers } = await server.request('GET', pods, { as: jane });
    return headers['x-kubernetes-pf-flowschema-uid'] === schema.metadata.uid;
  });
  const { headers } = await server.request('GET', pods, { as: jane });
  t.is(headers['x-kubernetes-pf-prioritylevel-uid'], level.metadata.uid);
  const slow = await begin(server, jane);
  await eventually(async () => (await server.request('GET', pods, { as: jane })).code === 429);
  const refused = await server.request('GET', pods, { as: jane });
  t.is(refused.headers['retry-after'], '1');
  t.like(refused.json, { kind: 'Status', code: 429, reason: 'TooManyRequests' });
  slow.end();
  await eventually(async () => (await server.request('GET', pods, { as: jane })).code === 200);
  // A watch has its seat only while it begins.
  const watch = await server.open('GET', `${pods}?watch=1&resourceVersion=0`, { as: jane });
  t.is((await server.request('GET', pods, { as: jane })).code, 200);
  watch.destroy();
  t.regex((await server.request('GET', '/metrics')).body, /rejected_requests_total\{flow_schema="narrow"/);
});

test('a request whose body does not come is answered 504 when its time is up', async (t) => {
  const server = await startTestApiServer();
  t.teardown(() => server.close());
  const slow = await begin(server, server.admin, '?timeout=200ms');
  const answer = await slow.answer;
  t.regex(answer, /^HTTP\/1\.1 504 /);
  const status = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')));
  t.like(status, {
    kind: 'Status',
    code: 504,
    reason: 'Timeout',
    message: 'Timeout: request did not complete within the allotted timeout',
  });
  t.is((await server.request('GET', `${pods}?timeout=soon`)).code, 400);
  // A watch has as much time as it wants.
  const watch = await server.open('GET', `${pods}?watch=1&timeout=1ms`);
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.is(watch.statusCode, 200);
  t.false(watch.complete);
  watch.destroy();
});

test('the time that a request asks for is read as Go reads it, within bounds', (t) => {
  const timeout = (text: string): number => requestTimeoutOf(new URLSearchParams({ timeout: text }));
  t.is(timeout('1m'), 60_000);
  t.is(timeout('1.5s'), 1_500);
  t.is(timeout('1s500ms'), 1_500);
  t.is(timeout('32h'), 60_000);
  t.is(timeout('0s'), 60_000);
  t.is(timeout(''), 60_000);
  for (const wrong of ['1', 's', '-1s', '1d', '1 s', '.s', '9'.repeat(400)])
    t.throws(() => timeout(wrong), undefined, wrong);
});

test('a watch has its seat until the state has been read, over WebSocket as well', async (t) => {
  const server = await startTestApiServer();
  t.teardown(() => server.close());
  const jane = await server.certificateFor('jane');
  await narrow(server, 'jane', 0);
  await server.client.create(resources.clusterRoleBindings, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'jane' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'jane' }],
  } as KubernetesObject);
  const path = '/api/v1/namespaces/default/configmaps';
  for (let i = 0; i < 30; i++) {
    const object = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: `c${i}` },
      data: { a: 'x'.repeat(900_000) },
    };
    await server.client.create(resources.configMaps, {
      ...object,
      metadata: { ...object.metadata, namespace: 'default' },
    });
  }
  const get = async () => (await server.request('GET', `${path}/none`, { as: jane })).code;
  await eventually(async () => (await get()) === 404);
  const webSocket = (): Promise<{ code: number; socket: WebSocket }> =>
    new Promise((resolve) => {
      const socket = new WebSocket(`${server.url.replace('https', 'wss')}${path}?watch=1&resourceVersion=0`, {
        ca: server.ca,
        ...jane,
      });
      socket.on('open', () => {
        socket.pause();
        resolve({ code: 101, socket });
      });
      socket.on('unexpected-response', (_request, { statusCode = 0 }) => resolve({ code: statusCode, socket }));
      socket.on('error', () => {});
    });

  const watch = await server.open('GET', `${path}?watch=1&resourceVersion=0`, { as: jane });
  t.is(await get(), 429);
  t.is((await webSocket()).code, 429);
  watch.resume();
  await eventually(async () => (await get()) === 404);

  const { code, socket } = await webSocket();
  t.is(code, 101);
  t.is(await get(), 429);
  socket.resume();
  await eventually(async () => (await get()) === 404);
  const { socket: gone } = await webSocket();
  t.is(await get(), 429);
  gone.terminate();
  await eventually(async () => (await get()) === 404);
  watch.destroy();
  socket.terminate();
});
