import type { ExecutionContext } from 'ava';
import test from 'ava';
import type { Exchange } from '../../../src/apiserver/exchange.ts';
import type { KubeletConnection } from '../../../src/apiserver/kubelet-connection.ts';
import { podConnectRoute } from '../../../src/apiserver/pod-connect.ts';
import { requestInfoOf } from '../../../src/apiserver/request-info.ts';
import { startTestApiServer } from '../../support/api-server.ts';
import { type Answer, type Review, startWebhookServer } from '../../support/webhook-server.ts';
import { admin, at, createFixture, object, pod, pods, refused, typeOf } from '../registry/harness.ts';

const GROUP = 'admissionregistration.k8s.io';
const rule = (resources: string[]) => ({ operations: ['CONNECT'], apiGroups: [''], apiVersions: ['v1'], resources });

/** A registry with a pod on a node, whose kubelet notes what it is asked, and a webhook that is asked about connections. */
async function withWebhook(t: ExecutionContext, kind: 'Mutating' | 'Validating', answer: (review: Review) => Answer) {
  const { registry } = await createFixture(t);
  const server = await startWebhookServer(answer);
  t.teardown(() => server.close());
  const hook = {
    name: 'hook.example.com',
    clientConfig: { url: server.url, caBundle: server.caBundle },
    rules: [rule(['pods/*'])],
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
  };
  const type = typeOf(`${kind.toLowerCase()}webhookconfigurations`, GROUP);
  await registry.create({ ...at(type), object: object(`${GROUP}/v1`, type.kind, 'hooks', { webhooks: [hook] }) });
  await registry.create({ ...at(pods), object: pod('work', { nodeName: 'node-1' }) });
  const asked: string[] = [];
  const kubelets = {
    upgrade: async (node: string, path: string) => void asked.push(`${node} ${path}`),
  } as unknown as KubeletConnection;
  const authorizer = { authorize: async () => ({ allowed: true, reason: '' }) };
  const route = podConnectRoute({ registry, pods, kubelets, authorizer });
  const connect = (target: string) => {
    const [path = '', query] = target.split('?');
    const info = requestInfoOf('GET', `/api/v1/namespaces/default/pods/${path}`, false);
    const exchange = { info, user: admin, query: new URLSearchParams(query), warnings: [], request: {} };
    return Promise.resolve(route(exchange as unknown as Exchange, undefined as never, Buffer.alloc(0)));
  };
  return { server, asked, connect };
}

test('a webhook sees what a connection asks for', async (t) => {
  const { server, asked, connect } = await withWebhook(t, 'Validating', () => ({ allowed: true }));
  await connect('work/exec?command=ls&command=-l&stdin=true&stdout=1&tty=false&container=main');
  await connect('work/attach?stdout=true&stderr=true');
  await connect('work/portforward?ports=80&ports=8080,9090');
  const [exec, attach, forward] = server.reviews.map(({ request }) => request);
  t.like(exec, {
    operation: 'CONNECT',
    name: 'work',
    namespace: 'default',
    kind: { group: '', version: 'v1', kind: 'PodExecOptions' },
    resource: { group: '', version: 'v1', resource: 'pods' },
    subResource: 'exec',
    requestSubResource: 'exec',
    oldObject: null,
    options: null,
    dryRun: false,
  });
  t.deepEqual(exec.object, {
    kind: 'PodExecOptions',
    apiVersion: 'v1',
    stdin: true,
    stdout: true,
    container: 'main',
    command: ['ls', '-l'],
  });
  t.deepEqual(attach.object, { kind: 'PodAttachOptions', apiVersion: 'v1', stdout: true, stderr: true });
  t.deepEqual(forward.object, { kind: 'PodPortForwardOptions', apiVersion: 'v1', ports: [80, 8080, 9090] });
  t.deepEqual(asked, [
    'node-1 /exec/default/work/main?input=1&output=1&command=ls&command=-l',
    'node-1 /attach/default/work/main?output=1&error=1',
    'node-1 /portForward/default/work?ports=80&ports=8080&ports=9090',
  ]);
});

