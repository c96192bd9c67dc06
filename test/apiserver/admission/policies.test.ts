import test, { type ExecutionContext } from 'ava';
import { defaultAdmissionPlugins } from '../../../src/apiserver/admission/index.ts';
import type { Attributes } from '../../../src/apiserver/authorization/types.ts';
import { seededRandom, silentLogger } from '../../../src/base/index.ts';
import {
  at,
  configMap,
  configMaps,
  createFixture,
  deployment,
  deployments,
  namespace,
  namespaces,
  object,
  refused,
  typeOf,
} from '../registry/harness.ts';

const policies = typeOf('validatingadmissionpolicies', 'admissionregistration.k8s.io');
const bindings = typeOf('validatingadmissionpolicybindings', 'admissionregistration.k8s.io');
const VERSION = 'admissionregistration.k8s.io/v1';

async function withPolicy(t: ExecutionContext, spec: object, binding: object = {}) {
  const asked: Attributes[] = [];
  const authorizer = {
    async authorize(attributes: Attributes) {
      asked.push(attributes);
      return { allowed: attributes.verb === 'bless', reason: 'asked' };
    },
  };
  const fixture = await createFixture(t, {
    admission: (state) => defaultAdmissionPlugins(state, { random: seededRandom(1), logger: silentLogger, authorizer }),
  });
  const matchConstraints = {
    resourceRules: [
      {
        operations: ['CREATE', 'UPDATE'],
        apiGroups: ['', 'apps'],
        apiVersions: ['v1'],
        resources: ['configmaps', 'deployments'],
      },
    ],
  };
  await fixture.registry.create({
    ...at(policies),
    object: object(VERSION, 'ValidatingAdmissionPolicy', 'rule', { spec: { matchConstraints, ...spec } }),
  });
  const bind = (name: string, rest: object = {}) =>
    fixture.registry.create({
      ...at(bindings),
      object: object(VERSION, 'ValidatingAdmissionPolicyBinding', name, {
        spec: { policyName: 'rule', validationActions: ['Deny'], ...rest },
      }),
    });
  await bind('bound', binding);
  const create = (name: string, data: Record<string, string> = {}, rest: object = {}) =>
    fixture.registry.create({ ...at(configMaps), object: configMap(name, data), ...rest });
  return { ...fixture, asked, bind, create };
}

test('a policy refuses what its expression does not allow', async (t) => {
  const { registry, create } = await withPolicy(t, {
    validations: [{ expression: '!has(object.spec) || object.spec.replicas <= 5' }],
  });
  await t.notThrowsAsync(create('a'));
  await t.notThrowsAsync(registry.create({ ...at(deployments), object: deployment('small', 5) }));
  const status = await refused(t, registry.create({ ...at(deployments), object: deployment('large', 6) }), 'Invalid');
  const denied =
    "ValidatingAdmissionPolicy 'rule' with binding 'bound' denied request: failed expression: !has(object.spec) || object.spec.replicas <= 5";
  t.is(status.message, `deployments.apps "large" is forbidden: ${denied}`);
  t.is(status.code, 422);
  t.deepEqual(status.details?.causes, [{ message: denied }]);
});

test('messages, reasons, variables and the request', async (t) => {
  const { create } = await withPolicy(t, {
    variables: [
      { name: 'size', expression: 'object.?data.orValue({}).size()' },
      { name: 'limit', expression: "request.userInfo.username == 'admin' ? variables.size - 1 : 0" },
    ],
    validations: [
      { expression: "object.metadata.name != 'plain'", message: 'a plain word', reason: 'Forbidden' },
      {
        expression: "object.metadata.name != 'made'",
        messageExpression: "'%d of %d in %s'.format([variables.size, variables.limit])",
        message: 'falls back',
      },
      {
        expression: "object.metadata.name != 'told'",
        messageExpression: "'%d entries, limit %d'.format([variables.size, variables.limit])",
      },
      { expression: "object.metadata.name != 'ns' || namespaceObject.metadata.name == 'other'" },
    ],
  });
  const told = async (name: string, reason: string) =>
    (await refused(t, create(name, { a: '1', b: '2' }), reason)).message!.replace(/^.*denied request: /, '');
  t.is(await told('plain', 'Forbidden'), 'a plain word');
  t.is(await told('made', 'Invalid'), 'falls back');
  t.is(await told('told', 'Invalid'), '2 entries, limit 1');
  t.is(
    await told('ns', 'Invalid'),
    "failed expression: object.metadata.name != 'ns' || namespaceObject.metadata.name == 'other'",
  );
  await t.notThrowsAsync(create('fine'));
});

