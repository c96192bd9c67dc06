import test, { type ExecutionContext } from 'ava';
import { type Answer, type Review, startWebhookServer } from '../../support/webhook-server.ts';
import {
  at,
  configMap,
  configMaps,
  createFixture,
  deployment,
  fields,
  namespace,
  namespaces,
  object,
  pod,
  pods,
  refused,
  typeOf,
} from '../registry/harness.ts';

const mutating = typeOf('mutatingwebhookconfigurations', 'admissionregistration.k8s.io');
const validating = typeOf('validatingwebhookconfigurations', 'admissionregistration.k8s.io');
const autoscalersV1 = typeOf('horizontalpodautoscalers', 'autoscaling', 'v1');

const everyConfigMap = [
  { operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], scope: '*' },
];

/** A registry whose webhooks ask `answer`. */
async function withWebhook(t: ExecutionContext, answer: (review: Review) => Answer) {
  const fixture = await createFixture(t);
  const server = await startWebhookServer(answer);
  t.teardown(() => server.close());
  const hook = (rest: object = {}) => ({
    name: 'hook.example.com',
    clientConfig: { url: `${server.url}/check`, caBundle: server.caBundle },
    rules: everyConfigMap,
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    ...rest,
  });
  const register = (type: typeof mutating, ...hooks: object[]) =>
    fixture.registry.create({
      ...at(type),
      object: object('admissionregistration.k8s.io/v1', type.kind, 'hooks', { webhooks: hooks }),
    });
  const create = (name: string, rest: object = {}) =>
    fixture.registry.create({ ...at(configMaps), object: configMap(name, { a: '1' }), ...rest });
  return { ...fixture, server, hook, register, create };
}

test('a webhook sees who wants what, and what it was', async (t) => {
  const { registry, server, hook, register, create } = await withWebhook(t, () => ({ allowed: true }));
  await register(validating, hook());
  await create('a');
  await registry.update({ ...at(configMaps), name: 'a', object: configMap('a', { a: '2' }), fieldManager: 'me' });
  await registry.delete({ ...at(configMaps), name: 'a', gracePeriodSeconds: 0 });
  const [made, changed, gone] = server.reviews.map(({ request }) => request);
  t.is(server.reviews[0]?.path, '/check?timeout=10s');
  t.like(made, {
    operation: 'CREATE',
    name: 'a',
    namespace: 'default',
    kind: { group: '', version: 'v1', kind: 'ConfigMap' },
    resource: { group: '', version: 'v1', resource: 'configmaps' },
    requestKind: { group: '', version: 'v1', kind: 'ConfigMap' },
    dryRun: false,
    oldObject: null,
    options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
  });
  t.deepEqual(made.userInfo, { username: 'admin', groups: ['system:masters'] });
  t.is(made.object.data.a, '1');
  t.like(changed, { operation: 'UPDATE', options: { kind: 'UpdateOptions', fieldManager: 'me' } });
  t.is(changed.object.data.a, '2');
  t.is(changed.oldObject.data.a, '1');
  t.like(gone, { operation: 'DELETE', object: null, options: { kind: 'DeleteOptions', gracePeriodSeconds: 0 } });
  t.is(gone.oldObject.data.a, '2');
  t.is(server.connections(), 1, 'the connection is kept');
});

test('a connection that the webhook closed meanwhile is no failure', async (t) => {
  const { server, hook, register, create } = await withWebhook(t, () => ({ allowed: true }));
  await register(validating, hook());
  for (let index = 0; index < 5; index++) {
    await t.notThrowsAsync(create(`c${index}`));
    server.dropConnections();
  }
});

test('a refusal is told with its code and words', async (t) => {
  const answers: Record<string, object> = {
    plain: {},
    worded: { status: { message: 'not today' } },
    coded: { status: { code: 403, reason: 'Forbidden', message: 'never' } },
    odd: { status: { code: 200, message: 'success?' } },
  };
  const { hook, register, create } = await withWebhook(t, ({ request }) => ({
    allowed: false,
    ...answers[request.name],
  }));
  await register(validating, hook());
  const told = async (name: string) => {
    const error = (await t.throwsAsync(create(name))) as unknown as { status: { code: number; message: string } };
    return [error.status.code, error.status.message];
  };
  const by = 'admission webhook "hook.example.com" denied the request';
  t.deepEqual(await told('plain'), [400, `${by} without explanation`]);
  t.deepEqual(await told('worded'), [400, `${by}: not today`]);
  t.deepEqual(await told('coded'), [403, `${by}: never`]);
  t.deepEqual(await told('odd'), [400, `${by}: success?`]);
});

