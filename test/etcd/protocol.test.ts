import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import test from 'ava';
import protobuf from 'protobufjs';

/** Names, numbers and types as in the description that npm's `etcd3` brings along. */
const theirs = new protobuf.Root();
const directory = join(dirname(createRequire(import.meta.url).resolve('etcd3')), '..', 'proto');
for (const file of ['kv.proto', 'auth.proto', 'rpc.proto'])
  protobuf.parse(readFileSync(join(directory, file), 'utf8'), theirs);

const text = readFileSync(new URL('../../src/etcd/etcd.proto', import.meta.url), 'utf8');
const ours = protobuf.parse(text).root.lookup('etcdserverpb') as protobuf.Namespace;

const lookup = (name: string): protobuf.ReflectionObject | null =>
  theirs.lookup(`etcdserverpb.${name}`) ?? theirs.lookup(`mvccpb.${name}`);

const shape = (type: protobuf.Type): object =>
  Object.fromEntries(
    type.fieldsArray.map(({ name, id, type: of, repeated }) => [name, [id, of.replace('mvccpb.', ''), repeated]]),
  );

test('the description says what etcd says', (t) => {
  let messages = 0;
  for (const object of ours.nestedArray) {
    const other = lookup(object.name);
    if (object instanceof protobuf.Type && other instanceof protobuf.Type) {
      t.deepEqual(shape(object), shape(other), object.name);
      messages++;
      for (const inner of object.nestedArray)
        if (inner instanceof protobuf.Enum)
          t.deepEqual(
            Object.values(inner.values),
            Object.values((other.lookup(inner.name) as protobuf.Enum).values),
            inner.name,
          );
    } else if (object instanceof protobuf.Service && other instanceof protobuf.Service) {
      for (const method of object.methodsArray) {
        const { requestType, responseType, requestStream, responseStream } = other.methods[
          method.name
        ] as protobuf.Method;
        t.like(method, { requestType, responseType, requestStream, responseStream }, method.fullName);
      }
    } else {
      t.true(object instanceof protobuf.Enum && other instanceof protobuf.Enum, `${object.name} is not etcd's`);
    }
  }
  t.true(messages > 50);
});
