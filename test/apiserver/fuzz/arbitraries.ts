import fc from 'fast-check';

/** One request as somebody might send it who means no good, or whose program is wrong. */
export interface BadRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Buffer | undefined;
}

const collectionOf: Readonly<Record<string, string>> = {
  'v1 ConfigMap': '/api/v1/namespaces/default/configmaps',
  'v1 Pod': '/api/v1/namespaces/default/pods',
  'v1 Service': '/api/v1/namespaces/default/services',
  'v1 Node': '/api/v1/nodes',
  'v1 PersistentVolume': '/api/v1/persistentvolumes',
  'apps/v1 Deployment': '/apis/apps/v1/namespaces/default/deployments',
  'apps/v1 StatefulSet': '/apis/apps/v1/namespaces/default/statefulsets',
  'batch/v1 Job': '/apis/batch/v1/namespaces/default/jobs',
  'batch/v1 CronJob': '/apis/batch/v1/namespaces/default/cronjobs',
  'rbac.authorization.k8s.io/v1 ClusterRole': '/apis/rbac.authorization.k8s.io/v1/clusterroles',
  'autoscaling/v2 HorizontalPodAutoscaler': '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers',
  'apiextensions.k8s.io/v1 CustomResourceDefinition': '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
  'networking.k8s.io/v1 Ingress': '/apis/networking.k8s.io/v1/namespaces/default/ingresses',
  'networking.k8s.io/v1 NetworkPolicy': '/apis/networking.k8s.io/v1/namespaces/default/networkpolicies',
  'flowcontrol.apiserver.k8s.io/v1 FlowSchema': '/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas',
  'admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy':
    '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies',
};
const collections = [...Object.values(collectionOf), '/api/v1/pods', '/api/v1/namespaces'];
const objects = [
  '/api/v1/namespaces/default/configmaps/fuzzed',
  '/api/v1/namespaces/default/services/fuzzed',
  '/apis/apps/v1/namespaces/default/deployments/fuzzed',
  '/apis/apps/v1/namespaces/default/deployments/fuzzed/scale',
  '/apis/apps/v1/namespaces/default/deployments/fuzzed/status',
];

/** Names that mean something to JavaScript, or to a file system. */
const trickyNames = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '..',
  '.',
  '',
  ' ',
  '%00',
  '\u0000',
  'ﬀ',
  '😀',
  'a/b',
  '~0',
  '~1',
  '-',
  '-1',
  '01',
];
const trickyName = fc.oneof(fc.constantFrom(...trickyNames), fc.string({ maxLength: 20 }));
const fieldName = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      'metadata',
      'name',
      'namespace',
      'labels',
      'annotations',
      'finalizers',
      'ownerReferences',
      'managedFields',
      'spec',
      'status',
      'data',
      'binaryData',
      'template',
      'containers',
      'ports',
      'replicas',
      'selector',
      'matchLabels',
      'matchExpressions',
      'resourceVersion',
      'uid',
      'kind',
      'apiVersion',
      '$patch',
      '$retainKeys',
      '$setElementOrder/containers',
      '$deleteFromPrimitiveList/finalizers',
    ),
  },
  { weight: 1, arbitrary: trickyName },
);
const scalar = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    0,
    -0,
    1,
    -1,
    1e21,
    2 ** 53,
    -(2 ** 63),
    1.5,
    '',
    '0',
    '1e400',
    '1Ei',
    '500m',
    'fuzzed',
    'delete',
    'replace',
    'merge',
    '2026-01-02T03:04:05Z',
  ),
  fc.string({ maxLength: 30 }),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fieldName, tie('value'), { maxKeys: 5, noNullPrototype: true }),
  ),
}));

