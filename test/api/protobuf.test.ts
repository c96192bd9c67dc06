import test from 'ava';
import fc from 'fast-check';
import { decodeMessage } from '../../src/api/decode/message.ts';
import { readEnvelope } from '../../src/api/decode/protobuf.ts';
import {
  ApiError,
  checkFields,
  decodeProtobuf,
  structOf,
  typeOf,
  type UnstructuredObject,
} from '../../src/api/index.ts';
import { arbitraryKind } from './support/arbitrary-object.ts';
import { oraclePairs, skipText } from './support/oracles.ts';
import { encodeEnvelope } from './support/protobuf-encoder.ts';

const kinds: [apiVersion: string, kind: string][] = [
  ['v1', 'Pod'],
  ['v1', 'Service'],
  ['v1', 'Secret'],
  ['v1', 'ConfigMap'],
  ['v1', 'Event'],
  ['v1', 'Node'],
  ['v1', 'PersistentVolume'],
  ['apps/v1', 'Deployment'],
  ['apps/v1', 'ControllerRevision'],
  ['coordination.k8s.io/v1', 'Lease'],
  ['authentication.k8s.io/v1', 'TokenReview'],
  ['apiextensions.k8s.io/v1', 'CustomResourceDefinition'],
  ['resource.k8s.io/v1', 'ResourceSlice'],
  ['v1', 'DeleteOptions'],
  ['v1', 'Status'],
];

test('every recorded object of Kubernetes decodes to its JSON', (t) => {
  const pairs = oraclePairs();
  if (pairs.length === 0) {
    t.log(skipText);
    t.pass();
    return;
  }
  for (const { name, json, protobuf } of pairs) {
    if (name === 'core.v1.WatchEvent') {
      // The one message that doesn't name its kind.
      const event = {};
      decodeMessage(structOf('meta/v1', 'WatchEvent')!, readEnvelope(protobuf).raw, event);
      t.deepEqual(event, json, name);
    } else t.deepEqual(decodeProtobuf(protobuf).object as Record<string, unknown>, json, name);
  }
  t.true(pairs.length >= 183);
});

for (const [apiVersion, kind] of kinds) {
  test(`any ${kind} of ${apiVersion} means the same in protobuf and JSON`, (t) => {
    const type = typeOf(apiVersion, kind)!;
    fc.assert(
      fc.property(arbitraryKind(apiVersion, kind), (object) => {
        const fromJson = checkFields(object as UnstructuredObject, { fieldValidation: 'Strict' }).object;
        const fromProtobuf = decodeProtobuf(encodeEnvelope(type, fromJson)).object;
        t.deepEqual(reduced(fromProtobuf), reduced(fromJson));
      }),
      { numRuns: 40 },
    );
  });
}

/** Without what protobuf cannot tell from absence: empty lists and maps, and null times. */
function reduced(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reduced);
  if (typeof value !== 'object' || value === null) return value;
  const empty = (item: unknown): boolean =>
    item === null || (typeof item === 'object' && Object.keys(item as object).length === 0);
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, item]): [string, unknown] => [key, reduced(item)])
      .filter(([, item]) => !empty(item)),
  );
}

test('bytes that are no object are refused with 400, whatever they are', (t) => {
  const pod = encodeEnvelope(typeOf('v1', 'Pod')!, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', creationTimestamp: '2026-01-01T00:00:00Z', labels: { a: 'b' } },
    spec: { containers: [{ name: 'a', resources: { limits: { cpu: '100m' } }, ports: [{ containerPort: 80 }] }] },
  });
  const refused = (body: Uint8Array): void => {
    try {
      decodeProtobuf(body);
    } catch (error) {
      t.true(error instanceof ApiError, String(error));
      t.is((error as ApiError).httpCode, 400);
    }
  };
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      refused(bytes);
      refused(Buffer.concat([Buffer.from('k8s\0'), bytes]));
    }),
    { numRuns: 2000 },
  );
  const edits = fc.array(fc.tuple(fc.nat(pod.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(edits, fc.nat(pod.length), (changes, length) => {
      const body = Buffer.from(pod);
      for (const [at, byte] of changes) body[at] = byte;
      refused(body);
      refused(body.subarray(0, length));
    }),
    { numRuns: 40 },
  );
});

