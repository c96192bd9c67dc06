import test from 'ava';
import fc from 'fast-check';
import { ApiError, checkFields, type FieldValidation, type UnstructuredObject } from '../../src/api/index.ts';
import { arbitraryKind } from './support/arbitrary-object.ts';
import { oraclePairs, skipText } from './support/oracles.ts';

const check = (object: unknown, fieldValidation: FieldValidation = 'Strict', duplicates: string[] = []) =>
  checkFields(object as UnstructuredObject, { fieldValidation, duplicates });
const deployment = (spec: unknown): unknown => ({ apiVersion: 'apps/v1', kind: 'Deployment', spec });
const pod = (container: object): unknown => ({
  apiVersion: 'v1',
  kind: 'Pod',
  spec: { containers: [{ name: 'a' }, container] },
});
const refusal = (object: unknown, fieldValidation?: FieldValidation): string => {
  try {
    check(object, fieldValidation);
  } catch (error) {
    if (error instanceof ApiError && error.httpCode === 400) return error.message;
    throw error;
  }
  return 'nothing';
};

test('every recorded object of Kubernetes is in its form already', (t) => {
  const pairs = oraclePairs();
  if (pairs.length === 0) {
    t.log(skipText);
    t.pass();
    return;
  }
  for (const { name, json } of pairs) {
    if (name !== 'core.v1.WatchEvent') t.deepEqual(check(json).object as Record<string, unknown>, json, name);
  }
});

test('what Go writes of unset fields is there, and what it leaves out is not', (t) => {
  t.deepEqual(
    check(deployment({ paused: false, replicas: 0, template: { spec: { containers: [{ env: [], stdin: false }] } } }))
      .object,
    {
      kind: 'Deployment',
      apiVersion: 'apps/v1',
      metadata: {},
      spec: {
        replicas: 0,
        selector: null,
        template: { metadata: {}, spec: { containers: [{ name: '', resources: {} }] } },
        strategy: {},
      },
      status: {},
    } as unknown as UnstructuredObject,
  );
  const event = check({ apiVersion: 'v1', kind: 'Event', metadata: { creationTimestamp: null } }).object;
  t.deepEqual(event.metadata, {});
  t.is(event['eventTime'], null);
  t.deepEqual(Object.keys(event).slice(0, 3), ['kind', 'apiVersion', 'metadata']);
});

test('null is absence; in lists and maps it is the zero value', (t) => {
  const { object } = check({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: null, labels: { a: null }, finalizers: [null] },
    spec: { nodeName: null, containers: [null], tolerations: null, securityContext: { supplementalGroups: [null] } },
  });
  t.deepEqual(object.metadata, { labels: { a: '' }, finalizers: [''] });
  t.deepEqual(object['spec'], {
    containers: [{ name: '', resources: {} }],
    securityContext: { supplementalGroups: [0] },
  });
});

test('scalars come out canonical', (t) => {
  const { object } = check({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { creationTimestamp: '2026-01-01T02:00:00.5+02:00' },
    spec: { containers: [{ name: 'a', resources: { limits: { cpu: '1000m', memory: 1024, x: ' 1.5 ' } } }] },
  });
  t.is(object.metadata.creationTimestamp, '2026-01-01T00:00:00Z');
  const limits = { cpu: '1', memory: '1024', x: '1500m' };
  t.deepEqual(object['spec'], { containers: [{ name: 'a', resources: { limits } }] });
  const lease = check({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    spec: { renewTime: '2026-01-01T01:00:00.123456+01:00' },
  }).object;
  t.deepEqual(lease['spec'], { renewTime: '2026-01-01T00:00:00.123456Z' });
  const secret = (text: string): unknown =>
    check({ apiVersion: 'v1', kind: 'Secret', data: { a: text } }).object['data'];
  t.deepEqual(secret('YWJj\nZGVm\r\n'), { a: 'YWJjZGVm' });
});

test('checking twice changes nothing more, and never its input', (t) => {
  for (const [apiVersion, kind] of [
    ['v1', 'Pod'],
    ['apps/v1', 'Deployment'],
    ['rbac.authorization.k8s.io/v1', 'ClusterRole'],
    ['v1', 'Event'],
  ] as const) {
    fc.assert(
      fc.property(arbitraryKind(apiVersion, kind), (object) => {
        const before = structuredClone(object);
        const once = check(object).object;
        t.deepEqual(object, before);
        t.deepEqual(check(once).object, once);
        t.deepEqual(JSON.parse(JSON.stringify(once)), once);
      }),
      { numRuns: 30 },
    );
  }
});

test('unknown fields are dropped, and told with their paths', (t) => {
  const object = { ...(pod({ name: 'b', imagee: 'x', Image: 'y' }) as object), speck: {} };
  const texts = [
    'unknown field "spec.containers[1].imagee"',
    'unknown field "spec.containers[1].Image"',
    'unknown field "speck"',
  ];
  const warned = check(object, 'Warn');
  t.deepEqual(warned.warnings, texts);
  t.deepEqual(warned.object, check(pod({ name: 'b' })).object);
  t.deepEqual(check(object, 'Ignore').warnings, []);
  t.is(refusal(object), `Pod in version "v1" cannot be handled as a Pod: strict decoding error: ${texts.join(', ')}`);
});

