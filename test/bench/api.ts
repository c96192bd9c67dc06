import { rmSync } from 'node:fs';
import { type RealCluster, startCluster } from '../support/cluster.ts';
import { binary, run as runCommand } from '../support/kubectl.ts';
import { type Credentials, HttpConnection } from './http-connection.ts';
import { closedLoop } from './load.ts';
import type { SuiteOptions } from './main.ts';
import { residentMiB } from './process-figures.ts';
import { higherIsBetter, lowerIsBetter, median, percentile, type Result } from './results.ts';
import { startWatchCrowd } from './watch-crowd.ts';

const OBJECTS = 10_000;
const CLIENTS = 64;
const WRITERS = 192;
const WATCHERS = 5_000;
/** Watchers that each have a connection with its TLS session to themselves, as with HTTP/1.1. */
const OWN_CONNECTIONS = 500;
/** Until memory that was only needed to get there is given back. */
const SETTLE_MS = 5_000;
/** Requests a second of each client that doesn't ask again at once. */
const PACE = 20;
const COLLECTION = '/api/v1/namespaces/default/configmaps';

/** Each figure beside its goal, all with real clients' means over TLS: JSON, HTTP/1.1, and HTTP/2 for watches. */
export async function run(options: SuiteOptions): Promise<Result[]> {
  const { wants, tell } = options;
  const results: Result[] = [];
  const add = (...more: Result[]): void => {
    results.push(...more);
    for (const { name, value, unit } of more) tell(`${name}: ${value} ${unit}`);
  };
  if (wants('first-get')) add(...(await firstGet()));
  if (['list', 'get', 'watch'].some((load) => wants(load))) {
    const cluster = await startCluster({ peers: 1 });
    try {
      await fill(cluster);
      if (wants('list')) add(await list(cluster));
      if (wants('get')) add(...(await gets(cluster, options.seconds)));
      if (wants('watch')) add(...(await watches(cluster)));
    } finally {
      await cluster.stop();
    }
  }
  if (wants('watcher')) add(...(await watcherMemory()));
  if (wants('create')) {
    const cluster = await startCluster();
    try {
      add(...(await creates(cluster, options.seconds)));
    } finally {
      await cluster.stop();
    }
  }
  return results;
}

const goal = (value: number): { name: string; value: number } => ({ name: 'goal', value });

function configMap(name: string): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { text: 'x'.repeat(1_000) } });
}

async function connections(servers: readonly string[], tls: Credentials, count: number): Promise<HttpConnection[]> {
  return Promise.all(
    Array.from({ length: count }, (_, i) => HttpConnection.open(servers[i % servers.length] as string, tls)),
  );
}

async function fill({ servers, tls }: RealCluster): Promise<void> {
  const writers = await connections(servers, tls, CLIENTS);
  let next = 0;
  await Promise.all(
    writers.map(async (writer) => {
      while (next < OBJECTS) await writer.request('POST', COLLECTION, configMap(`object-${next++}`));
      writer.close();
    }),
  );
}

async function list({ servers, tls }: RealCluster): Promise<Result> {
  const [reader] = (await connections(servers, tls, 1)) as [HttpConnection];
  const times: number[] = [];
  for (let i = 0; i < 15; i++) {
    const begin = performance.now();
    await reader.request('GET', COLLECTION);
    times.push(performance.now() - begin);
  }
  reader.close();
  return lowerIsBetter('list-10k', median(times), 'ms', goal(250));
}

/** As fast as they get answers, which is as fast as the server is; and at a pace that leaves it some air. */
async function gets({ servers, tls }: RealCluster, seconds: number): Promise<Result[]> {
  const readers = await connections(servers, tls, CLIENTS);
  const path = (client: number, i: number): string => `${COLLECTION}/object-${(client * 7_919 + i) % OBJECTS}`;
  const get = (client: number, i: number): Promise<number> => readers[client]!.request('GET', path(client, i));
  const full = await closedLoop(CLIENTS, seconds, get);
  const paced = await pacedLoop(seconds, get);
  for (const reader of readers) reader.close();
  return [
    lowerIsBetter('get-64-p99', paced, 'ms', goal(3)),
    higherIsBetter('get-64-saturated', full.perSecond, 'gets/s'),
    lowerIsBetter('get-64-saturated-p99', full.p99Ms, 'ms', goal(3)),
  ];
}

/** The 99th percentile in milliseconds, counted from when each request was due. */
async function pacedLoop(seconds: number, operation: (client: number, i: number) => Promise<unknown>): Promise<number> {
  const latencies: number[] = [];
  const begin = performance.now() + 100;
  await Promise.all(
    Array.from({ length: CLIENTS }, async (_, client) => {
      for (let i = 0; i < seconds * PACE; i++) {
        const due = begin + ((i + client / CLIENTS) * 1_000) / PACE;
        await pause(due - performance.now());
        const sent = performance.now();
        await operation(client, i);
        // A timer of this process that came late is not the server's doing; an answer that made the next request late is.
        latencies.push(performance.now() - (sent - due < 2 ? sent : due));
      }
    }),
  );
  return percentile(
    latencies.sort((a, b) => a - b),
    0.99,
  );
}

