import { createServer as createHttps } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { connect } from 'node:tls';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import test from 'ava';
import fc from 'fast-check';
import { resources, type v1 } from '../../../src/api/index.ts';
import { systemClock } from '../../../src/base/index.ts';
import { createUpgradeHandler } from '../../../src/kubelet/upgrades.ts';
import { FakeRuntime } from '../../kubelet/fake-runtime.ts';
import { startTestApiServer, type TestApiServer } from '../../support/api-server.ts';
import { http2Parts, type Parts, spdyParts, watchApiParts, webSocketParts } from './frames.ts';
import { HANGS_MS, RUNS, seed } from './runs.ts';

/** A connection costs more than a request on one that is there. */
const CONNECTIONS = Math.max(20, Math.round(RUNS / 8));
/** What a server may hold on to when all of them are gone: caches and code, but nothing for each. */
const KEPT_BYTES = 48 * 1024 * 1024;

let server: TestApiServer;
let node: Node;

test.before(async () => {
  server = await startTestApiServer();
  node = await startNode();
});
test.after.always(async () => {
  node?.close();
  await server.close();
});

interface Node {
  /** Where somebody listens in the pod. */
  port: number;
  close(): void;
}

/** A node whose kubelet is the real one as far as connections go, and a pod on it that says again what it is told. */
async function startNode(): Promise<Node> {
  const echo = createServer((socket) => socket.on('error', () => {}).pipe(socket));
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  const clock = systemClock;
  const runtime = new FakeRuntime(clock);
  runtime.onSession = (session) => {
    runtime.sessions.length = 0;
    runtime.calls.length = 0;
    session.stdin?.pipe(session.stdout, { end: false });
    session.stdin?.once('close', () => session.exit(0));
    if (session.stdin === undefined) session.exit(3);
  };
  const sandbox = await runtime.createSandbox({
    podUid: 'u',
    namespace: 'default',
    name: 'work',
    hostname: 'work',
    ip: '127.0.0.1',
  });
  const id = await runtime.createContainer(sandbox, { name: 'main', attempt: 0, image: 'host', command: [], env: [] });
  await runtime.startContainer(id);
  const pod = {
    apiVersion: 'v1' as const,
    kind: 'Pod' as const,
    metadata: { name: 'work', namespace: 'default' },
    spec: { nodeName: 'node-1', containers: [{ name: 'main', image: 'host' }] },
  };
  const running: v1.Pod = {
    ...pod,
    status: {
      podIP: '127.0.0.1',
      containerStatuses: [
        {
          name: 'main',
          ready: true,
          restartCount: 0,
          image: 'host',
          imageID: 'host',
          state: { running: {} },
          containerID: `keelson://${id}`,
        },
      ],
    },
  };
  const kubelet = createHttps(server.serving);
  const usage = { summary: async () => ({}) } as never;
  kubelet.on('upgrade', createUpgradeHandler({ runtime, pods: () => [running], usage, clock }));
  await new Promise<void>((resolve) => kubelet.listen(0, '127.0.0.1', resolve));
  const node: v1.Node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'node-1' },
    status: {
      addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
      daemonEndpoints: { kubeletEndpoint: { Port: (kubelet.address() as AddressInfo).port } },
    },
  };
  await server.client.create(resources.nodes, node);
  await server.client.create(resources.pods, pod);
  return {
    port: (echo.address() as AddressInfo).port,
    close() {
      kubelet.closeAllConnections();
      kubelet.close();
      echo.close();
    },
  };
}

/** Sends `parts` after `beginning` was answered, or at once; resolves with what came when the connection is over. */
function converse(protocol: 'h2' | 'http/1.1', beginning: string, parts: Parts): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: '127.0.0.1',
      port: server.port,
      ca: server.ca,
      ...server.admin,
      ALPNProtocols: [protocol],
    });
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`the connection did not end within ${HANGS_MS} ms`));
    }, HANGS_MS);
    let answer = '';
    const send = (): void => {
      for (const part of parts) socket.write(part);
      socket.end();
    };
    socket.on('secureConnect', () => {
      if (beginning === '') send();
      else socket.write(beginning);
    });
    socket.on('data', (chunk: Buffer) => {
      const begun = answer !== '';
      answer += answer.length < 4_096 ? chunk.toString('latin1') : '';
      if (beginning !== '' && !begun) send();
    });
    // The other side may be done with us before we are.
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(answer);
    });
  });
}

