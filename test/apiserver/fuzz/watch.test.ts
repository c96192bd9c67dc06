import type { IncomingMessage } from 'node:http';
import { Agent } from 'node:https';
import test from 'ava';
import fc from 'fast-check';
import { resources } from '../../../src/api/index.ts';
import { startTestApiServer } from '../../support/api-server.ts';
import { faultOf } from './answers.ts';
import { parameter } from './arbitraries.ts';
import { RUNS, seed } from './runs.ts';

const watched = fc.constantFrom(
  '/api/v1/namespaces/default/configmaps',
  '/api/v1/configmaps',
  '/api/v1/namespaces/default/configmaps/fuzzed',
  '/api/v1/watch/namespaces/default/configmaps',
  '/apis/apps/v1/deployments',
  '/apis/events.k8s.io/v1/events',
  '/api/v1/namespaces/__proto__/pods',
);
const parameters = fc
  .tuple(
    fc.constantFrom('1', 'true', 'True', '', 'x', '0', 'false'),
    fc.array(
      fc.oneof(
        { weight: 2, arbitrary: parameter },
        {
          weight: 1,
          arbitrary: fc.tuple(
            fc.constantFrom('resourceVersion', 'resourceVersionMatch', 'sendInitialEvents', 'allowWatchBookmarks'),
            fc.constantFrom('0', '1', '', 'true', 'NotOlderThan', 'Exact', '5', '-1'),
          ),
        },
      ),
      { maxLength: 5 },
    ),
  )
  .map(([watch, pairs]) => `?${new URLSearchParams([['watch', watch], ...pairs])}`);
const accept = fc.constantFrom(
  'application/json',
  'application/json;stream=watch',
  'application/vnd.kubernetes.protobuf;stream=watch',
  'application/json;as=Table;v=v1;g=meta.k8s.io',
  'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
);

/** All of a refusal; of a watch what it says at first, which for some is nothing. */
async function beginningOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  const isWatch = response.statusCode === 200 && response.headers['content-length'] === undefined;
  if (isWatch) setTimeout(() => response.destroy(), 20);
  try {
    for await (const chunk of response) chunks.push(chunk as Buffer);
  } catch {
    // That was us.
  }
  return Buffer.concat(chunks).toString('latin1');
}

const eventTypes = ['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR'];

test('a watch with whatever parameters is one, or refused by a Status', async (t) => {
  t.timeout(RUNS * 100 + 120_000);
  const server = await startTestApiServer();
  const agent = new Agent({ keepAlive: true });
  t.teardown(async () => {
    agent.destroy();
    await server.close();
  });
  for (const name of ['fuzzed', 'other']) {
    const metadata = { name, namespace: 'default', labels: { a: 'b' } };
    await server.client.create(resources.configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata });
  }
  await fc.assert(
    fc.asyncProperty(watched, parameters, accept, async (path, query, accepts) => {
      const target = path + query;
      const response = await server.open('GET', target, { headers: { accept: accepts } });
      const body = await beginningOf(response);
      const type = response.headers['content-type'] ?? '';
      const fault = faultOf({ method: 'GET', path: target }, { code: response.statusCode ?? 0, type, body });
      if (fault !== undefined) throw new Error(fault);
      if (response.statusCode !== 200 || !type.includes('json')) return;
      // The last may be half.
      for (const line of body.split('\n').slice(0, -1)) {
        const event = JSON.parse(line);
        if (event.kind === undefined && !eventTypes.includes(event.type)) throw new Error(`no event: ${line}`);
      }
    }),
    { numRuns: Math.max(50, Math.round(RUNS / 10)), includeErrorInReport: true, ...seed },
  );
  t.is((await server.request('GET', '/readyz')).code, 200);
});