test('fields given twice are told as well, unless they are unknown', (t) => {
  const object = deployment({ paused: true, foo: 1 });
  t.deepEqual(check(object, 'Warn', ['spec.paused', 'spec.foo', 'line 3: key "a" already set in map']).warnings, [
    'unknown field "spec.foo"',
    'duplicate field "spec.paused"',
    'line 3: key "a" already set in map',
  ]);
});

test('a client is told of a hundred mistakes at most', (t) => {
  const spec = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`x${index}`, 1]));
  t.is(check(deployment(spec), 'Warn').warnings.length, 100);
});

const prefix = (kind: string): string => `${kind} in version "v1" cannot be handled as a ${kind}: `;
const wrong: [object: unknown, text: string][] = [
  [
    deployment({ replicas: '3' }),
    'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
  ],
  [
    deployment({ replicas: 1.5 }),
    'json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32',
  ],
  [
    deployment({ replicas: 2 ** 31 }),
    'json: cannot unmarshal number 2147483648 into Go struct field DeploymentSpec.spec.replicas of type int32',
  ],
  [
    deployment({ paused: 'yes' }),
    'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.paused of type bool',
  ],
  [
    deployment({ selector: 'a=b' }),
    'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.selector of type v1.LabelSelector',
  ],
  [deployment([]), 'json: cannot unmarshal array into Go struct field Deployment.spec of type v1.DeploymentSpec'],
  [
    deployment({ strategy: { rollingUpdate: { maxSurge: true } } }),
    'json: cannot unmarshal bool into Go value of type int32',
  ],
  [
    deployment({ strategy: { rollingUpdate: { maxSurge: 1.5 } } }),
    'json: cannot unmarshal number 1.5 into Go value of type int32',
  ],
  [
    pod({ name: 1 }),
    'json: cannot unmarshal number into Go struct field Container.spec.containers.name of type string',
  ],
  [
    pod({ env: {} }),
    'json: cannot unmarshal object into Go struct field Container.spec.containers.env of type []v1.EnvVar',
  ],
  [
    pod({ command: ['a', 2] }),
    'json: cannot unmarshal number into Go struct field Container.spec.containers.command of type string',
  ],
  [
    pod({ imagePullPolicy: 2 }),
    'json: cannot unmarshal number into Go struct field Container.spec.containers.imagePullPolicy of type v1.PullPolicy',
  ],
  [
    pod({ resources: { limits: 'all' } }),
    'json: cannot unmarshal string into Go struct field ResourceRequirements.spec.containers.resources.limits of type v1.ResourceList',
  ],
  [
    pod({ resources: { limits: { cpu: 'much' } } }),
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
  ],
  [
    { apiVersion: 'v1', kind: 'Pod', metadata: { labels: { a: 1 } } },
    'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string',
  ],
  [
    { apiVersion: 'v1', kind: 'Pod', metadata: { creationTimestamp: 'now' } },
    'parsing time "now" as "2006-01-02T15:04:05Z07:00": cannot parse',
  ],
  [
    { apiVersion: 'v1', kind: 'Pod', metadata: { creationTimestamp: 5 } },
    'json: cannot unmarshal number into Go value of type string',
  ],
  [{ apiVersion: 'v1', kind: 'Secret', data: { a: 'no base64!' } }, 'illegal base64 data at input byte 2'],
  [{ apiVersion: 'v1', kind: 'Secret', data: { a: 'YWJ' } }, 'illegal base64 data at input byte 3'],
  [{ apiVersion: 'v1', kind: 'Thing' }, 'no kind "Thing" is registered for version "v1"'],
];
for (const [object, text] of wrong) {
  test(`refused: ${text}`, (t) => {
    const { kind } = object as { kind: string };
    // No leniency changes what a value is.
    t.is(refusal(object, 'Ignore'), prefix(kind) + text);
  });
}

test('times of leases need all six decimals', (t) => {
  const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', spec: { renewTime: '2026-01-01T01:00:00Z' } };
  t.regex(refusal(lease), /parsing time "2026-01-01T01:00:00Z" as "2006-01-02T15:04:05.000000Z07:00"/);
});

test('the unions in schemas of custom resources are read', (t) => {
  const crd = (schema: unknown): unknown => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    spec: { versions: [{ name: 'v1', schema: { openAPIV3Schema: schema } }] },
  });
  const schema = {
    type: 'object',
    properties: {
      a: { items: { type: 'string' }, default: { x: [1] }, enum: [1, 'a'] },
      b: { items: [{ type: 'string' }], additionalProperties: false },
      c: { additionalProperties: { type: 'string' }, dependencies: { x: ['y'], z: { type: 'string' } } },
    },
  };
  const spec = check(crd(schema)).object['spec'] as { versions: { schema: { openAPIV3Schema: unknown } }[] };
  t.deepEqual(spec.versions[0]?.schema.openAPIV3Schema, schema);
  t.deepEqual(check(crd({ items: [{ typo: 1 }, {}] }), 'Warn').warnings, [
    'unknown field "spec.versions[0].schema.openAPIV3Schema.items[0].typo"',
  ]);
  t.regex(refusal(crd({ items: 5 })), /cannot unmarshal number/);
});

test('a key named __proto__ in a map is a key, and elsewhere unknown', (t) => {
  const object = JSON.parse('{"apiVersion":"v1","kind":"ConfigMap","data":{"__proto__":"x"},"__proto__":{"data":{}}}');
  const { object: checked, warnings } = check(object, 'Warn');
  t.deepEqual(Object.entries(checked['data'] as object), [['__proto__', 'x']]);
  t.deepEqual(warnings, ['unknown field "__proto__"']);
});