const refusals: [what: string, body: Uint8Array, text: string][] = [
  ['nothing', Buffer.alloc(0), 'empty data'],
  [
    'JSON',
    Buffer.from('{"kind":"Pod"}'),
    'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]',
  ],
  ['a bare prefix', Buffer.from('k8s\0'), 'empty body'],
  ['no kind', Buffer.from('k8s\0\x0a\x00', 'latin1'), "Object 'Kind' is missing"],
  [
    'an unknown kind',
    Buffer.from('k8s\0\x0a\x0b\x0a\x02v1\x12\x05Thing', 'latin1'),
    'no kind "Thing" is registered for version "v1"',
  ],
  [
    'a cut message',
    Buffer.from('k8s\0\x0a\x09\x0a\x02v1\x12\x03Pod\x12\x02\x0a\x09', 'latin1'),
    'Pod in version "v1" cannot be handled as a Pod: unexpected EOF',
  ],
  [
    'a field of another wire type',
    Buffer.from('k8s\0\x0a\x09\x0a\x02v1\x12\x03Pod\x12\x02\x08\x01', 'latin1'),
    'Pod in version "v1" cannot be handled as a Pod: proto: wrong wireType = 0 for field 1',
  ],
];
for (const [what, body, text] of refusals) {
  test(`${what} is refused with Kubernetes' text`, (t) => {
    t.is(t.throws(() => decodeProtobuf(body), { instanceOf: ApiError })?.message, text);
  });
}

test('an envelope without a kind is what the path asks for', (t) => {
  const envelope = Buffer.from('k8s\0\x12\x00', 'latin1');
  const { object } = decodeProtobuf(envelope, { apiVersion: 'v1', kind: 'ConfigMap' });
  t.deepEqual(object, { kind: 'ConfigMap', apiVersion: 'v1', metadata: {} });
});

test('depth and number of messages are bounded', (t) => {
  const crd = (schema: Buffer): Buffer => {
    const block = (number: number, bytes: Buffer): Buffer => {
      const length: number[] = [];
      let rest = bytes.length;
      for (; rest >= 0x80; rest >>>= 7) length.push((rest & 0x7f) | 0x80);
      return Buffer.concat([Buffer.from([...tag(number), ...length, rest]), bytes]);
    };
    const tag = (number: number): number[] =>
      number < 16 ? [(number << 3) | 2] : [(((number << 3) | 2) & 0x7f) | 0x80, number >> 4];
    let nested = schema;
    // JSONSchemaProps.not holds another schema.
    for (let depth = 0; depth < 200; depth++) nested = block(28, nested);
    const version = block(4, block(1, nested));
    const meta = Buffer.from('\x0a\x17apiextensions.k8s.io/v1\x12\x18CustomResourceDefinition', 'latin1');
    return Buffer.concat([Buffer.from('k8s\0'), block(1, meta), block(2, block(2, block(7, version)))]);
  };
  t.regex(t.throws(() => decodeProtobuf(crd(Buffer.alloc(0)))).message, /exceeded max depth/);
  const containers = Buffer.concat([
    Buffer.from([0x12, 0xc0, 0xbb, 0x25]),
    Buffer.alloc(613_824).map((_, i) => (i % 2 ? 0 : 0x12)),
  ]);
  const head = Buffer.from('k8s\0\x0a\x09\x0a\x02v1\x12\x03Pod', 'latin1');
  const size = containers.length;
  const raw = Buffer.from([0x12, (size & 0x7f) | 0x80, ((size >> 7) & 0x7f) | 0x80, size >> 14]);
  t.regex(t.throws(() => decodeProtobuf(Buffer.concat([head, raw, containers]))).message, /too many messages/);
});

test('packed and repeated numbers, merged structs, and unknown fields read as protobuf has it', (t) => {
  // Pod.spec.securityContext.supplementalGroups: field 4 of PodSecurityContext, 14 of PodSpec, 2 of Pod.
  const groups = [0x22, 0x03, 0x05, 0x06, 0x07, 0x20, 0x08];
  const security = [0x72, groups.length, ...groups];
  const unknown = [
    0x9a, 0x3f, 0x01, 0x00, 0x9d, 0x3f, 0, 0, 0, 0, 0x99, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0, 0x9b, 0x3f, 0x9c, 0x3f,
  ];
  const twice = [0x0a, 0x03, 0x0a, 0x01, 0x61, 0x0a, 0x03, 0x1a, 0x01, 0x62];
  const raw = Buffer.from([...twice, 0x12, security.length, ...security, ...unknown]);
  const head = Buffer.from('k8s\0\x0a\x09\x0a\x02v1\x12\x03Pod', 'latin1');
  const { object } = decodeProtobuf(Buffer.concat([head, Buffer.from([0x12, raw.length]), raw]));
  t.deepEqual(object.metadata, { name: 'a', namespace: 'b' });
  t.deepEqual(object['spec'], { containers: null, securityContext: { supplementalGroups: [5, 6, 7, 8] } });
});