/** Text that has what JSON.stringify can't make: numbers too large, keys twice, nesting without end. */
const { text: jsonText } = fc.letrec<{ text: string }>((tie) => ({
  text: fc.oneof(
    { depthSize: 'small' },
    value.map((each) => JSON.stringify(each) ?? 'null'),
    fc.constantFrom(
      '1e999',
      '-1e999',
      '9'.repeat(400),
      '-',
      '01',
      '"\\ud800"',
      '"\\u0000"',
      'NaN',
      'nul',
      '{',
      '[',
      '"',
    ),
    fc
      .array(fc.tuple(fieldName, tie('text')), { maxLength: 5 })
      .map((fields) => `{${fields.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}}`),
    fc.integer({ min: 1, max: 60_000 }).map((depth) => '['.repeat(depth) + ']'.repeat(depth)),
    fc.integer({ min: 1, max: 20_000 }).map((depth) => '{"spec":'.repeat(depth) + 1 + '}'.repeat(depth)),
  ),
}));

/** An object that looks like one, with something wrong in it. */
const objectText = fc
  .tuple(
    fc.constantFrom(...Object.keys(collectionOf)),
    fc.array(fc.tuple(fieldName, jsonText), { maxLength: 4 }),
    fc.oneof({ weight: 3, arbitrary: fc.constant('fuzzed') }, { weight: 1, arbitrary: trickyName }),
  )
  .map(([kind, fields, name]) => objectOf(kind, fields, name));

/** Under the path where objects of this kind go, with a body that is one. */
const create = fc
  .tuple(
    fc.constantFrom(...Object.keys(collectionOf)),
    fc.array(fc.tuple(fieldName, jsonText), { maxLength: 4 }),
    fc.oneof({ weight: 3, arbitrary: fc.stringMatching(/^[a-z]{1,8}$/) }, { weight: 1, arbitrary: trickyName }),
  )
  .map(([kind, fields, name]) => ({ path: collectionOf[kind] as string, text: objectOf(kind, fields, name) }));

function objectOf(kind: string, fields: readonly (readonly [string, string])[], name: string): string {
  const [apiVersion, of] = kind.split(' ');
  const more = fields.map(([field, text]) => `,${JSON.stringify(field)}:${text}`).join('');
  return `{"apiVersion":"${apiVersion}","kind":"${of}","metadata":{"name":${JSON.stringify(name)}}${more}}`;
}

const pointer = fc
  .array(fc.oneof(fieldName, fc.constantFrom('0', '-', '1', '~', '~2')), { maxLength: 5 })
  .map((parts) => parts.map((part) => `/${part}`).join(''));
const operation = fc.oneof(
  fc.record(
    {
      op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', 'ADD', ''),
      path: pointer,
      from: pointer,
      value,
    },
    { requiredKeys: ['op'] },
  ),
  value,
);

const yamlText = fc.oneof(
  objectText,
  fc.string({ maxLength: 200 }),
  fc.integer({ min: 2, max: 30 }).map((levels) => aliasBomb(levels)),
  fc.integer({ min: 1, max: 20_000 }).map((depth) => `a: ${'['.repeat(depth)}${']'.repeat(depth)}`),
  fc
    .integer({ min: 1, max: 2_000 })
    .map((depth) => Array.from({ length: depth }, (_, i) => `${' '.repeat(i)}a:`).join('\n')),
  fc.constantFrom(
    'a: &a [*a]',
    '<<: *x',
    '? {}\n: 1',
    '!!js/function "x"',
    '%YAML 9.9\n---\na: 1',
    '--- a\n--- b',
    'a: 1\na: 2',
    '*',
    '&a',
    '!!binary "?"',
    '\t',
  ),
);

/** A few hundred bytes that would be gigabytes: each level has the one before nine times. */
export function aliasBomb(levels: number): string {
  const lines = ['a0: &a0 [x,x,x,x,x,x,x,x,x]'];
  for (let i = 1; i < levels; i++)
    lines.push(
      `a${i}: &a${i} [${Array(9)
        .fill(`*a${i - 1}`)
        .join(',')}]`,
    );
  return lines.join('\n');
}

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const protobuf = bytes.map((rest) => Buffer.concat([Buffer.from('k8s\0', 'latin1'), rest]));
const ofText = (texts: fc.Arbitrary<string>): fc.Arbitrary<Buffer> => texts.map((text) => Buffer.from(text));

