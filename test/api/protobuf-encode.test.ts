import test from 'ava';
import fc from 'fast-check';
import { readEnvelope } from '../../src/api/decode/protobuf.ts';
import { WireReader } from '../../src/api/decode/wire.ts';
import { encodeMessage } from '../../src/api/encode/message.ts';
import { BackwardWriter } from '../../src/api/encode/wire.ts';
import {
  checkFields,
  decodeProtobuf,
  encodeProtobuf,
  encodeWatchFrame,
  hasProtobuf,
  structOf,
  type UnstructuredObject,
} from '../../src/api/index.ts';
import { arbitraryKind } from './support/arbitrary-object.ts';
import { oraclePairs, skipText } from './support/oracles.ts';

test('every recorded object of Kubernetes is written byte for byte', (t) => {
  const pairs = oraclePairs();
  if (pairs.length === 0) {
    t.log(skipText);
    t.pass();
    return;
  }
  for (const { name, json, protobuf } of pairs) {
    if (name === 'core.v1.WatchEvent') {
      // The one message that doesn't name its kind.
      t.deepEqual(encodeMessage(structOf('meta/v1', 'WatchEvent')!, json), readEnvelope(protobuf).raw, name);
    } else t.true(encodeProtobuf(json as unknown as UnstructuredObject).equals(protobuf), name);
  }
  t.true(pairs.length >= 183);
});

const kinds = [
  ['v1', 'Pod'],
  ['v1', 'Secret'],
  ['v1', 'Event'],
  ['apps/v1', 'Deployment'],
  ['coordination.k8s.io/v1', 'Lease'],
  ['apiextensions.k8s.io/v1', 'CustomResourceDefinition'],
] as const;

for (const [apiVersion, kind] of kinds) {
  test(`any ${kind} of ${apiVersion} comes back from protobuf as it was`, (t) => {
    fc.assert(
      fc.property(arbitraryKind(apiVersion, kind), (object) => {
        // Decoding fills in what Go writes of unset fields: after that, nothing may change any more.
        const { object: checked } = checkFields(object as UnstructuredObject, { fieldValidation: 'Strict' });
        const once = decodeProtobuf(encodeProtobuf(checked)).object;
        t.deepEqual(decodeProtobuf(encodeProtobuf(once)).object, once);
      }),
      { numRuns: 40 },
    );
  });
}

test('integers of any size are written as they are read', (t) => {
  fc.assert(
    fc.property(fc.array(fc.maxSafeInteger(), { maxLength: 50 }), (numbers) => {
      const writer = new BackwardWriter(1);
      for (const number of numbers.toReversed()) writer.varint(number);
      const reader = new WireReader(writer.finish());
      t.deepEqual(
        numbers.map(() => reader.int64()),
        numbers,
      );
      t.true(reader.done);
    }),
  );
});

test("a watch's frame is a length and an event with the object's whole body", (t) => {
  const body = encodeProtobuf({ apiVersion: 'v1', kind: 'ConfigMap', data: { a: 'b' } } as never);
  const frame = encodeWatchFrame('ADDED', body);
  t.is(frame.readUInt32BE(0), frame.length - 4);
  const reader = new WireReader(frame, 4);
  t.is(reader.tag(), (1 << 3) | 2);
  t.is(reader.string(), 'ADDED');
  t.is(reader.tag(), (2 << 3) | 2);
  reader.enter();
  t.is(reader.tag(), (1 << 3) | 2);
  t.deepEqual(reader.bytes(), body);
});

test('what Kubernetes does not know has no protobuf form', (t) => {
  t.true(hasProtobuf('v1', 'Pod'));
  t.false(hasProtobuf('example.com/v1', 'Widget'));
  t.throws(() => encodeProtobuf({ apiVersion: 'example.com/v1', kind: 'Widget' }), { instanceOf: TypeError });
});
