import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import test, { type ExecutionContext } from 'ava';
import { startTestApiServer, type TestApiServer } from '../support/api-server.ts';
import { binary, run } from '../support/kubectl.ts';

let server: TestApiServer;
test.before(async () => {
  server = await startTestApiServer();
});
test.after.always(() => server.close());

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

function sessionOf(t: ExecutionContext): ClientHttp2Session {
  const { cert, key } = server.admin;
  const session = connect(server.url, { ca: server.ca, cert, key });
  t.teardown(() => session.destroy());
  return session;
}

interface Answer {
  code: number;
  body: string;
}

function answerTo(stream: ClientHttp2Stream, body?: string | Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let code = 0;
    const chunks: Buffer[] = [];
    stream.on('response', (headers) => {
      code = Number(headers[':status']);
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', reject);
    stream.on('close', () => resolve({ code, body: Buffer.concat(chunks).toString() }));
    stream.end(body);
  });
}

const headersOf = (method: string, path: string) => ({
  ':method': method,
  ':path': path,
  'content-type': 'application/json',
});

test('all verbs work over one connection, at the same time', async (t) => {
  const session = sessionOf(t);
  const create = (name: string) =>
    answerTo(
      session.request(headersOf('POST', CONFIG_MAPS)),
      JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { a: 'x'.repeat(1_000) } }),
    );
  const names = Array.from({ length: 50 }, (_, i) => `a${i}`);
  for (const { code } of await Promise.all(names.map(create))) t.is(code, 201);
  const list = await answerTo(session.request(headersOf('GET', CONFIG_MAPS)));
  t.is(list.code, 200);
  t.true(JSON.parse(list.body).items.length >= 50);
  t.is((await answerTo(session.request(headersOf('GET', `${CONFIG_MAPS}/none`)))).code, 404);
  const { body } = await answerTo(session.request(headersOf('GET', '/api')));
  t.is(JSON.parse(body).serverAddressByClientCIDRs[0].serverAddress, `127.0.0.1:${server.port}`);
});

test('a watch goes on while other requests come and go, and ends when its stream does', async (t) => {
  const session = sessionOf(t);
  const watch = session.request(headersOf('GET', '/api/v1/namespaces/kube-public/configmaps?watch=true'));
  const lines: string[] = [];
  const seen = new Promise<void>((resolve) => {
    watch.on('data', (chunk: Buffer) => {
      lines.push(chunk.toString());
      if (lines.join('').includes('"name":"w3"')) resolve();
    });
  });
  for (const name of ['w1', 'w2', 'w3']) {
    const body = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });
    const created = session.request(headersOf('POST', '/api/v1/namespaces/kube-public/configmaps'));
    t.is((await answerTo(created, body)).code, 201);
  }
  await seen;
  watch.close(constants.NGHTTP2_CANCEL);
  t.is((await answerTo(session.request(headersOf('GET', CONFIG_MAPS)))).code, 200);
});

test('bodies that are too large are refused, and cost the other requests nothing', async (t) => {
  const session = sessionOf(t);
  for (let i = 0; i < 3; i++) {
    const tooLarge = session.request(headersOf('POST', CONFIG_MAPS));
    const { code } = await answerTo(tooLarge, Buffer.alloc(4 * 1024 * 1024, 'x'));
    t.is(code, 413);
  }
  t.is((await answerTo(session.request(headersOf('GET', CONFIG_MAPS)))).code, 200);
});

test('a reader that does not read is bounded in memory', async (t) => {
  const session = sessionOf(t);
  const path = '/api/v1/namespaces/kube-node-lease/configmaps';
  const watch = session.request(headersOf('GET', `${path}?watch=true`));
  await new Promise<void>((resolve) => watch.once('response', () => resolve()));
  watch.pause();
  const ended = new Promise<void>((resolve) => watch.once('close', () => resolve()));
  const data = { a: 'x'.repeat(900_000) };
  for (let i = 0; i < 16; i++) {
    const body = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `s${i}` }, data });
    t.is((await server.request('POST', path, { body })).code, 201);
  }
  let text = '';
  watch.on('data', (chunk: Buffer) => {
    text = (text + chunk.toString()).slice(-10_000);
  });
  watch.resume();
  await ended;
  t.regex(text, /"type":"ERROR".*the watch fell too far behind/);
});

test('kubectl speaks it', async (t) => {
  const env = { KUBECONFIG: server.kubeconfig, HOME: '/nonexistent', GODEBUG: 'http2debug=1' };
  const { code, stderr } = await run(
    binary('kubectl'),
    ['get', 'configmaps', '--as=jane', '--as-group=system:masters'],
    { env },
  );
  t.is(code, 0);
  t.regex(stderr, /http2: Transport received HEADERS/);
});
