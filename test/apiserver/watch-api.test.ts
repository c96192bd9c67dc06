import test from 'ava';
import { Packr } from 'msgpackr';
import { WebSocket } from 'ws';
import { type KubernetesObject, resources } from '../../src/api/index.ts';
import { watchResources } from '../../src/client/index.ts';
import type { KeyPair } from '../../src/peer/pki/certificates.ts';
import { startTestApiServer, type TestApiServer } from '../support/api-server.ts';

let server: TestApiServer;
test.before(async () => {
  server = await startTestApiServer();
});
test.after.always(() => server.close());

const JSON_PROTOCOL = 'v1.json.watch.keelson';
const MSGPACK_PROTOCOL = 'v1.msgpack.watch.keelson';
const packr = new Packr({ useRecords: false });

interface Message {
  id: number;
  type: string;
  object?: KubernetesObject;
  status?: { code: number; reason: string; message: string };
}

/** A client of the watch API that keeps what it receives. */
async function open(protocol = JSON_PROTOCOL, as: KeyPair = server.admin) {
  const socket = new WebSocket(`wss://127.0.0.1:${server.port}/watch`, protocol, { ca: server.ca, ...as });
  const messages: Message[] = [];
  let wake = (): void => {};
  const binary = protocol === MSGPACK_PROTOCOL;
  socket.on('message', (data: Buffer, isBinary) => {
    messages.push(isBinary ? packr.unpack(data) : JSON.parse(String(data)));
    wake();
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.once('error', reject);
  });
  return {
    socket,
    messages,
    send: (message: object) => socket.send(binary ? packr.pack(message) : JSON.stringify(message)),
    /** Everything of one watch once there are so many messages. */
    async take(id: number, count: number): Promise<Message[]> {
      for (;;) {
        const found = messages.filter((message) => message.id === id);
        if (found.length >= count) return found;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    closed: new Promise<number>((resolve) => socket.once('close', resolve)),
  };
}

async function namespace(name: string): Promise<string> {
  await server.client.create(resources.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  return name;
}

function write(ns: string, name: string): Promise<KubernetesObject> {
  return server.client.create(resources.configMaps, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: ns },
  });
}

const brief = ({ type, object }: Message): string => [type, object?.metadata.name].filter(Boolean).join(' ');

for (const protocol of [JSON_PROTOCOL, MSGPACK_PROTOCOL]) {
  test(`${protocol}: many watches on one socket, each with its own events`, async (t) => {
    const ns = await namespace(protocol === JSON_PROTOCOL ? 'wa-json' : 'wa-msgpack');
    await write(ns, 'a');
    const client = await open(protocol);
    client.send({ op: 'watch', id: 1, apiVersion: 'v1', resource: 'configmaps', namespace: ns });
    client.send({ op: 'watch', id: 2, apiVersion: 'v1', resource: 'namespaces', fieldSelector: `metadata.name=${ns}` });
    t.deepEqual((await client.take(1, 3)).map(brief), ['STARTED', 'ADDED a', 'BOOKMARK']);
    t.deepEqual((await client.take(2, 3)).map(brief), ['STARTED', `ADDED ${ns}`, 'BOOKMARK']);
    await write(ns, 'b');
    t.is(brief((await client.take(1, 4))[3] as Message), 'ADDED b');
    client.send({ op: 'cancel', id: 1 });
    t.is(brief((await client.take(1, 5))[4] as Message), 'ENDED');
    await write(ns, 'c');
    client.socket.close();
    t.is(client.messages.filter(({ object }) => object?.metadata.name === 'c').length, 0);
  });
}

test('a watch resumed from a version sees each later change once, in order', async (t) => {
  const ns = await namespace('wa-resume');
  const first = await write(ns, 'a');
  await write(ns, 'b');
  await write(ns, 'c');
  const client = await open();
  client.send({
    op: 'watch',
    id: 7,
    apiVersion: 'v1',
    resource: 'configmaps',
    namespace: ns,
    resourceVersion: first.metadata.resourceVersion,
  });
  t.deepEqual((await client.take(7, 3)).map(brief), ['STARTED', 'ADDED b', 'ADDED c']);
  client.socket.close();
});

test('with a window, events wait for acknowledgements', async (t) => {
  const ns = await namespace('wa-window');
  const first = await write(ns, 'start');
  const client = await open();
  client.send({
    op: 'watch',
    id: 1,
    apiVersion: 'v1',
    resource: 'configmaps',
    namespace: ns,
    resourceVersion: first.metadata.resourceVersion,
    window: 2,
  });
  await client.take(1, 1);
  for (let i = 0; i < 5; i++) await write(ns, `n${i}`);
  await client.take(1, 3);
  // The answer to a second watch tells that all that could come for the first has come.
  client.send({ op: 'watch', id: 2, apiVersion: 'v1', resource: 'nothings' });
  await client.take(2, 1);
  t.is((await client.take(1, 3)).length, 3);
  client.send({ op: 'ack', id: 1, count: 2 });
  t.deepEqual((await client.take(1, 5)).map(brief), ['STARTED', 'ADDED n0', 'ADDED n1', 'ADDED n2', 'ADDED n3']);
  client.socket.close();
});

test('who never acknowledges is told to resume, and others go on', async (t) => {
  const ns = await namespace('wa-slow');
  const first = await write(ns, 'start');
  const client = await open();
  client.send({
    op: 'watch',
    id: 1,
    apiVersion: 'v1',
    resource: 'configmaps',
    namespace: ns,
    resourceVersion: first.metadata.resourceVersion,
    window: 1,
  });
  await client.take(1, 1);
  await Promise.all(Array.from({ length: 1_100 }, (_, i) => write(ns, `n${i}`)));
  const last = (await client.take(1, 3)).at(-1);
  t.is(last?.type, 'ERROR');
  t.is(last?.status?.code, 429);
  t.regex(last?.status?.message ?? '', /resume/);
  client.socket.close();
});

test('errors are Statuses of one watch, and leave the socket open', async (t) => {
  const client = await open();
  client.send({ op: 'watch', id: 1, apiVersion: 'v1', resource: 'nothings' });
  client.send({ op: 'watch', id: 2, apiVersion: 'v1', resource: 'pods', labelSelector: 'a==b==c' });
  client.send({ op: 'watch', id: 3, apiVersion: 'v1', resource: 'pods', resourceVersion: 'x' });
  t.is((await client.take(1, 1))[0]?.status?.code, 404);
  t.is((await client.take(2, 2)).at(-1)?.status?.code, 400);
  t.is((await client.take(3, 2)).at(-1)?.status?.code, 400);
  client.send({ op: 'watch', id: 4, apiVersion: 'v1', resource: 'pods' });
  client.send({ op: 'watch', id: 4, apiVersion: 'v1', resource: 'pods' });
  t.true((await client.take(4, 2)).some(({ status }) => /in use/.test(status?.message ?? '')));
  client.socket.close();
});

test('each watch is authorised by itself', async (t) => {
  const client = await open(JSON_PROTOCOL, await server.certificateFor('eve'));
  client.send({ op: 'watch', id: 1, apiVersion: 'v1', resource: 'secrets', namespace: 'default' });
  const [answer] = await client.take(1, 1);
  t.is(answer?.status?.code, 403);
  t.regex(answer?.status?.message ?? '', /cannot watch resource "secrets"/);
  client.socket.close();
});

test('messages that make no sense close the socket with a reason', async (t) => {
  for (const message of [
    'nonsense',
    '[]',
    '{"op":"watch"}',
    '{"op":"dance","id":1}',
    '{"op":"watch","id":1,"apiVersion":"v1","resource":"pods","window":-1}',
    '{"op":"watch","id":1,"apiVersion":1,"resource":"pods"}',
  ]) {
    const client = await open();
    client.socket.send(message);
    t.is(await client.closed, 1003, message);
  }
  const binary = await open();
  binary.socket.send(Buffer.from([1, 2, 3]));
  t.is(await binary.closed, 1003);
  const large = await open();
  large.socket.on('error', () => {});
  large.socket.send('x'.repeat(100_000));
  t.true([1006, 1009].includes(await large.closed));
});

test('an unknown subprotocol, or nobody, is refused before the socket opens', async (t) => {
  await t.throwsAsync(open('v9.other'), { message: /400/ });
  const nobody = new WebSocket(`wss://127.0.0.1:${server.port}/watch`, JSON_PROTOCOL, { ca: server.ca });
  const error = await new Promise<Error>((resolve) => nobody.once('error', resolve));
  t.regex(error.message, /401/);
});

test('watchResources goes on across lost connections, each change once', async (t) => {
  const ns = await namespace('wa-client');
  const first = await write(ns, 'start');
  const stop = new AbortController();
  const seen: string[] = [];
  const all = (async () => {
    const options = {
      servers: ['https://127.0.0.1:1', server.url],
      tls: { ca: server.ca, ...server.admin },
      signal: stop.signal,
    };
    for await (const { type, object } of watchResources({
      ...options,
      apiVersion: 'v1',
      resource: 'configmaps',
      namespace: ns,
      resourceVersion: first.metadata.resourceVersion,
    })) {
      if (type !== 'BOOKMARK') seen.push(object.metadata.name ?? '');
      if (seen.length === 50) stop.abort();
    }
  })();
  for (let i = 0; i < 50; i++) await write(ns, `n${i}`);
  await all;
  t.deepEqual(
    seen,
    Array.from({ length: 50 }, (_, i) => `n${i}`),
  );
});

test('a present state larger than the window waits for acknowledgements', async (t) => {
  const ns = await namespace('wa-initial');
  await Promise.all(Array.from({ length: 1_200 }, (_, i) => write(ns, `n${i}`)));
  const client = await open();
  client.send({ op: 'watch', id: 1, apiVersion: 'v1', resource: 'configmaps', namespace: ns, window: 100 });
  for (let acknowledged = 0; acknowledged < 1_200; acknowledged += 100) {
    await client.take(1, 1 + acknowledged + 100);
    client.send({ op: 'ack', id: 1, count: 100 });
  }
  const messages = await client.take(1, 1 + 1_200 + 1);
  t.deepEqual(
    messages.filter(({ type }) => type === 'ERROR'),
    [],
  );
  t.is(messages.at(-1)?.type, 'BOOKMARK');
  client.socket.close();
});
