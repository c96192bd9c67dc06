import type { IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import test from 'ava';
import { WebSocket } from 'ws';
import { type KubernetesObject, resources } from '../../src/api/index.ts';
import { startTestApiServer, type TestApiServer } from '../support/api-server.ts';

let server: TestApiServer;
test.before(async () => {
  server = await startTestApiServer();
});
test.after.always(() => server.close());

interface Event {
  type: string;
  // biome-ignore lint/suspicious/noExplicitAny: objects of any kind are looked into.
  object: any;
}

async function namespace(name: string): Promise<string> {
  await server.client.create(resources.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  return name;
}

function write(ns: string, name: string, labels: Record<string, string> = {}): Promise<KubernetesObject> {
  return server.client.create(resources.configMaps, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: ns, labels },
  });
}

/** Reads events from a response as they come. */
function reader(response: IncomingMessage): {
  next(): Promise<Event | undefined>;
  take(count: number): Promise<Event[]>;
} {
  const lines = createInterface({ input: response })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    return done === true ? undefined : (JSON.parse(value) as Event);
  };
  return {
    next,
    async take(count) {
      const events: Event[] = [];
      while (events.length < count) events.push((await next()) as Event);
      return events;
    },
  };
}

const brief = ({ type, object }: Event): string => `${type} ${object.metadata.name}`;

test('a watch begins with what is there, and goes on with what happens', async (t) => {
  const ns = await namespace('w-plain');
  await write(ns, 'a');
  const response = await server.open('GET', `/api/v1/namespaces/${ns}/configmaps?watch=true`);
  const events = reader(response);
  t.deepEqual((await events.take(1)).map(brief), ['ADDED a']);
  await write(ns, 'b');
  await server.client.patch(resources.configMaps, ns, 'b', { type: 'merge', body: { data: { x: 'y' } } });
  await server.client.delete(resources.configMaps, ns, 'b');
  t.deepEqual((await events.take(3)).map(brief), ['ADDED b', 'MODIFIED b', 'DELETED b']);
  response.destroy();
});

test('a watch resumed from a version sees what came after it, once', async (t) => {
  const ns = await namespace('w-resume');
  const first = await write(ns, 'a');
  await write(ns, 'b');
  await write(ns, 'c');
  const response = await server.open(
    'GET',
    `/api/v1/namespaces/${ns}/configmaps?watch=true&resourceVersion=${first.metadata.resourceVersion}`,
  );
  t.deepEqual((await reader(response).take(2)).map(brief), ['ADDED b', 'ADDED c']);
  response.destroy();
});

test('an object that comes to match, or no longer does, is added or deleted for the watcher', async (t) => {
  const ns = await namespace('w-labels');
  const response = await server.open('GET', `/api/v1/namespaces/${ns}/configmaps?watch=true&labelSelector=color%3Dred`);
  const events = reader(response);
  await write(ns, 'a', { color: 'blue' });
  const paint = (color: string) =>
    server.client.patch(resources.configMaps, ns, 'a', { type: 'merge', body: { metadata: { labels: { color } } } });
  await paint('red');
  await paint('green');
  t.deepEqual((await events.take(2)).map(brief), ['ADDED a', 'DELETED a']);
  response.destroy();
});

test('streaming lists end their first part with a marked bookmark', async (t) => {
  const ns = await namespace('w-initial');
  await write(ns, 'a');
  const query = 'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
  const response = await server.open('GET', `/api/v1/namespaces/${ns}/configmaps?${query}`);
  const [added, bookmark] = await reader(response).take(2);
  t.is(brief(added as Event), 'ADDED a');
  t.is(bookmark?.type, 'BOOKMARK');
  t.is(bookmark?.object.metadata.annotations['k8s.io/initial-events-end'], 'true');
  response.destroy();
});

test('a streaming list is no Table: who takes nothing else is refused, others get objects', async (t) => {
  const ns = await namespace('w-list-table');
  await write(ns, 'a');
  const query = 'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
  const path = `/api/v1/namespaces/${ns}/configmaps?${query}`;
  const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  t.is((await server.request('GET', path, { headers: { accept: table } })).code, 406);
  const response = await server.open('GET', path, { headers: { accept: `${table},application/json` } });
  const [added] = await reader(response).take(1);
  t.is(added?.object.kind, 'ConfigMap');
  response.destroy();
});