test('warnings and audit annotations go along', async (t) => {
  const { hook, register, create } = await withWebhook(t, () => ({
    allowed: true,
    warnings: ['mind the gap'],
    auditAnnotations: { seen: 'yes' },
  }));
  await register(validating, hook());
  const request = { warnings: [] as string[], auditAnnotations: {} };
  await create('a', request);
  t.deepEqual(request.warnings, ['mind the gap']);
  t.deepEqual(request.auditAnnotations, { 'hook.example.com/seen': 'yes' });
});

test('the audit log is told what webhooks did, and which could not be asked', async (t) => {
  const { hook, register, create, server } = await withWebhook(t, ({ path }) => {
    if (path.startsWith('/broken')) return 500;
    const auditAnnotations = { plain: 'first', 'no/key': 'dropped' };
    if (!path.startsWith('/patch')) return { allowed: true, auditAnnotations };
    return { allowed: true, patch: [{ op: 'add', path: '/data/b', value: '2' }], auditAnnotations: { plain: 'other' } };
  });
  const at = (path: string) => ({ clientConfig: { url: server.url + path, caBundle: server.caBundle } });
  const broken = { ...at('/broken'), failurePolicy: 'Ignore' };
  const other = { name: 'other.example.com', rules: [{ ...everyConfigMap[0], resources: ['secrets'] }] };
  await register(
    mutating,
    hook(),
    hook(other),
    hook({ ...at('/patch'), name: 'patch.example.com' }),
    hook({ ...broken, name: 'broken.example.com' }),
  );
  await register(validating, hook(other), hook(), hook({ ...broken, name: 'broken.example.com' }));
  const auditAnnotations: Record<string, string> = {};
  await create('a', { auditAnnotations });
  const told = (webhook: string, mutated: boolean) =>
    `{"configuration":"hooks","webhook":"${webhook}","mutated":${mutated}}`;
  t.deepEqual(auditAnnotations, {
    'hook.example.com/plain': 'first',
    'patch.example.com/plain': 'other',
    'mutation.webhook.admission.k8s.io/round_0_index_0': told('hook.example.com', false),
    'mutation.webhook.admission.k8s.io/round_0_index_2': told('patch.example.com', true),
    'patch.webhook.admission.k8s.io/round_0_index_2':
      '{"configuration":"hooks","webhook":"patch.example.com","patch":[{"op":"add","path":"/data/b","value":"2"}],"patchType":"JSONPatch"}',
    'mutation.webhook.admission.k8s.io/round_0_index_3': told('broken.example.com', false),
    'failed-open.mutation.webhook.admission.k8s.io/round_0_index_3': 'broken.example.com',
    'failed-open.validating.webhook.admission.k8s.io/round_0_index_1': 'broken.example.com',
  });
});

test('a patch changes what is stored, and what others see', async (t) => {
  const { hook, register, create, server } = await withWebhook(t, ({ request, path }) => ({
    allowed: true,
    patch: path.startsWith('/second')
      ? [{ op: 'add', path: '/data/second', value: String(request.object.data.first) }]
      : [
          { op: 'add', path: '/data/first', value: 'x' },
          { op: 'add', path: '/unknown', value: 1 },
        ],
  }));
  const second = { url: `${server.url}/second`, caBundle: server.caBundle };
  await register(mutating, hook(), hook({ name: 'second.example.com', clientConfig: second }));
  const made = fields(await create('a'));
  t.deepEqual(made.data, { a: '1', first: 'x', second: 'x' });
  t.is(made.unknown, undefined);
});

test('a patched object is completed and validated like any other', async (t) => {
  const { registry, hook, register } = await withWebhook(t, ({ request }) => ({
    allowed: true,
    patch: [
      {
        op: 'add',
        path: '/spec/containers/-',
        value: { name: request.object.metadata.labels?.side ?? 'Bad!', image: 'x' },
      },
    ],
  }));
  await register(
    mutating,
    hook({ rules: [{ operations: ['CREATE'], apiGroups: ['*'], apiVersions: ['*'], resources: ['pods'] }] }),
  );
  const good = pod('good');
  Object.assign(good.metadata, { labels: { side: 'car' } });
  const made = fields(await registry.create({ ...at(pods), object: good }));
  t.like(made.spec.containers[1], {
    name: 'car',
    imagePullPolicy: 'Always',
    terminationMessagePath: '/dev/termination-log',
  });
  await refused(t, registry.create({ ...at(pods), object: pod('bad') }), 'Invalid');
});

