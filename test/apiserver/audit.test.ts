import test from 'ava';
import { decide } from '../../src/apiserver/audit/policy.ts';
import { type AuditPolicy, createAuditor } from '../../src/apiserver/index.ts';
import { requestInfoOf } from '../../src/apiserver/request-info.ts';
import { systemClock, systemRandom } from '../../src/base/index.ts';
import { startTestApiServer, type TestApiServer } from '../support/api-server.ts';
import { kubectlFor } from '../support/kubectl.ts';
import { startWebhookServer } from '../support/webhook-server.ts';

const policy = (...rules: AuditPolicy['rules']): AuditPolicy => ({ rules, omitStages: [], omitManagedFields: false });
const jane = { name: 'jane', groups: ['devs', 'system:authenticated'] };

function levelOf(rules: AuditPolicy['rules'], method: string, path: string, watching = false) {
  return decide(policy(...rules), requestInfoOf(method, path, watching), jane).level;
}

const pods = '/api/v1/namespaces/default/pods';

test('the first rule that matches decides, by user, group, verb, resource, name, namespace and path', (t) => {
  const rules: AuditPolicy['rules'] = [
    { level: 'None', users: ['system:kube-proxy'] },
    { level: 'None', userGroups: ['devs'], verbs: ['watch'] },
    { level: 'Request', resources: [{ group: '', resources: ['pods/exec', 'pods/*'] }] },
    { level: 'RequestResponse', resources: [{ group: 'apps' }], namespaces: ['kube-system'] },
    { level: 'Request', resources: [{ resources: ['configmaps'], resourceNames: ['mine'] }] },
    { level: 'Metadata', resources: [{ resources: ['*/status'] }] },
    { level: 'Metadata', nonResourceURLs: ['/api*', '/version'] },
    { level: 'Metadata', namespaces: [''], resources: [{ resources: ['nodes'] }] },
  ];
  const cases: [string, string, string, boolean?][] = [
    ['None', 'GET', pods, true],
    ['Request', 'POST', `${pods}/a/exec`],
    ['Request', 'GET', `${pods}/a/log`],
    ['None', 'GET', `${pods}/a`],
    ['RequestResponse', 'GET', '/apis/apps/v1/namespaces/kube-system/deployments'],
    ['None', 'GET', '/apis/apps/v1/namespaces/default/deployments'],
    ['Request', 'GET', '/api/v1/namespaces/default/configmaps/mine'],
    ['None', 'GET', '/api/v1/namespaces/default/configmaps/other'],
    ['Metadata', 'PATCH', '/api/v1/nodes/a/status'],
    ['Metadata', 'GET', '/api'],
    ['Metadata', 'GET', '/version'],
    ['None', 'GET', '/metrics'],
    ['Metadata', 'GET', '/api/v1/nodes'],
  ];
  for (const [level, method, path, watching] of cases)
    t.is<string, string>(levelOf(rules, method, path, watching), level, path);
});

test('bodies of Secrets and tokens are not meant by a rule for everything', (t) => {
  const secrets = '/api/v1/namespaces/default/secrets/a';
  const token = '/api/v1/namespaces/default/serviceaccounts/a/token';
  const all: AuditPolicy['rules'] = [{ level: 'RequestResponse' }];
  t.is(levelOf(all, 'GET', secrets), 'Metadata');
  t.is(levelOf(all, 'POST', token), 'Metadata');
  t.is(levelOf(all, 'GET', `${pods}/a`), 'RequestResponse');
  t.is(levelOf([{ level: 'RequestResponse', resources: [{ resources: ['*'] }] }], 'GET', secrets), 'Metadata');
  t.is(levelOf([{ level: 'Request', resources: [{ resources: ['secrets'] }] }], 'GET', secrets), 'Request');
});

// biome-ignore lint/suspicious/noExplicitAny: events are looked into.
const events: any[] = [];
let server: TestApiServer;
test.before(async () => {
  const rules: AuditPolicy['rules'] = [
    {
      level: 'RequestResponse',
      resources: [{ resources: ['configmaps'] }],
      omitStages: ['RequestReceived'],
      omitManagedFields: true,
    },
    { level: 'Metadata', resources: [{ resources: ['secrets', 'pods'] }] },
    { level: 'Metadata', users: ['system:anonymous'], omitStages: ['RequestReceived'] },
  ];
  const auditor = createAuditor({
    policy: policy(...rules),
    sink: (event) => events.push(JSON.parse(JSON.stringify(event))),
    clock: systemClock,
    random: systemRandom,
  });
  server = await startTestApiServer({ auditor });
});
test.after.always(() => server.close());

async function eventsOf(auditId: string, count: number) {
  const until = Date.now() + 10_000;
  for (;;) {
    const found = events.filter((event) => event.auditID === auditId);
    if (found.length >= count || Date.now() > until) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('an event tells who asked what, and what became of it', async (t) => {
  const body = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'seen' }, data: { a: 'b' } });
  const { headers } = await server.request('POST', '/api/v1/namespaces/default/configmaps?fieldManager=me', {
    body,
    headers: {
      'content-type': 'application/json',
      'user-agent': 'tester/1',
      'impersonate-user': 'kim',
      'impersonate-group': 'system:masters',
    },
  });
  const [event, ...others] = await eventsOf(String(headers['audit-id']), 1);
  t.is(others.length, 0);
  t.like(event, {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'RequestResponse',
    stage: 'ResponseComplete',
    requestURI: '/api/v1/namespaces/default/configmaps?fieldManager=me',
    verb: 'create',
    user: { username: 'admin', groups: ['system:masters', 'system:authenticated'] },
    impersonatedUser: { username: 'kim', groups: ['system:masters', 'system:authenticated'] },
    sourceIPs: ['127.0.0.1'],
    userAgent: 'tester/1',
    objectRef: { resource: 'configmaps', namespace: 'default', name: 'seen', apiVersion: 'v1' },
    responseStatus: { metadata: {}, code: 201 },
    requestObject: JSON.parse(body),
    annotations: { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': '' },
  });
  t.like(event.responseObject, { kind: 'ConfigMap', data: { a: 'b' } });
  t.is(event.responseObject.metadata.managedFields, undefined);
});