/** A body with the type that it claims to have, which may be another. */
const typedBody = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constant('application/json'), ofText(fc.oneof(objectText, jsonText))) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('application/yaml'), ofText(yamlText)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('application/vnd.kubernetes.protobuf'), fc.oneof(protobuf, bytes)) },
  {
    weight: 1,
    arbitrary: fc.tuple(
      fc.oneof(
        fc.constantFrom('', 'application/cbor', 'text/plain', ';', 'application/json;charset=utf-7'),
        headerText(),
      ),
      bytes,
    ),
  },
);
const patchBody = fc.oneof(
  fc.tuple(
    fc.constant('application/json-patch+json'),
    ofText(
      fc.oneof(
        fc.array(operation, { maxLength: 6 }).map((each) => JSON.stringify(each)),
        jsonText,
      ),
    ),
  ),
  fc.tuple(
    fc.constant('application/merge-patch+json'),
    ofText(
      fc.oneof(
        value.map((each) => JSON.stringify(each) ?? ''),
        jsonText,
        objectText,
      ),
    ),
  ),
  fc.tuple(
    fc.constant('application/strategic-merge-patch+json'),
    ofText(
      fc.oneof(
        value.map((each) => JSON.stringify(each) ?? ''),
        jsonText,
        objectText,
      ),
    ),
  ),
  fc.tuple(fc.constant('application/apply-patch+yaml'), ofText(fc.oneof(yamlText, objectText))),
);

function headerText(): fc.Arbitrary<string> {
  return fc.string({ maxLength: 60 }).map((text) => text.replace(/[^\x20-\x7e]/g, ''));
}

const selector = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc
    .array(
      fc.constantFrom(
        'a',
        '=',
        '!=',
        '==',
        ',',
        ' in ',
        ' notin ',
        '(',
        ')',
        '!',
        '>',
        '<',
        '1',
        'x/y',
        '/',
        '\\',
        'metadata.name',
        'status.phase',
      ),
      { maxLength: 30 },
    )
    .map((parts) => parts.join('')),
  fc.integer({ min: 1, max: 3_000 }).map((length) => 'a,'.repeat(length)),
  fc.integer({ min: 1, max: 3_000 }).map((length) => '('.repeat(length)),
);
const continueToken = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc
    .record({
      v: fc.oneof(fc.constant('meta.k8s.io/v1'), scalar),
      rv: fc.oneof(fc.integer(), scalar),
      start: fc.oneof(fc.string(), scalar, fc.constantFrom('../', 'default/', '\u0000', '/registry/secrets/')),
    })
    .map((token) => Buffer.from(JSON.stringify(token)).toString('base64url')),
);
export const parameter = fc.oneof(
  fc.tuple(fc.constantFrom('labelSelector', 'fieldSelector'), selector),
  fc.tuple(fc.constant('continue'), continueToken),
  fc.tuple(
    fc.constantFrom('limit', 'resourceVersion', 'timeoutSeconds', 'gracePeriodSeconds', 'timeout'),
    fc.oneof(
      fc.integer().map(String),
      fc.string({ maxLength: 30 }),
      fc.constantFrom('1e9', '0x10', '9'.repeat(40), '-0', '1s', '5h'),
    ),
  ),
  fc.tuple(
    fc.constantFrom(
      'resourceVersionMatch',
      'dryRun',
      'fieldValidation',
      'fieldManager',
      'propagationPolicy',
      'force',
      'pretty',
      'sendInitialEvents',
      'allowWatchBookmarks',
      'includeObject',
      '__proto__',
    ),
    fc.oneof(
      fc.constantFrom('true', 'false', 'All', 'Exact', 'NotOlderThan', 'Strict', 'Orphan', 'x'.repeat(200)),
      fc.string({ maxLength: 30 }),
    ),
  ),
);
const parameters = fc.array(parameter, { minLength: 1, maxLength: 3 }).map((pairs) => `?${new URLSearchParams(pairs)}`);
const query = fc.oneof({ weight: 3, arbitrary: fc.constant('') }, { weight: 1, arbitrary: parameters });