function upgradeTo(path: string, protocol: string, upgrade = 'websocket'): string {
  const webSocket = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
  const offered =
    upgrade === 'websocket'
      ? `${webSocket}${protocol === '' ? '' : `Sec-WebSocket-Protocol: ${protocol}\r\n`}`
      : `X-Stream-Protocol-Version: ${protocol}\r\n`;
  return `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: ${upgrade}\r\n${offered}\r\n`;
}

const pod = '/api/v1/namespaces/default/pods/work';
const exec = `${pod}/exec?command=cat&stdin=1&stdout=1&stderr=1`;

type Endpoint = readonly [
  name: string,
  protocol: 'h2' | 'http/1.1',
  beginnings: () => readonly string[],
  parts: () => fc.Arbitrary<Parts>,
];
const endpoints: readonly Endpoint[] = [
  ['frames of HTTP/2', 'h2', () => [''], () => http2Parts],
  [
    'frames of WebSocket to watches',
    'http/1.1',
    () => [upgradeTo('/api/v1/pods?watch=1', ''), upgradeTo('/api/v1/pods?watch=1&resourceVersion=0', 'x')],
    () => webSocketParts,
  ],
  [
    'commands to the watch API',
    'http/1.1',
    () => [upgradeTo('/watch', 'v1.json.watch.keelson'), upgradeTo('/watch', 'v1.msgpack.watch.keelson')],
    () => watchApiParts,
  ],
  [
    'frames of WebSocket to exec, attach and port-forward',
    'http/1.1',
    () => [
      upgradeTo(exec, 'v5.channel.k8s.io'),
      upgradeTo(`${exec}&tty=1`, 'v4.channel.k8s.io'),
      upgradeTo(exec, 'base64.channel.k8s.io'),
      upgradeTo(`${pod}/attach?stdin=1&stdout=1`, ''),
      upgradeTo(`${pod}/portforward?ports=${node.port}&ports=1`, 'v4.channel.k8s.io'),
    ],
    () => webSocketParts,
  ],
  [
    'frames of SPDY to exec and port-forward',
    'http/1.1',
    () => [
      upgradeTo(exec, 'v4.channel.k8s.io', 'SPDY/3.1'),
      upgradeTo(`${pod}/portforward`, 'portforward.k8s.io', 'SPDY/3.1'),
    ],
    () => spdyParts([String(node.port), '1']),
  ],
];

for (const [name, protocol, beginningsOf, partsOf] of endpoints) {
  test.serial(`${name}, right and wrong: the connection ends, and the server goes on`, async (t) => {
    t.timeout(CONNECTIONS * 500 + 120_000);
    const [beginnings, parts] = [beginningsOf(), partsOf()];
    // Code that is loaded on first use is not what is looked for.
    for (const beginning of beginnings) {
      const answer = await converse(protocol, beginning, []);
      if (beginning !== '') t.regex(answer, /^HTTP\/1\.1 101 /, beginning);
      // Once it brought the process down.
      await converse(protocol, beginning, [Buffer.from([0xf2, 0x80, 0, 0, 0, 0])]);
    }
    const before = memory();
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...beginnings), parts, async (beginning, sent) => {
        await converse(protocol, beginning, sent);
      }),
      { numRuns: CONNECTIONS, includeErrorInReport: true, ...seed },
    );
    t.is((await server.request('GET', '/readyz')).code, 200);
    t.true(memory() - before < KEPT_BYTES, `${Math.round((memory() - before) / 1e6)} MB are kept`);
  });
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function memory(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