test('a webhook that wants it sees what later ones changed, once', async (t) => {
  const { hook, register, create, server } = await withWebhook(t, ({ path, request }) => {
    if (path.startsWith('/second')) return { allowed: true, patch: [{ op: 'add', path: '/data/b', value: '2' }] };
    const count = String(Object.keys(request.object.data).length);
    return { allowed: true, patch: [{ op: 'add', path: '/data/seen', value: count }] };
  });
  const second = { url: `${server.url}/second`, caBundle: server.caBundle };
  await register(
    mutating,
    hook({ reinvocationPolicy: 'IfNeeded' }),
    hook({ name: 'second.example.com', clientConfig: second }),
  );
  t.deepEqual(fields(await create('a')).data, { a: '1', b: '2', seen: '3' });
  t.deepEqual(
    server.reviews.map(({ path }) => path.split('?')[0]),
    ['/check', '/second', '/check'],
  );
});

test('failurePolicy says what happens when nobody answers', async (t) => {
  const { hook, register, create, registry } = await withWebhook(t, ({ path }) =>
    path.startsWith('/late')
      ? 'never'
      : path.startsWith('/stall')
        ? 'stalls'
        : path.startsWith('/flood')
          ? 'floods'
          : 500,
  );
  const config = (path: string) => ({ ...hook().clientConfig, url: hook().clientConfig.url.replace('/check', path) });
  const cases: readonly [object, RegExp][] = [
    [
      {},
      /^Internal error occurred: failed calling webhook "hook\.example\.com": failed to call webhook: an error on the server \("out of order"\) has prevented the request from succeeding$/,
    ],
    [
      { clientConfig: config('/late'), timeoutSeconds: 1 },
      /failed to call webhook: Post "https:\/\/127\.0\.0\.1:\d+\/late\?timeout=1s": context deadline exceeded$/,
    ],
    [{ clientConfig: config('/stall'), timeoutSeconds: 1 }, /stall\?timeout=1s": context deadline exceeded$/],
    [{ clientConfig: config('/flood') }, /response is larger than 3145728 bytes$/],
    [{ clientConfig: { url: 'https://127.0.0.1:1/' } }, /dial tcp 127\.0\.0\.1:1: connect: connection refused$/],
    [
      { clientConfig: { url: hook().clientConfig.url } },
      /tls: failed to verify certificate: x509: certificate signed by unknown authority$/,
    ],
    [
      { clientConfig: { service: { name: 'gone', namespace: 'default' } } },
      /Post "https:\/\/gone\.default\.svc\/\?timeout=10s": service "gone" not found$/,
    ],
  ];
  for (const [rest, text] of cases) {
    await register(validating, hook(rest));
    const status = await refused(t, create('a'), 'InternalError');
    t.regex(status.message!, text);
    await registry.delete({ ...at(validating), name: 'hooks' });
    await register(validating, hook({ ...rest, failurePolicy: 'Ignore' }));
    await t.notThrowsAsync(create('a'));
    await registry.delete({ ...at(validating), name: 'hooks' });
    await registry.delete({ ...at(configMaps), name: 'a' });
  }
});

test('answers that make no sense count as none', async (t) => {
  const answers: Record<string, Answer> = {
    uid: { allowed: true, uid: 'other' },
    patch: { allowed: true, patch: [] },
    absent: { allowed: true, uid: undefined },
  };
  const { hook, register, create } = await withWebhook(t, ({ request }) => answers[request.name]!);
  await register(validating, hook());
  const told = async (name: string) => (await refused(t, create(name), 'InternalError')).message!;
  t.regex(await told('uid'), /received invalid webhook response: expected response\.uid="[-0-9a-f]{36}", got "other"$/);
  t.regex(await told('patch'), /validating webhook may not return response\.patch or response\.patchType$/);
  t.regex(await told('absent'), /expected response\.uid=/);
});

test('selectors and conditions choose what a webhook sees', async (t) => {
  const { registry, hook, register, create, server } = await withWebhook(t, () => ({ allowed: false }));
  await registry.create({
    ...at(namespaces),
    object: { ...namespace('watched'), metadata: { name: 'watched', labels: { watch: 'yes' } } },
  });
  await register(
    validating,
    hook({ name: 'a.example.com', namespaceSelector: { matchLabels: { watch: 'yes' } } }),
    hook({ name: 'b.example.com', objectSelector: { matchExpressions: [{ key: 'odd', operator: 'Exists' }] } }),
    hook({
      name: 'c.example.com',
      matchConditions: [
        { name: 'named', expression: "object.metadata.name.startsWith('c-')" },
        { name: 'not-me', expression: "request.userInfo.username == 'admin'" },
      ],
    }),
    hook({ name: 'd.example.com', rules: [{ ...everyConfigMap[0], resources: ['configmaps/status'] }] }),
    hook({ name: 'e.example.com', rules: [{ ...everyConfigMap[0], scope: 'Cluster' }] }),
    hook({ name: 'f.example.com', rules: [{ ...everyConfigMap[0], apiVersions: ['v2'] }] }),
  );
  await t.notThrowsAsync(create('plain'));
  t.is(server.reviews.length, 0);
  const by = async (promise: Promise<unknown>) => /webhook "(\w)/.exec((await t.throwsAsync(promise))!.message)?.[1];
  t.is(await by(create('x', at(configMaps, 'watched'))), 'a');
  t.is(await by(create('x', { object: configMap('x', {}, { odd: '1' }) })), 'b');
  t.is(await by(create('c-1', { object: configMap('c-1') })), 'c');
});

test('a condition that fails refuses, unless the failurePolicy says Ignore', async (t) => {
  const { registry, hook, register, create } = await withWebhook(t, () => ({ allowed: false }));
  const matchConditions = [{ name: 'x', expression: 'object.spec.missing == 1' }];
  await register(validating, hook({ matchConditions }));
  const status = await refused(t, create('a'), 'Forbidden');
  t.is(
    status.message,
    'configmaps "a" is forbidden: expression \'object.spec.missing == 1\' resulted in error: no such key: spec',
  );
  await registry.delete({ ...at(validating), name: 'hooks' });
  await register(validating, hook({ matchConditions, failurePolicy: 'Ignore' }));
  await t.notThrowsAsync(create('a'));
});

test('dry runs only go to webhooks without side effects; versions of a kind are equivalent', async (t) => {
  const { registry, hook, register, create, server } = await withWebhook(t, () => ({ allowed: true }));
  const v2 = [{ operations: ['CREATE'], apiGroups: ['autoscaling'], apiVersions: ['v2'], resources: ['*'] }];
  await register(
    validating,
    hook(),
    hook({ name: 'v2.example.com', rules: v2 }),
    hook({ name: 'exact.example.com', rules: v2, matchPolicy: 'Exact' }),
  );
  await create('a', { dryRun: true });
  t.like(server.reviews[0]?.request, { dryRun: true, options: { dryRun: ['All'] } });
  const spec = {
    scaleTargetRef: { kind: 'Deployment', name: 'web' },
    maxReplicas: 3,
    targetCPUUtilizationPercentage: 50,
  };
  await registry.create({
    ...at(autoscalersV1),
    object: object('autoscaling/v1', 'HorizontalPodAutoscaler', 'web', { spec }),
  });
  t.is(server.reviews.length, 2);
  const { request } = server.reviews[1]!;
  t.like(request, { kind: { group: 'autoscaling', version: 'v2', kind: 'HorizontalPodAutoscaler' } });
  t.like(request.requestKind, { version: 'v1' });
  t.is(request.object.spec.metrics[0].resource.target.averageUtilization, 50);
});

test('a webhook of a scale sees the Scale', async (t) => {
  const { registry, hook, register, server } = await withWebhook(t, ({ request }) => ({
    allowed: true,
    patch: request.subResource === 'scale' ? [{ op: 'replace', path: '/spec/replicas', value: 7 }] : [],
  }));
  const rules = [
    { operations: ['UPDATE'], apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments/scale'] },
  ];
  await register(mutating, hook({ rules }));
  const deployments = typeOf('deployments', 'apps');
  await registry.create({ ...at(deployments), object: deployment('web') });
  const patch = { spec: { replicas: 3 } };
  await registry.patch({
    ...at(deployments),
    name: 'web',
    subresource: 'scale',
    patchType: 'application/merge-patch+json',
    patch,
  });
  t.like(server.reviews[0]?.request, {
    subResource: 'scale',
    kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
  });
  t.is(server.reviews[0]?.request.object.spec.replicas, 3);
  t.is(fields(await registry.get({ ...at(deployments), name: 'web' })).spec.replicas, 7);
});

test('a webhook sees evictions and bindings', async (t) => {
  const { registry, hook, register, server } = await withWebhook(t, ({ request }) => ({
    allowed: request.subResource !== 'eviction',
    status: { message: 'not now', code: 429 },
  }));
  const rules = [
    { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods/binding', 'pods/eviction'] },
  ];
  await register(validating, hook({ rules }));
  await registry.create({ ...at(pods), object: pod('a') });
  const target = { target: { kind: 'Node', name: 'n1' } };
  await registry.create({
    ...at(pods),
    name: 'a',
    subresource: 'binding',
    object: object('v1', 'Binding', 'a', target),
  });
  const eviction = object('policy/v1', 'Eviction', 'a');
  const error = await t.throwsAsync(
    registry.create({ ...at(pods), name: 'a', subresource: 'eviction', object: eviction }),
  );
  t.is(error?.message, 'admission webhook "hook.example.com" denied the request: not now');
  t.deepEqual(
    server.reviews.map(({ request }) => [request.subResource, request.kind.kind, request.name]),
    [
      ['binding', 'Binding', 'a'],
      ['eviction', 'Eviction', 'a'],
    ],
  );
});

test('a webhook sees connections', async (t) => {
  const { registry, hook, register, server } = await withWebhook(t, ({ request }) => ({
    allowed: request.object.command[0] !== 'sh',
    status: { message: 'no shells' },
  }));
  const rules = [{ operations: ['CONNECT'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods/exec'] }];
  await register(validating, hook({ rules }));
  const connect = (command: string) =>
    registry.connect({
      ...at(pods),
      name: 'a',
      subresource: 'exec',
      options: { apiVersion: 'v1', kind: 'PodExecOptions', command: [command] } as never,
    });
  await t.notThrowsAsync(connect('ls'));
  const error = await t.throwsAsync(connect('sh'));
  t.is(error?.message, 'admission webhook "hook.example.com" denied the request: no shells');
  t.like(server.reviews[0]?.request, {
    operation: 'CONNECT',
    subResource: 'exec',
    name: 'a',
    namespace: 'default',
    kind: { group: '', version: 'v1', kind: 'PodExecOptions' },
    oldObject: null,
  });
});

test('no webhook can refuse that it is taken away', async (t) => {
  const { registry, hook, register } = await withWebhook(t, () => ({ allowed: false }));
  await register(
    validating,
    hook({ rules: [{ operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'] }] }),
  );
  await t.notThrowsAsync(registry.delete({ ...at(validating), name: 'hooks' }));
});

test('what is wrong with a configuration is told', async (t) => {
  const { hook, register } = await withWebhook(t, () => ({ allowed: true }));
  const wrong: readonly [object, RegExp][] = [
    [
      { name: 'hook' },
      /webhooks\[0\]\.name: Invalid value: "hook": should be a domain with at least three segments separated by dots/,
    ],
    [{ clientConfig: {} }, /webhooks\[0\]\.clientConfig: Required value: exactly one of url or service is required/],
    [
      { clientConfig: { url: 'http://x' } },
      /clientConfig\.url: Invalid value: "http": 'https' is the only allowed URL scheme; desired format: https:\/\/host\[\/path\]/,
    ],
    [{ timeoutSeconds: 31 }, /timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds/],
    [{ sideEffects: 'Some' }, /sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"/],
    [
      { admissionReviewVersions: ['v3'] },
      /admissionReviewVersions: Invalid value: \["v3"\]: must include at least one of v1, v1beta1/,
    ],
    [
      { rules: [{ operations: ['*', 'CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }] },
      /rules\[0\]\.operations: Invalid value: \["\*","CREATE"\]: if '\*' is present, must not specify other operations/,
    ],
    [
      { rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['*', 'pods'] }] },
      /if '\*' is present, must not specify other resources without subresources/,
    ],
    [
      { matchConditions: [{ name: 'x', expression: 'foo' }] },
      /matchConditions\[0\]\.expression: Invalid value: "foo": compilation failed: ERROR: <input>:1:1: undeclared reference to 'foo' \(in container ''\)/,
    ],
    [{ matchConditions: [{ name: 'x', expression: '1' }] }, /must evaluate to bool/],
    [{ namespaceSelector: { matchLabels: { 'a b': 'c' } } }, /webhooks\[0\]\.namespaceSelector/],
  ];
  for (const [rest, text] of wrong)
    t.regex((await refused(t, register(validating, hook(rest)), 'Invalid')).message!, text);
  t.regex(
    (await refused(t, register(validating, hook(), hook()), 'Invalid')).message!,
    /webhooks\[1\]\.name: Duplicate value/,
  );
});
