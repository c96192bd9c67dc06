import { execSync } from 'node:child_process';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import test from 'ava';
import { startTestApiServer, type TestApiServer } from '../support/api-server.ts';

/** In CI as many of 10 000 as both ends may have files open for; elsewhere few, or CONNECTIONS. */
const COUNT = Number(process.env['CONNECTIONS'] ?? (process.env['CI'] ? Math.min(10_000, openFiles() * 0.45) : 300));

function openFiles(): number {
  const limit = execSync('ulimit -n', { encoding: 'utf8' }).trim();
  return limit === 'unlimited' ? 1_000_000 : Number(limit);
}

function opened(socket: Socket, event: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once(event, () => {
      socket.off('error', reject);
      socket.on('error', () => {});
      resolve(socket);
    });
  });
}

function tls(server: TestApiServer): TLSSocket {
  return connect({ host: '127.0.0.1', port: server.port, ca: server.ca, ...server.admin, ALPNProtocols: ['http/1.1'] });
}

/** What a connection is told until it ends. */
async function told(server: TestApiServer, request: string): Promise<string> {
  const socket = await opened(tls(server), 'secureConnect');
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  socket.write(request);
  await new Promise((resolve) => socket.once('close', resolve));
  return text;
}

test('connections that are begun and left alone are in nobody else’s way, and end', async (t) => {
  t.timeout(120_000);
  const server = await startTestApiServer();
  const sockets: Socket[] = [];
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy();
    await server.close();
  });
  for (let i = 0; i < COUNT; i += 100) {
    const some = Array.from({ length: Math.min(100, COUNT - i) }, () =>
      opened(connectTcp(server.port, '127.0.0.1'), 'connect'),
    );
    sockets.push(...(await Promise.all(some)));
  }
  t.is((await server.request('GET', '/api/v1/nodes')).code, 200);
  // Without a handshake they are given ten seconds.
  await Promise.all(
    sockets.map((socket) => (socket.closed ? undefined : new Promise((resolve) => socket.once('close', resolve)))),
  );
  t.is((await server.request('GET', '/api/v1/nodes')).code, 200);
});

test('who is silent, or does not come to the end of a request, is left without an answer', async (t) => {
  t.timeout(120_000);
  const server = await startTestApiServer();
  t.teardown(() => server.close());
  const begun = 'GET /version HTTP/1.1\r\nHost: x\r\nX: ';
  const [late, silent, again] = await Promise.all([
    told(server, begun),
    told(server, ''),
    told(server, `GET /version HTTP/1.1\r\nHost: x\r\n\r\n${begun}`),
  ]);
  t.deepEqual([late, silent], ['', '']);
  t.is(again.match(/HTTP\/1\.1 /g)?.length, 1, 'only what came whole is answered');
  const gone = await opened(tls(server), 'secureConnect');
  let text = '';
  gone.on('data', (chunk) => {
    text += chunk;
  });
  gone.end(begun);
  await new Promise((resolve) => gone.once('close', resolve));
  t.is(text, '');
});

test('what is no HTTP, or has too many headers, is told so by a Status', async (t) => {
  const server = await startTestApiServer();
  t.teardown(() => server.close());
  const flood = Array.from({ length: 5_000 }, (_, i) => `X-${i}: ${'x'.repeat(20)}`).join('\r\n');
  for (const [request, code] of [
    ['hello\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nHost: x\r\nBad Header: x\r\n\r\n', 400],
    [`GET / HTTP/1.1\r\nHost: x\r\n${flood}\r\n\r\n`, 431],
    [`GET /${'a'.repeat(80_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431],
  ] as const) {
    const answer = await told(server, request);
    t.true(answer.startsWith(`HTTP/1.1 ${code} `), answer.slice(0, 200));
    t.like(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))), { kind: 'Status', code });
  }
  t.is((await server.request('GET', '/api/v1/nodes')).code, 200);
});

test('bodies that are too large or deep, or would grow without end, are refused and cost nothing', async (t) => {
  const server = await startTestApiServer();
  t.teardown(() => server.close());
  const path = '/api/v1/namespaces/default/configmaps';
  const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { a: 'x' } };
  t.is((await server.request('POST', path, { body: JSON.stringify(config) })).code, 201);
  const large = JSON.stringify({ ...config, data: { a: 'x'.repeat(3 * 1024 * 1024) } });
  t.is((await server.request('POST', path, { body: large })).code, 413);
  const patch = (body: string, type = 'json-patch+json') =>
    server.request('PATCH', `${path}/a`, { body, headers: { 'content-type': `application/${type}` } });
  const many = Array.from({ length: 10_001 }, () => ({ op: 'test', path: '/kind', value: 'ConfigMap' }));
  t.is((await patch(JSON.stringify(many))).code, 413);
  // Each step doubles the value.
  const copies = Array.from({ length: 200 }, (_, i) => ({ op: 'copy', from: '/data', path: `/data/c${i}` }));
  const bomb = await patch(JSON.stringify(copies));
  t.is(bomb.code, 422);
  t.regex(bomb.json.message, /the accumulated size increase of copy is \d+, exceeding the limit 3145728/);
  const nest = Array.from({ length: 3_000 }, () => [
    { op: 'add', path: '/t', value: {} },
    { op: 'move', from: '/data', path: '/t/d' },
    { op: 'move', from: '/t', path: '/data' },
  ]).flat();
  t.is((await patch(JSON.stringify(nest))).code, 422);
  t.is((await server.request('GET', `${path}/a`)).json.data.a, 'x');
  const deep = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`;
  t.is((await patch(deep, 'merge-patch+json')).code, 400);
  t.is((await server.request('POST', path, { body: deep })).code, 400);
});
