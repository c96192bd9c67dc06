import type { IncomingMessage } from 'node:http';
import test from 'ava';
import { WireReader } from '../../src/api/decode/wire.ts';
import { decodeProtobuf, encodeProtobuf, type UnstructuredObject } from '../../src/api/index.ts';
import { startTestApiServer, type TestApiServer } from '../support/api-server.ts';

let server: TestApiServer;
test.before(async () => {
  server = await startTestApiServer();
});
test.after.always(() => server.close());

const PROTOBUF = 'application/vnd.kubernetes.protobuf';
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

interface Answer {
  code: number;
  type: string | undefined;
  object: UnstructuredObject;
}

async function ask(method: string, path: string, object?: object, accept = PROTOBUF): Promise<Answer> {
  const response = await server.open(method, path, {
    ...(object === undefined ? {} : { body: encodeProtobuf(object as UnstructuredObject) }),
    headers: { accept, ...(object === undefined ? {} : { 'content-type': PROTOBUF }) },
  });
  const body = await bytesOf(response);
  return {
    code: response.statusCode ?? 0,
    type: response.headers['content-type'],
    object: decodeProtobuf(body).object,
  };
}

async function bytesOf(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const configMap = (name: string, data: object) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });

test('who asks for protobuf gets it: objects, lists, metadata and failures', async (t) => {
  const created = await ask('POST', CONFIG_MAPS, configMap('a', { key: 'value' }));
  t.like(created, { code: 201, type: PROTOBUF, object: { kind: 'ConfigMap', data: { key: 'value' } } });
  t.deepEqual((await ask('GET', `${CONFIG_MAPS}/a`)).object, created.object);

  const { object: list } = await ask('GET', CONFIG_MAPS);
  t.like(list, { kind: 'ConfigMapList', apiVersion: 'v1' });
  const items = list['items'] as UnstructuredObject[];
  t.deepEqual(items.find(({ metadata }) => metadata.name === 'a')?.['data'], { key: 'value' });

  const partial = await ask(
    'GET',
    `${CONFIG_MAPS}/a`,
    undefined,
    `${PROTOBUF};as=PartialObjectMetadata;g=meta.k8s.io;v=v1`,
  );
  t.like(partial.object, { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: { name: 'a' } });

  const missing = await ask('GET', `${CONFIG_MAPS}/missing`);
  t.like(missing, { code: 404, type: PROTOBUF, object: { kind: 'Status', reason: 'NotFound', code: 404 } });
  t.like(await ask('DELETE', `${CONFIG_MAPS}/a`), { code: 200, object: { kind: 'Status', status: 'Success' } });
});

test('a scale is an object of another kind, in protobuf as well', async (t) => {
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'host' }] } };
  const spec = { replicas: 3, selector: { matchLabels: { a: 'b' } }, template };
  await ask('POST', '/apis/apps/v1/namespaces/default/deployments', {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'd' },
    spec,
  });
  const { object } = await ask('GET', '/apis/apps/v1/namespaces/default/deployments/d/scale');
  t.like(object, { apiVersion: 'autoscaling/v1', kind: 'Scale', spec: { replicas: 3 } });
});

test('Tables have no protobuf form: the next that the client accepts is taken', async (t) => {
  const table = 'as=Table;g=meta.k8s.io;v=v1';
  const only = await ask('GET', CONFIG_MAPS, undefined, `${PROTOBUF};${table},${PROTOBUF}`);
  t.is(only.object.kind, 'ConfigMapList');
  const json = await server.request('GET', CONFIG_MAPS, {
    headers: { accept: `${PROTOBUF};${table},application/json;${table}` },
  });
  t.is(json.json.kind, 'Table');
  const refused = await server.request('GET', CONFIG_MAPS, { headers: { accept: 'application/cbor' } });
  t.is(refused.code, 406);
  t.is(
    refused.json.message,
    'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
  );
});

test('a watch in protobuf is one frame after the other', async (t) => {
  const path = '/api/v1/namespaces/kube-public/configmaps';
  const response = await server.open('GET', `${path}?watch=true`, { headers: { accept: `${PROTOBUF};stream=watch` } });
  t.is(response.headers['content-type'], `${PROTOBUF};stream=watch`);
  await ask('POST', path, configMap('w', { a: '1' }));
  await ask('PUT', `${path}/w`, configMap('w', { a: '2' }));
  await ask('DELETE', `${path}/w`);
  const seen: string[] = [];
  let rest = Buffer.alloc(0);
  for await (const chunk of response) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    for (
      ;
      rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE(0);
      rest = rest.subarray(4 + rest.readUInt32BE(0))
    ) {
      const frame = new WireReader(rest, 4, 4 + rest.readUInt32BE(0));
      frame.tag();
      const type = frame.string();
      frame.tag();
      frame.enter();
      frame.tag();
      const { object } = decodeProtobuf(frame.bytes());
      if (object.metadata.name === 'w') seen.push(`${type} ${(object['data'] as { a: string }).a}`);
    }
    if (seen.length === 3) break;
  }
  t.deepEqual(seen, ['ADDED 1', 'MODIFIED 2', 'DELETED 2']);
});