async function watches(cluster: RealCluster): Promise<Result[]> {
  const { servers, tls } = cluster;
  const server = servers[0] as string;
  const crowd = await startWatchCrowd(
    server,
    tls,
    `${COLLECTION}?watch=1&resourceVersion=0&sendInitialEvents=false&resourceVersionMatch=NotOlderThan`,
    WATCHERS,
  );
  const [writer] = (await connections(servers, tls, 1)) as [HttpConnection];
  const times: number[] = [];
  for (let i = 0; i < 100; i++) {
    const all = new Promise<number>((resolve) => crowd.onAll(resolve));
    const begin = performance.now();
    await writer.request('PUT', `${COLLECTION}/object-${i}`, configMap(`object-${i}`).replace('xxx', `x${i % 10}x`));
    times.push((await all) - begin);
    await pause(50);
  }
  writer.close();
  crowd.close();
  times.sort((a, b) => a - b);
  return [
    lowerIsBetter('watch-5000-last-p50', percentile(times, 0.5), 'ms'),
    lowerIsBetter('watch-5000-last-p99', percentile(times, 0.99), 'ms', goal(100)),
  ];
}

/**
 * What watchers that hear nothing add to a peer that has done nothing else: on one that was busy before, they'd move into the
 * room that its garbage leaves and seem to cost nothing.
 */
async function watcherMemory(): Promise<Result[]> {
  const cluster = await startCluster({ peers: 1 });
  const { servers, tls } = cluster;
  const server = servers[0] as string;
  const path = `${COLLECTION}?watch=1&fieldSelector=metadata.name%3Dnone`;
  const added = async (count: number, open: () => Promise<unknown>): Promise<number> => {
    const before = residentMiB(cluster.pid(1));
    await open();
    await pause(SETTLE_MS);
    return ((residentMiB(cluster.pid(1)) - before) * 1024) / count;
  };
  try {
    await pause(SETTLE_MS);
    // Code and buffers that the first watches bring along are not each watcher's.
    await added(200, () => startWatchCrowd(server, tls, path, 200));
    const shared = await added(WATCHERS, () => startWatchCrowd(server, tls, path, WATCHERS));
    const own = await added(OWN_CONNECTIONS, async () => {
      const readers = await connections(servers, tls, OWN_CONNECTIONS);
      // Rejects when the cluster stops.
      for (const reader of readers) reader.request('GET', path).catch(() => {});
    });
    return [
      lowerIsBetter('watcher-memory', shared, 'kB', goal(20)),
      lowerIsBetter('watcher-memory-own-connection', own, 'kB', goal(20)),
    ];
  } finally {
    await cluster.stop();
  }
}

async function creates({ servers, tls }: RealCluster, seconds: number): Promise<Result[]> {
  const writers = await connections(servers, tls, WRITERS);
  const create = (client: number, i: number): Promise<number> =>
    writers[client]!.request('POST', COLLECTION, configMap(`created-${client}-${i}`));
  const { perSecond, p99Ms } = await closedLoop(WRITERS, seconds, create);
  for (const writer of writers) writer.close();
  return [
    higherIsBetter('create-3-peers', perSecond, 'creates/s', goal(3_000)),
    lowerIsBetter('create-3-peers-p99', p99Ms, 'ms'),
  ];
}

/** From the peer's process to kubectl's answer, with kubectl asking again until there is one; on data it has had and from nothing. */
async function firstGet(): Promise<Result[]> {
  const cluster = await startCluster({ peers: 1 });
  const kubectl = binary('kubectl');
  const asked = async (): Promise<void> => {
    const env = { KUBECONFIG: cluster.kubeconfig, KUBECACHEDIR: `${cluster.kubeconfig}.cache` };
    while ((await runCommand(kubectl, ['get', 'namespaces'], { env })).code !== 0) await pause(5);
  };
  const times: number[] = [];
  const fresh: number[] = [];
  try {
    await asked();
    for (let i = 0; i < 5; i++) {
      cluster.kill(1);
      await pause(500);
      times.push(await timed(cluster, asked));
      cluster.kill(1);
      await pause(500);
      rmSync(`${cluster.dataDir}/peer-1/store`, { recursive: true });
      fresh.push(await timed(cluster, asked));
    }
  } finally {
    await cluster.stop();
  }
  return [
    lowerIsBetter('first-get', median(times), 'ms', goal(1_000)),
    lowerIsBetter('first-get-new-cluster', median(fresh), 'ms', goal(1_000)),
  ];
}

async function timed(cluster: RealCluster, asked: () => Promise<void>): Promise<number> {
  const begin = performance.now();
  const restarted = cluster.restart(1);
  await asked();
  const took = performance.now() - begin;
  await restarted;
  return took;
}

function pause(ms: number): Promise<void> {
  return ms <= 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms));
}
