import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import { ApiError, errors, reasonOf, resources, type v1 } from '../../src/api/index.ts';
import { createHttpClient, type HttpClientOptions, type WatchEvent } from '../../src/client/index.ts';
import { startTestApiServer } from '../support/api-server.ts';
import { createAuthority } from '../support/certificates.ts';
import { clientSuite } from './client-suite.ts';

const authority = await createAuthority();
const { ca, certificate, key } = await authority.issue('server');

clientSuite(test, async () => {
  const server = await startTestApiServer();
  const client = createHttpClient({ servers: [server.url], ca: server.ca, ...server.admin });
  // The server makes objects of its own at the start; the tests count theirs.
  for (const namespace of ['default', 'kube-system']) {
    const { items } = await client.list(resources.configMaps, namespace);
    for (const { metadata } of items) await client.delete(resources.configMaps, namespace, metadata.name!);
    const account: v1.ServiceAccount = {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'default', namespace },
    };
    await client.create(resources.serviceAccounts, account).catch(() => {});
  }
  return {
    client,
    async stop() {
      client.close();
      await server.close();
    },
  };
});

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** A server that answers as the test says. */
async function serve(handler: Handler): Promise<{ url: string; server: Server; requests: string[]; stop(): void }> {
  const requests: string[] = [];
  const server = createServer({ cert: certificate, key }, (request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      requests.push(`${request.method} ${request.url}`);
      handler(request, response, body);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}`,
    server,
    requests,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

const answer = (response: ServerResponse, code: number, body: unknown): void => {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
};
const configMap: v1.ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'default' } };
const connect = (servers: string[], options: Partial<HttpClientOptions> = {}) =>
  createHttpClient({ servers, ca, ...options });

/** A port where nobody listens. */
async function deadUrl(): Promise<string> {
  const { url, stop } = await serve(() => {});
  stop();
  return url;
}

test('asks the next server when one can not be reached, and stays with it', async (t) => {
  const alive = await serve((_, response) => answer(response, 200, configMap));
  const client = connect([await deadUrl(), alive.url]);
  await client.create(resources.configMaps, configMap);
  await client.get(resources.configMaps, 'default', 'a');
  t.deepEqual(alive.requests, [
    'POST /api/v1/namespaces/default/configmaps',
    'GET /api/v1/namespaces/default/configmaps/a',
  ]);
  client.close();
  alive.stop();
});

test('asks the next server when one says that it did nothing', async (t) => {
  const busy = await serve((_, response) => answer(response, 503, errors.serviceUnavailable('no leader').status));
  const alive = await serve((_, response) => answer(response, 200, configMap));
  const client = connect([busy.url, alive.url]);
  await client.update(resources.configMaps, configMap);
  t.is(alive.requests.length, 1);
  client.close();
  busy.stop();
  alive.stop();
});

test('a write that may have happened is not repeated elsewhere; a read is', async (t) => {
  const breaking = await serve((request) => request.socket.destroy());
  const alive = await serve((_, response) => answer(response, 200, configMap));
  const writer = connect([breaking.url, alive.url]);
  const error = await t.throwsAsync(writer.create(resources.configMaps, configMap), { instanceOf: ApiError });
  t.is(reasonOf(error), 'ServiceUnavailable');
  t.deepEqual(alive.requests, []);
  const reader = connect([breaking.url, alive.url]);
  await reader.get(resources.configMaps, 'default', 'a');
  t.is(alive.requests.length, 1);
  for (const client of [writer, reader]) client.close();
  breaking.stop();
  alive.stop();
});

test('when no server can be reached, that is the error', async (t) => {
  const client = connect([await deadUrl(), await deadUrl()]);
  const error = await t.throwsAsync(client.get(resources.configMaps, 'default', 'a'), { instanceOf: ApiError });
  t.is((error as ApiError).httpCode, 503);
  t.regex(error!.message, /could not be reached.*ECONNREFUSED/);
  client.close();
});

test('answers that are no Status or no JSON are errors too', async (t) => {
  const server = await serve((request, response) => {
    if (request.url?.endsWith('/html')) answer(response, 502, '<html>');
    else if (request.url?.endsWith('/list')) answer(response, 500, { kind: 'Other' });
    else answer(response, 200, 'not json');
  });
  const client = connect([server.url]);
  const failure = (name: string) =>
    t.throwsAsync(client.get(resources.configMaps, 'default', name), { instanceOf: ApiError });
  t.is((await failure('html'))!.message, 'the server answered with HTTP status 502');
  t.is((await failure('list'))!.message, 'the server answered with HTTP status 500');
  t.regex((await failure('text'))!.message, /not JSON/);
  client.close();
  server.stop();
});

test('a server that another authority vouches for is not trusted', async (t) => {
  const server = await serve((_, response) => answer(response, 200, configMap));
  const stranger = await createAuthority('another authority');
  const client = connect([server.url], { ca: stranger.certificate });
  await t.throwsAsync(client.get(resources.configMaps, 'default', 'a'), { message: /could not be reached/ });
  t.deepEqual(server.requests, []);
  client.close();
  const careless = connect([server.url], { ca: stranger.certificate, insecure: true });
  await careless.get(resources.configMaps, 'default', 'a');
  careless.close();
  server.stop();
});

test('an answer that takes too long is a timeout; an aborted call ends at once', async (t) => {
  const server = await serve(() => {});
  const client = connect([server.url], { timeoutMs: 50 });
  const late = await t.throwsAsync(client.create(resources.configMaps, configMap), { instanceOf: ApiError });
  t.is(reasonOf(late), 'Timeout');
  const abort = new AbortController();
  const call = client.get(resources.configMaps, 'default', 'a', { signal: abort.signal });
  abort.abort();
  await t.throwsAsync(call, { name: 'AbortError' });
  client.close();
  server.stop();
});

test('says who it is and under which lease it writes', async (t) => {
  const seen: Record<string, unknown>[] = [];
  const server = await serve((request, response, body) => {
    const { authorization, 'user-agent': agent, 'keelson-fence': fence } = request.headers;
    seen.push({ authorization, agent, fence, url: request.url, body });
    answer(response, 200, configMap);
  });
  const client = connect([`${server.url}/prefix/`], { token: 'secret', userAgent: 'tester/1' });
  const fence = { namespace: 'kube-system', name: 'lock', holderIdentity: 'a;b/c', leaseTransitions: 7 };
  const options = { fieldManager: 'me', dryRun: true, subresource: 'status' };
  await client.fenced(fence).update(resources.configMaps, configMap, options);
  t.deepEqual(seen, [
    {
      authorization: 'Bearer secret',
      agent: 'tester/1',
      fence: 'kube-system/lock;a%3Bb%2Fc;7',
      url: '/prefix/api/v1/namespaces/default/configmaps/a/status?fieldManager=me&dryRun=All',
      body: JSON.stringify(configMap),
    },
  ]);
  client.close();
  server.stop();
});

test('a watch is put together from whatever pieces arrive', async (t) => {
  const line = (type: string, name: string): string =>
    `${JSON.stringify({ type, object: { ...configMap, metadata: { name, resourceVersion: '1' } } })}\n`;
  const bytes = Buffer.from(line('ADDED', 'grün') + line('MODIFIED', 'b') + line('DELETED', 'c'));
  const server = await serve((_, response) => {
    response.writeHead(200);
    let sent = 0;
    const more = (): void => {
      if (sent >= bytes.length) return void response.end();
      // Pieces that end within lines and characters.
      response.write(bytes.subarray(sent, sent + 7));
      sent += 7;
      setImmediate(more);
    };
    more();
  });
  const client = connect([server.url]);
  const events: string[] = [];
  const watch = client.watch<v1.ConfigMap>(resources.configMaps, undefined, {
    signal: new AbortController().signal,
    resourceVersion: '5',
    allowBookmarks: true,
  });
  for await (const { type, object } of watch) events.push(`${type} ${object.metadata.name}`);
  t.deepEqual(events, ['ADDED grün', 'MODIFIED b', 'DELETED c']);
  t.regex(
    server.requests[0]!,
    /^GET \/api\/v1\/configmaps\?resourceVersion=5&watch=true&allowWatchBookmarks=true&timeoutSeconds=\d+$/,
  );
  client.close();
  server.stop();
});

test('a watch that the server can not go on with fails; one that breaks off just ends, to be resumed elsewhere', async (t) => {
  const expiring = await serve((_, response) => {
    response.writeHead(200);
    response.end(`${JSON.stringify({ type: 'ERROR', object: errors.watchExpired().status })}\n`);
  });
  const breaking = await serve((_, response) => {
    response.writeHead(200);
    response.write(`${JSON.stringify({ type: 'ADDED', object: configMap })}\n{"type":`, () =>
      response.socket?.destroy(),
    );
  });
  const client = connect([breaking.url, expiring.url]);
  const watch = async (): Promise<WatchEvent<v1.ConfigMap>[]> => {
    const events: WatchEvent<v1.ConfigMap>[] = [];
    const { signal } = new AbortController();
    for await (const event of client.watch<v1.ConfigMap>(resources.configMaps, 'default', { signal }))
      events.push(event);
    return events;
  };
  t.is((await watch()).length, 1);
  t.is(reasonOf(await t.throwsAsync(watch)), 'Expired');
  t.is(expiring.requests.length, 1);
  client.close();
  breaking.stop();
  expiring.stop();
});

test('a client without servers is a mistake', (t) => {
  t.throws(() => createHttpClient({ servers: [] }), { message: 'no server given' });
});