test('parameters come from an object that the binding names or selects', async (t) => {
  const spec = {
    paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
    validations: [{ expression: '!has(object.data) || object.data.size() <= int(params.data.max)' }],
  };
  const paramRef = { name: 'limits', namespace: 'kube-limits', parameterNotFoundAction: 'Deny' };
  const { registry, create } = await withPolicy(t, spec, { paramRef });
  const missing = await refused(t, create('a'), 'Invalid');
  t.regex(
    missing.message!,
    /failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction$/,
  );
  await registry.delete({ ...at(bindings), name: 'bound' });
  await registry.create({ ...at(namespaces), object: namespace('kube-limits') });
  await registry.create({
    ...at(configMaps, 'kube-limits'),
    object: configMap('limits', { max: '1' }, { kind: 'limit' }),
  });
  const bind = (rest: object) =>
    registry.create({
      ...at(bindings),
      object: object(VERSION, 'ValidatingAdmissionPolicyBinding', 'bound', {
        spec: { policyName: 'rule', validationActions: ['Deny'], paramRef: { ...paramRef, ...rest } },
      }),
    });
  await bind({});
  await t.notThrowsAsync(create('one', { a: '1' }));
  await refused(t, create('two', { a: '1', b: '2' }), 'Invalid');
  await registry.delete({ ...at(bindings), name: 'bound' });
  await bind({ name: undefined, selector: { matchLabels: { kind: 'limit' } } });
  await refused(t, create('two', { a: '1', b: '2' }), 'Invalid');
  await registry.delete({ ...at(bindings), name: 'bound' });
  await bind({ name: 'absent', parameterNotFoundAction: 'Allow' });
  await t.notThrowsAsync(create('two', { a: '1', b: '2' }));
});

test('Warn tells, Audit notes, and neither refuses', async (t) => {
  const { create } = await withPolicy(
    t,
    {
      validations: [{ expression: "object.metadata.name != 'odd'", message: 'is odd' }],
      auditAnnotations: [{ key: 'name', valueExpression: "'seen ' + object.metadata.name" }],
    },
    { validationActions: ['Warn', 'Audit'] },
  );
  const request = { warnings: [] as string[], auditAnnotations: {} as Record<string, string> };
  await create('odd', {}, request);
  t.deepEqual(request.warnings, [
    "Validation failed for ValidatingAdmissionPolicy 'rule' with binding 'bound': is odd",
  ]);
  t.is(request.auditAnnotations['rule/name'], 'seen odd');
  t.deepEqual(JSON.parse(request.auditAnnotations['validation.policy.admission.k8s.io/validation_failure']!), [
    { message: 'is odd', policy: 'rule', binding: 'bound', expressionIndex: 0, validationActions: ['Warn', 'Audit'] },
  ]);
});

test('what bindings with different parameters note is put together; of failures the first is noted', async (t) => {
  const { registry, bind, create } = await withPolicy(
    t,
    {
      paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
      validations: [{ expression: 'false', messageExpression: "'not by ' + params.data.who" }],
      auditAnnotations: [{ key: 'who', valueExpression: 'params.data.who' }],
    },
    { validationActions: ['Audit'], paramRef: { name: 'one', parameterNotFoundAction: 'Allow' } },
  );
  for (const who of ['one', 'two']) await registry.create({ ...at(configMaps), object: configMap(who, { who }) });
  for (const name of ['two', 'one']) {
    const paramRef = { name, parameterNotFoundAction: 'Allow' };
    await bind(`later-${name}`, { validationActions: ['Audit'], paramRef });
  }
  const auditAnnotations: Record<string, string> = {};
  await create('any', {}, { auditAnnotations });
  const failure = auditAnnotations['validation.policy.admission.k8s.io/validation_failure']!;
  t.deepEqual(JSON.parse(failure), [
    { message: 'not by one', policy: 'rule', binding: 'bound', expressionIndex: 0, validationActions: ['Audit'] },
  ]);
  t.is(auditAnnotations['rule/who'], 'one, two');
});