test('objects that kubectl sends as protobuf are written down as JSON', async (t) => {
  const { code, stderr } = await kubectlFor(server.kubeconfig)('create configmap typed --from-literal=k=v');
  t.is(code, 0, stderr);
  const event = events.find(({ objectRef, verb }) => objectRef?.name === 'typed' && verb === 'create');
  t.deepEqual(event.requestObject.data, { k: 'v' });
});

test('refusals say so; Secrets have no bodies; watches tell their start', async (t) => {
  const as = await server.certificateFor('jane');
  const refused = await server.request('GET', '/api/v1/namespaces/default/secrets', { as });
  const id = String(refused.headers['audit-id']);
  const [received, complete] = await eventsOf(id, 2);
  t.is(received.stage, 'RequestReceived');
  t.is(received.responseStatus, undefined);
  t.like(complete, {
    stage: 'ResponseComplete',
    responseStatus: { code: 403, status: 'Failure', reason: 'Forbidden' },
    annotations: { 'authorization.k8s.io/decision': 'forbid' },
  });
  const watch = await server.request('GET', '/api/v1/pods?watch=true&timeoutSeconds=1', {
    headers: { 'audit-id': 'my-watch' },
  });
  t.is(watch.code, 200);
  t.deepEqual(
    (await eventsOf('my-watch', 3)).map(({ stage }) => stage),
    ['RequestReceived', 'ResponseStarted', 'ResponseComplete'],
  );
});

test('what admission notes is written down, by key; pieces of objects only where objects are', async (t) => {
  const webhook = await startWebhookServer(() => ({
    allowed: true,
    patch: [{ op: 'add', path: '/metadata/labels/patched', value: 'yes' }],
    auditAnnotations: { why: 'because' },
  }));
  t.teardown(() => webhook.close());
  const rule = { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps', 'secrets'] };
  const selected = { objectSelector: { matchLabels: { noted: 'yes' } } };
  const create = async (path: string, body: object) => {
    const {
      code,
      headers,
      body: answer,
    } = await server.request('POST', path, {
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });
    t.is(code, 201, answer);
    return String(headers['audit-id']);
  };
  const registration = '/apis/admissionregistration.k8s.io/v1';
  await create(`${registration}/mutatingwebhookconfigurations`, {
    metadata: { name: 'hooks' },
    webhooks: [
      {
        name: 'hook.example.com',
        clientConfig: { url: webhook.url, caBundle: webhook.caBundle },
        rules: [rule],
        ...selected,
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
      },
    ],
  });
  await create(`${registration}/validatingadmissionpolicies`, {
    metadata: { name: 'noted' },
    spec: {
      matchConstraints: { resourceRules: [rule], ...selected },
      validations: [{ expression: 'false', message: 'never' }],
      auditAnnotations: [{ key: 'name', valueExpression: 'object.metadata.name' }],
    },
  });
  await create(`${registration}/validatingadmissionpolicybindings`, {
    metadata: { name: 'noted' },
    spec: { policyName: 'noted', validationActions: ['Audit'] },
  });
  const metadata = { name: 'noted', labels: { noted: 'yes' } };
  const whole = await create('/api/v1/namespaces/default/configmaps', { metadata });
  const withoutBody = await create('/api/v1/namespaces/default/secrets', { metadata });
  const [event] = await eventsOf(whole, 1);
  const notes = {
    'authorization.k8s.io/decision': 'allow',
    'authorization.k8s.io/reason': '',
    'hook.example.com/why': 'because',
    'mutation.webhook.admission.k8s.io/round_0_index_0':
      '{"configuration":"hooks","webhook":"hook.example.com","mutated":true}',
    'noted/name': 'noted',
  };
  const { 'validation.policy.admission.k8s.io/validation_failure': failure, ...others } = event.annotations;
  t.like(JSON.parse(failure), [{ message: 'never', policy: 'noted', binding: 'noted' }]);
  t.deepEqual(others, {
    ...notes,
    'patch.webhook.admission.k8s.io/round_0_index_0':
      '{"configuration":"hooks","webhook":"hook.example.com","patch":[{"op":"add","path":"/metadata/labels/patched","value":"yes"}],"patchType":"JSONPatch"}',
  });
  t.deepEqual(Object.keys(event.annotations), Object.keys(event.annotations).toSorted());
  const [received, complete] = await eventsOf(withoutBody, 2);
  t.is(received.annotations, undefined);
  const { 'validation.policy.admission.k8s.io/validation_failure': _, ...ofSecret } = complete.annotations;
  t.deepEqual(ofSecret, notes);
});

test('who could not tell who it is is written down too', async (t) => {
  const { headers } = await server.request('GET', '/api/v1/pods', { as: null });
  const [event] = await eventsOf(String(headers['audit-id']), 1);
  t.like(event, { stage: 'ResponseStarted', user: { username: 'system:anonymous' }, responseStatus: { code: 401 } });
});
