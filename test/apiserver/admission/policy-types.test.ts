import test, { type ExecutionContext } from 'ava';
import {
  type admissionregistrationv1,
  type apiextensionsv1,
  builtInScheme,
  customResourceTypes,
  resources,
  type Scheme,
} from '../../../src/api/index.ts';
import { checkPolicyTypes } from '../../../src/apiserver/admission/policy/index.ts';
import { policyStatusController } from '../../../src/controllers/validatingadmissionpolicy-status.ts';
import { startHarness } from '../../controllers/harness.ts';
import { widgets } from '../../support/custom-resources.ts';
import { createFixture } from '../registry/harness.ts';

type Policy = admissionregistrationv1.ValidatingAdmissionPolicy;
type Spec = NonNullable<Policy['spec']>;

const rule = (apiGroups: string[], resources: string[], apiVersions = ['v1']) => ({
  operations: ['CREATE'] as admissionregistrationv1.OperationType[],
  apiGroups,
  apiVersions,
  resources,
});
const policy = (resourceRules: ReturnType<typeof rule>[], rest: Partial<Spec>): Policy => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingAdmissionPolicy',
  metadata: { name: 'typed' },
  spec: { matchConstraints: { resourceRules }, ...rest },
});
const expressions = (...all: string[]): Partial<Spec> => ({
  validations: all.map((expression) => ({ expression })),
});

async function schemeOf(t: ExecutionContext) {
  const { registry } = await createFixture(t);
  return registry.scheme;
}

test('a field that a kind does not have is told, with the kind and the place', async (t) => {
  const scheme = await schemeOf(t);
  const both = rule(['apps'], ['deployments', 'replicasets']);
  const problem = "ERROR: <input>:1:7: undefined field 'replicas'\n | object.replicas > 1\n | ......^";
  t.deepEqual(
    checkPolicyTypes(policy([both], expressions('object.spec.replicas > 1', 'object.replicas > 1')), scheme),
    [
      {
        fieldRef: 'spec.validations[1].expression',
        warning: `apps/v1, Kind=Deployment: ${problem}\n\napps/v1, Kind=ReplicaSet: ${problem}\n`,
      },
    ],
  );
});

test('types are those of the kinds', async (t) => {
  const scheme = await schemeOf(t);
  const problems = (expression: string) =>
    checkPolicyTypes(policy([rule([''], ['pods'])], expressions(expression)), scheme);
  const right = [
    'object.spec.containers.all(c, c.image.startsWith("x") && c.resources.requests["cpu"] == "1")',
    'object.metadata.labels["a"] == "b" && oldObject.spec.hostNetwork',
    'object.metadata.creationTimestamp < timestamp("2020-01-01T00:00:00Z")',
    'object.spec.containers[0].ports[0].containerPort + 1 > 2',
    'object.spec.containers[0].livenessProbe.httpGet.port == 80 || object.spec.containers[0].livenessProbe.httpGet.port == "x"',
    'request.userInfo.username == "a" && namespaceObject.metadata.name == "b"',
    'authorizer.group("").resource("pods").check("get").allowed()',
  ];
  for (const expression of right) t.deepEqual(problems(expression), [], expression);
  const wrong: Record<string, RegExp> = {
    'object.spec.hostNetwork == "x"': /^\/v1, Kind=Pod: ERROR: <input>:1:25: found no matching overload for '_==_'/,
    'object.spec.containers.image == "x"': /does not support field selection/,
    'object.spec.containers[0].ports[0].containerPort.startsWith("8")': /no matching overload for 'startsWith'/,
    'params.data.a == "b"': /undeclared reference to 'params'/,
  };
  for (const [expression, text] of Object.entries(wrong)) t.regex(problems(expression)[0]?.warning ?? '', text);
});

test('variables, params and messages are checked as well; what names no kind is not', async (t) => {
  const scheme = await schemeOf(t);
  const spec: Partial<Spec> = {
    paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
    variables: [
      { name: 'count', expression: 'object.spec.replicas' },
      { name: 'more', expression: 'variables.count + 1' },
    ],
    validations: [
      { expression: 'variables.more > 1 && params.data["a"] == "b"', messageExpression: '"a" + variables.more' },
      { expression: 'variables.more == "1" || params.spec == 1' },
    ],
  };
  const found = checkPolicyTypes(policy([rule(['apps'], ['deployments'])], spec), scheme);
  t.deepEqual(
    found.map(({ fieldRef }) => fieldRef),
    ['spec.validations[0].messageExpression', 'spec.validations[1].expression'],
  );
  t.regex(found[1]!.warning, /'_==_' applied to '\(int, string\)'[\s\S]*undefined field 'spec'/);
  const nonsense = expressions('object.nonsense');
  for (const unnamed of [
    rule(['*'], ['pods']),
    rule([''], ['*']),
    rule([''], ['pods/exec']),
    rule(['x.io'], ['pods']),
  ]) {
    t.deepEqual(checkPolicyTypes(policy([unnamed], nonsense), scheme), []);
  }
});

test('custom resources have the types of their schemas, and all metadata', (t) => {
  const conditions = [{ type: 'Established', status: 'True' }];
  const established = { ...widgets, status: { conditions, acceptedNames: widgets.spec.names } };
  const types = customResourceTypes(established as unknown as apiextensionsv1.CustomResourceDefinition);
  const scheme = {
    ...builtInScheme,
    findResource: (_group: string, version: string) => types.find((type) => type.version === version),
    findKind: () => undefined,
  } as unknown as Scheme;
  const found = checkPolicyTypes(
    policy(
      [rule(['example.com'], ['widgets'])],
      expressions(
        'object.spec.replicas > 1 && object.metadata.labels["a"] == "b" && object.kind == "Widget"',
        'object.spec.free.any == 1 && object.spec.port == "x"',
        'object.spec.replicas == "1"',
      ),
    ),
    scheme,
  );
  t.deepEqual(
    found.map(({ fieldRef }) => fieldRef),
    ['spec.validations[2].expression'],
  );
  t.regex(found[0]!.warning, /^example\.com\/v1, Kind=Widget: ERROR: /);
});

test('the controller tells it in the status, once for each generation', async (t) => {
  let asked = 0;
  const { client, clock, stop } = await startHarness({
    controllers: [
      (context) =>
        policyStatusController(context, (found) => {
          asked++;
          const { expression } = found.spec!.validations![0]!;
          return expression === 'true' ? [] : [{ fieldRef: 'spec.validations[0].expression', warning: expression }];
        }),
    ],
  });
  const read = () => client.get<Policy>(resources.validatingAdmissionPolicies, undefined, 'typed');
  await client.create(resources.validatingAdmissionPolicies, policy([rule([''], ['pods'])], expressions('1 > 0')));
  await clock.advance(1_000);
  const warned = await read();
  t.deepEqual(warned.status, {
    observedGeneration: 1,
    typeChecking: { expressionWarnings: [{ fieldRef: 'spec.validations[0].expression', warning: '1 > 0' }] },
  });
  const [entry] = warned.metadata.managedFields!.filter(({ subresource }) => subresource === 'status');
  t.like(entry, { manager: 'validatingadmissionpolicy-status', operation: 'Apply' });
  const changed = { ...warned.spec, ...expressions('true') };
  await client.update(resources.validatingAdmissionPolicies, { ...warned, spec: changed } as Policy);
  await clock.advance(1_000);
  t.deepEqual((await read()).status, { observedGeneration: 2 });
  t.is(asked, 2);
  await stop();
});