test('a webhook refuses a connection, whether the pod is there or not', async (t) => {
  const { asked, connect } = await withWebhook(t, 'Validating', ({ request }) => ({
    allowed: request.object.tty !== true,
    status: { message: 'no terminals', reason: 'Forbidden', code: 403 },
  }));
  const { message } = await refused(t, connect('work/exec?command=sh&tty=true'), 'Forbidden');
  t.is(message, 'admission webhook "hook.example.com" denied the request: no terminals');
  await refused(t, connect('nobody/exec?command=sh&tty=true'), 'Forbidden');
  await refused(t, connect('nobody/exec?command=sh'), 'NotFound');
  t.deepEqual(asked, []);
});

test('a webhook changes what a connection asks for', async (t) => {
  const { asked, connect } = await withWebhook(t, 'Mutating', () => ({
    allowed: true,
    patch: [
      { op: 'replace', path: '/command', value: ['audited', 'sh'] },
      { op: 'remove', path: '/stdin' },
    ],
  }));
  await connect('work/exec?command=sh&stdin=true&stdout=true');
  t.deepEqual(asked, ['node-1 /exec/default/work/main?output=1&command=audited&command=sh']);
});

test('what is no connection is refused', async (t) => {
  const { connect } = await withWebhook(t, 'Validating', () => ({ allowed: true }));
  t.is((await refused(t, connect('work/exec?dryRun=All'), 'BadRequest')).message, 'dryRun is not supported');
  await refused(t, connect('work/portforward?ports=many'), 'BadRequest');
  await refused(t, connect('work/portforward?ports=65536'), 'BadRequest');
});

test('a policy refuses exec and proxies over the wire', async (t) => {
  const server = await startTestApiServer();
  t.teardown(() => server.close());
  const policy = object(`${GROUP}/v1`, 'ValidatingAdmissionPolicy', 'connections', {
    spec: {
      matchConstraints: { resourceRules: [rule(['pods/exec', 'pods/proxy', 'services/proxy', 'nodes/proxy'])] },
      validations: [
        {
          expression: "has(object.path) ? object.path.startsWith('/open/') : object.command[0] != 'sh'",
          messageExpression: "object.kind + ' of ' + request.name + ' may not be'",
        },
      ],
    },
  });
  const binding = object(`${GROUP}/v1`, 'ValidatingAdmissionPolicyBinding', 'connections', {
    spec: { policyName: 'connections', validationActions: ['Deny'] },
  });
  await server.client.create(typeOf('validatingadmissionpolicies', GROUP), policy);
  await server.client.create(typeOf('validatingadmissionpolicybindings', GROUP), binding);
  const told = async (method: string, path: string) => {
    const { code, json } = await server.request(method, `/api/v1/${path}`);
    return [code, json.message.replace(/^.*denied request: /, '')];
  };
  const there = 'namespaces/default';
  t.deepEqual(await told('POST', `${there}/pods/a/exec?command=sh&stdout=true`), [
    422,
    'PodExecOptions of a may not be',
  ]);
  t.deepEqual(await told('POST', `${there}/pods/a/exec?command=ls&stdout=true`), [404, 'pods "a" not found']);
  t.deepEqual(await told('GET', `${there}/pods/https:a:1/proxy/x`), [422, 'PodProxyOptions of https:a:1 may not be']);
  t.deepEqual(await told('GET', `${there}/pods/a/proxy/open/x`), [404, 'pods "a" not found']);
  t.deepEqual(await told('GET', `${there}/pods/a/proxy/%6Fpen/x`), [404, 'pods "a" not found']);
  t.deepEqual(await told('PUT', `${there}/services/s/proxy`), [422, 'ServiceProxyOptions of s may not be']);
  t.deepEqual(await told('GET', 'nodes/n/proxy/metrics'), [422, 'NodeProxyOptions of n may not be']);
  t.is((await told('GET', `${there}/pods/a/proxy/open/x?dryRun=All`))[0], 400);
});