test('an expression that fails refuses, unless the failurePolicy says Ignore', async (t) => {
  const validations = [{ expression: 'object.data.missing == 1' }];
  const strict = await withPolicy(t, { validations });
  t.regex(
    (await refused(t, strict.create('a', { a: '1' }), 'Invalid')).message!,
    /expression 'object\.data\.missing == 1' resulted in error: no such key: missing$/,
  );
  const lax = await withPolicy(t, { validations, failurePolicy: 'Ignore' });
  await t.notThrowsAsync(lax.create('a', { a: '1' }));
});

test('conditions, rules and selectors choose what a policy looks at', async (t) => {
  const { registry, create } = await withPolicy(
    t,
    {
      matchConditions: [{ name: 'watched', expression: "object.metadata.name.startsWith('w')" }],
      validations: [{ expression: 'false' }],
    },
    {
      matchResources: {
        resourceRules: [
          {
            operations: ['*'],
            apiGroups: [''],
            apiVersions: ['*'],
            resources: ['configmaps'],
            resourceNames: ['w1', 'other'],
          },
        ],
      },
    },
  );
  await refused(t, create('w1'), 'Invalid');
  await t.notThrowsAsync(create('w2'));
  await t.notThrowsAsync(create('other'));
  await t.notThrowsAsync(registry.create({ ...at(deployments), object: deployment('w1') }));
});

test('a policy may ask the authorizer about who sent the request', async (t) => {
  const { create, asked } = await withPolicy(t, {
    validations: [
      {
        expression:
          "authorizer.requestResource.check('bless').allowed() && authorizer.serviceAccount('default', 'robot').group('apps').resource('deployments').namespace('x').check('bless').allowed()",
      },
    ],
  });
  await t.notThrowsAsync(create('a'));
  t.like(asked[0], {
    user: { name: 'admin' },
    verb: 'bless',
    resource: { resource: 'configmaps', namespace: 'default', name: 'a' },
  });
  t.like(asked[1], {
    user: { name: 'system:serviceaccount:default:robot' },
    resource: { group: 'apps', namespace: 'x' },
  });
});

test('what is wrong with a policy or a binding is told', async (t) => {
  const { registry, bind } = await withPolicy(t, { validations: [{ expression: 'true' }] });
  const matchConstraints = {
    resourceRules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
  };
  const policy = (spec: object) =>
    registry.create({
      ...at(policies),
      object: object(VERSION, 'ValidatingAdmissionPolicy', 'wrong', { spec: { matchConstraints, ...spec } }),
    });
  const wrong: readonly [object, RegExp][] = [
    [{}, /spec\.validations: Required value: validations or auditAnnotations must contain at least one item/],
    [{ matchConstraints: undefined, validations: [{ expression: 'true' }] }, /spec\.matchConstraints: Required value/],
    [
      { validations: [{ expression: '1' }] },
      /spec\.validations\[0\]\.expression: Invalid value: "1": must evaluate to bool/,
    ],
    [{ validations: [{ expression: 'params.x' }] }, /undeclared reference to 'params' \(in container ''\)/],
    [{ validations: [{ expression: 'request.nothing == 1' }] }, /undefined field 'nothing'/],
    [{ validations: [{ expression: 'variables.x' }] }, /undefined field 'x'/],
    [
      { validations: [{ expression: 'true', messageExpression: '1' }] },
      /messageExpression: Invalid value: "1": must evaluate to string/,
    ],
    [{ validations: [{ expression: 'true', reason: 'Odd' }] }, /reason: Unsupported value: "Odd"/],
    [
      {
        variables: [
          { name: 'a', expression: 'variables.b' },
          { name: 'b', expression: '1' },
        ],
        validations: [{ expression: 'true' }],
      },
      /spec\.variables\[0\]\.expression: Invalid value: "variables\.b"/,
    ],
  ];
  for (const [spec, text] of wrong) t.regex((await refused(t, policy(spec), 'Invalid')).message!, text);
  const wrongBindings: readonly [object, RegExp][] = [
    [{ validationActions: ['Deny', 'Warn'] }, /must not contain both Deny and Warn/],
    [{ validationActions: [] }, /at least one validation action is required/],
    [{ policyName: '' }, /spec\.policyName: Required value/],
    [{ paramRef: { parameterNotFoundAction: 'Deny' } }, /spec\.paramRef: Required value/],
  ];
  for (const [rest, text] of wrongBindings) t.regex((await refused(t, bind('b', rest), 'Invalid')).message!, text);
});