test('as Tables, the first event names the columns', async (t) => {
  const ns = await namespace('w-table');
  await write(ns, 'a');
  await write(ns, 'b');
  const response = await server.open('GET', `/api/v1/namespaces/${ns}/configmaps?watch=true`, {
    headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
  });
  const [first, second] = await reader(response).take(2);
  t.is(first?.object.kind, 'Table');
  t.is(first?.object.columnDefinitions.length, 3);
  t.is(second?.object.columnDefinitions, null);
  t.is(second?.object.rows[0].cells[0], 'b');
  response.destroy();
});

test('a timeout that is longer than any timer does not end a watch', async (t) => {
  const ns = await namespace('w-long');
  const response = await server.open('GET', `/api/v1/namespaces/${ns}/configmaps?watch=1&timeoutSeconds=9999999999`);
  const events = reader(response);
  // Nothing comes before it has begun; a timer that overflows is over in a millisecond.
  await new Promise((resolve) => setTimeout(resolve, 20));
  await write(ns, 'late');
  t.deepEqual((await events.take(1)).map(brief), ['ADDED late']);
  response.destroy();
  const negative = await server.open('GET', `/api/v1/namespaces/${ns}/configmaps?watch=1&timeoutSeconds=-1`);
  const told = reader(negative);
  while ((await told.next()) !== undefined);
});

test('timeoutSeconds ends a watch cleanly', async (t) => {
  const ns = await namespace('w-timeout');
  const response = await server.open('GET', `/api/v1/namespaces/${ns}/configmaps?watch=true&timeoutSeconds=1`);
  t.is(await reader(response).next(), undefined);
  t.true(response.complete);
});

test('a version from the future is refused before the stream begins', async (t) => {
  const ns = await namespace('w-future');
  const bad = await server.request('GET', `/api/v1/namespaces/${ns}/configmaps?watch=true&resourceVersion=abc`);
  t.is(bad.code, 400);
});

test('a plain watch over WebSocket: one message an event', async (t) => {
  const ns = await namespace('w-ws');
  const socket = new WebSocket(`wss://127.0.0.1:${server.port}/api/v1/namespaces/${ns}/configmaps?watch=true`, {
    ca: server.ca,
    ...server.admin,
  });
  const messages: Event[] = [];
  const two = new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('message', (data) => {
      messages.push(JSON.parse(String(data)));
      if (messages.length === 2) resolve();
    });
  });
  await new Promise((resolve) => socket.once('open', resolve));
  await write(ns, 'a');
  await write(ns, 'b');
  await two;
  t.deepEqual(messages.map(brief), ['ADDED a', 'ADDED b']);
  socket.close();
});

// Before all others, whose history it would take.
test.serial('history that is gone is told as an event, as JSON and protobuf, over HTTP and WebSocket', async (t) => {
  const ns = await namespace('w-expired');
  const { resourceVersion } = (await write(ns, 'old')).metadata;
  // More than is remembered beside the store.
  for (let i = 0; i < 1_100; i += 100) await Promise.all(Array.from({ length: 100 }, (_, n) => write(ns, `c${i + n}`)));
  await server.store.compact((await server.store.status()).revision);
  const path = `/api/v1/namespaces/${ns}/configmaps?watch=true&resourceVersion=${resourceVersion}`;
  const answer = await server.request('GET', path);
  t.is(answer.code, 200);
  const { type, object } = JSON.parse(answer.body) as Event;
  t.is(type, 'ERROR');
  t.like(object, { kind: 'Status', status: 'Failure', reason: 'Expired', code: 410 });
  t.regex(object.message, /^too old resource version: \d+ \(\d+\)$/);
  const protobuf = await server.request('GET', path, { headers: { accept: 'application/vnd.kubernetes.protobuf' } });
  t.is(protobuf.code, 200);
  t.regex(protobuf.body, /ERROR.*k8s\0.*too old resource version/s);
  const socket = new WebSocket(`wss://127.0.0.1:${server.port}${path}`, { ca: server.ca, ...server.admin });
  const message = new Promise<Event>((resolve) => socket.once('message', (data) => resolve(JSON.parse(String(data)))));
  t.is((await message).object.reason, 'Expired');
  socket.close();
});

test('a state larger than what may wait for a reader comes at the pace at which it is read', async (t) => {
  const ns = await namespace('w-large');
  const text = 'x'.repeat(500_000);
  for (let i = 0; i < 30; i++) {
    await server.client.create(resources.configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: `large-${i}`, namespace: ns },
      ...{ data: { text } },
    });
  }
  const response = await server.open('GET', `/api/v1/namespaces/${ns}/configmaps?watch=true`);
  const events = await reader(response).take(30);
  t.deepEqual(new Set(events.map(({ type }) => type)), new Set(['ADDED']));
  response.destroy();
});
