import { Agent, request } from 'node:https';
import test from 'ava';
import fc from 'fast-check';
import { startTestApiServer, type TestApiServer } from '../../support/api-server.ts';
import { type Answer, faultOf } from './answers.ts';
import { type BadRequest, badRequest } from './arbitraries.ts';
import { HANGS_MS, RUNS, seed } from './runs.ts';

function send(
  server: TestApiServer,
  agent: Agent,
  { method, path, headers: given, body }: BadRequest,
): Promise<Answer> {
  // Without it the body of a DELETE would be taken for the next request.
  const headers = body === undefined ? given : { ...given, 'content-length': String(body.length) };
  return new Promise((resolve, reject) => {
    const call = request(
      { agent, host: '127.0.0.1', port: server.port, method, path, ca: server.ca, ...server.admin, headers },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            code: response.statusCode ?? 0,
            type: response.headers['content-type'] ?? '',
            body: Buffer.concat(chunks).toString('latin1'),
          }),
        );
      },
    );
    call.setTimeout(HANGS_MS, () => call.destroy(new Error(`no answer within ${HANGS_MS} ms`)));
    call.on('error', reject);
    call.end(body);
  });
}

test('whatever is sent is answered by a Status, never by a failure of the server', async (t) => {
  t.timeout(RUNS * 100 + 120_000);
  const server = await startTestApiServer();
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  t.teardown(async () => {
    agent.destroy();
    await server.close();
  });
  for (const [path, object] of [
    [
      '/api/v1/namespaces/default/configmaps',
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'fuzzed', labels: { a: 'b' } }, data: { a: 'b' } },
    ],
    [
      '/apis/apps/v1/namespaces/default/deployments',
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'fuzzed' },
        spec: {
          selector: { matchLabels: { app: 'a' } },
          template: {
            metadata: { labels: { app: 'a' } },
            spec: { containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 80 }] }] },
          },
        },
      },
    ],
  ] as const) {
    const { code } = await server.request('POST', path, { body: JSON.stringify(object) });
    t.is(code, 201);
  }
  await fc.assert(
    fc.asyncProperty(badRequest, async (bad) => {
      const answer = await send(server, agent, bad);
      const fault = faultOf(bad, answer);
      if (fault !== undefined) throw new Error(fault);
    }),
    { numRuns: RUNS, includeErrorInReport: true, ...seed },
  );
  t.is((await server.request('GET', '/readyz')).code, 200);
  t.is(({} as Record<string, unknown>)['polluted'], undefined);
  t.deepEqual(Object.keys(Object.prototype), []);
});
