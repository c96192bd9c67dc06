import test from 'ava';
import { ApiError, type BodyFormat, decodeBody, type FieldValidation, typeOf } from '../../src/api/index.ts';
import { encodeEnvelope } from './support/protobuf-encoder.ts';

const deployments = { apiVersion: 'apps/v1', kind: 'Deployment' };

function refusal(body: string | Buffer, format: BodyFormat = 'json', validation: FieldValidation = 'Strict'): string {
  try {
    decodeBody(Buffer.from(body as string), format, deployments, validation);
  } catch (error) {
    if (error instanceof ApiError && error.httpCode === 400) return error.message;
    throw error;
  }
  return 'nothing';
}

test('the three encodings of one object decode to the same', (t) => {
  const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { key: 'value' } };
  const expected = { apiVersion: 'v1', kind: 'ConfigMap' };
  const bodies: [BodyFormat, Buffer][] = [
    ['json', Buffer.from(JSON.stringify(config))],
    ['yaml', Buffer.from('kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\ndata:\n  key: value\n')],
    ['protobuf', encodeEnvelope(typeOf('v1', 'ConfigMap')!, config)],
  ];
  for (const [format, body] of bodies) t.deepEqual<unknown, unknown>(decodeBody(body, format, expected).object, config);
});

test('missing apiVersion and kind are those of the path', (t) => {
  const { object } = decodeBody(Buffer.from('{"spec":{"replicas":1}}'), 'json', deployments);
  t.is(object.kind, 'Deployment');
  t.is(object.apiVersion, 'apps/v1');
});

test('mistakes are warnings unless asked otherwise', (t) => {
  const body = Buffer.from('{"spec":{"replicas":1,"replicas":2,"foo":1}}');
  t.deepEqual(decodeBody(body, 'json', deployments).warnings, [
    'unknown field "spec.foo"',
    'duplicate field "spec.replicas"',
  ]);
  t.is(
    refusal(body),
    'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "spec.foo", duplicate field "spec.replicas"',
  );
  t.is(
    refusal('spec:\n  replicas: 1\n  replicas: 2\n', 'yaml'),
    'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: line 3: key "replicas" already set in map',
  );
});

test('options are the same in every group version', (t) => {
  const body = Buffer.from('{"kind":"DeleteOptions","apiVersion":"apps/v1","propagationPolicy":"Foreground"}');
  const { object } = decodeBody(body, 'json', { apiVersion: 'v1', kind: 'DeleteOptions' });
  t.is(object['propagationPolicy'], 'Foreground');
});

const unrecognized = (text: string, summary: string): string =>
  `the object provided is unrecognized (must be of type Deployment): couldn't get version/kind; json parse error: ${text} (${summary})`;
const refusals: [body: string, text: string][] = [
  ['', unrecognized('unexpected end of JSON input', '<empty>')],
  ['hello', unrecognized("invalid character 'h' looking for beginning of value", '68656c6c6f')],
  ['{"kind":', unrecognized('unexpected end of JSON input', '{"kind":')],
  [
    `{"metadata":{"name":"${'x'.repeat(40)}"`,
    unrecognized('unexpected end of JSON input', '{"metadata":{"name":"xxxxxxxxx ...'),
  ],
  [
    '[]',
    unrecognized(
      'json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }',
      '5b5d',
    ),
  ],
  ['{"kind":3}', unrecognized('json: cannot unmarshal number into Go struct field .kind of type string', '{"kind":3}')],
  [
    '{"kind":"Pod","apiVersion":"v1"}',
    'the API version in the data (v1) does not match the expected API version (apps/v1)',
  ],
  [
    '{"kind":"ReplicaSet","apiVersion":"apps/v1"}',
    'ReplicaSet in version "v1" cannot be handled as a Deployment: converting (v1.ReplicaSet) to (apps.Deployment): unknown conversion',
  ],
  [
    '{"kind":"Thing"}',
    'Thing in version "v1" cannot be handled as a Deployment: no kind "Thing" is registered for version "apps/v1"',
  ],
];
for (const [body, text] of refusals) {
  test(`${JSON.stringify(body.slice(0, 50))} is refused with Kubernetes' text`, (t) => {
    t.is(refusal(body), text);
  });
}

test('another kind in protobuf is refused too', (t) => {
  const body = encodeEnvelope(typeOf('v1', 'Pod')!, { apiVersion: 'v1', kind: 'Pod' });
  t.regex(refusal(body, 'protobuf'), /does not match the expected API version/);
});

test('garbage is refused, not thrown at the server', (t) => {
  t.is(refusal('null'), 'nothing');
  t.regex(refusal('5'), /cannot unmarshal number/);
  t.regex(refusal('"x"'), /cannot unmarshal string/);
  t.regex(refusal('true'), /cannot unmarshal bool/);
});