const segment = fc.oneof(
  fc.constantFrom(
    '..',
    '.',
    '%2e%2e',
    '%2e',
    '%2f',
    '%5c',
    '%00',
    '%',
    '%zz',
    '%ff',
    '',
    'api',
    'apis',
    'v1',
    'watch',
    'namespaces',
    'default',
    'pods',
    'proxy',
    'log',
    'exec',
    'status',
    'finalize',
    '__proto__',
    'constructor',
    'apps',
    'openapi',
    'metrics',
    'healthz',
  ),
  fc.string({ maxLength: 12 }).map((text) => encodeURIComponent(text.replace(/[\ud800-\udfff]/g, ''))),
);
const path = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...collections, ...objects) },
  { weight: 1, arbitrary: fc.array(segment, { maxLength: 9 }).map((parts) => `/${parts.join('/')}`) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(...collections), segment).map(([collection, name]) => `${collection}/${name}`),
  },
);
const oddHeaders = fc.record(
  {
    accept: fc.oneof(
      fc.constantFrom(
        'application/json',
        'application/yaml',
        'application/vnd.kubernetes.protobuf',
        'application/json;as=Table;v=v1;g=meta.k8s.io',
        'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
        '*/*',
        ','.repeat(2_000),
      ),
      headerText(),
    ),
    'accept-encoding': fc.constantFrom('gzip', 'br', 'identity'),
    'impersonate-user': fc.oneof(fc.constantFrom('jane', 'system:serviceaccount:a:b', '__proto__'), headerText()),
    'impersonate-group': headerText(),
    'if-none-match': headerText(),
    range: fc.constantFrom('bytes=0-1', 'bytes=-1'),
    'user-agent': headerText(),
  },
  { requiredKeys: [] },
);

/** Rare, as most of them end a request before anything else is looked at. */
const headers: fc.Arbitrary<Record<string, string>> = fc.oneof(
  { weight: 12, arbitrary: fc.constant({}) },
  { weight: 1, arbitrary: oddHeaders },
);

/** Requests that read, write, patch and delete. Watches, which need not end, are left out. */
export const badRequest: fc.Arbitrary<BadRequest> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(create, query, headers).map(([{ path: where, text }, asked, more]) => ({
      method: 'POST',
      path: where + asked,
      headers: { ...more, 'content-type': 'application/json' },
      body: Buffer.from(text),
    })),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      method: fc.constantFrom('GET', 'GET', 'HEAD', 'DELETE', 'OPTIONS'),
      path: fc.tuple(path, query).map((each) => each.join('')),
      headers,
      body: fc.constant(undefined),
    }),
  },
  { weight: 3, arbitrary: withBody(fc.constantFrom('POST', 'PUT', 'DELETE'), path, typedBody) },
  { weight: 4, arbitrary: withBody(fc.constant('PATCH'), fc.oneof(fc.constantFrom(...objects), path), patchBody) },
);

function withBody(
  method: fc.Arbitrary<string>,
  where: fc.Arbitrary<string>,
  body: fc.Arbitrary<[string, Buffer]>,
): fc.Arbitrary<BadRequest> {
  return fc
    .record({ method, path: fc.tuple(where, query).map((each) => each.join('')), headers, typed: body })
    .map(({ typed: [type, bytes], ...request }) => ({
      ...request,
      headers: { ...request.headers, ...(type === '' ? {} : { 'content-type': type }) },
      body: bytes,
    }));
}
