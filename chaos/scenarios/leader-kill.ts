import { readdirSync, readFileSync } from 'node:fs';
import { type KubernetesObject, resources, type v1 } from '../../src/api/index.ts';
import { randomInteger, seededRandom } from '../../src/base/index.ts';
import { createHttpClient, type HttpClient, watchResources } from '../../src/client/index.ts';
import { connectStore, prefixEnd } from '../../src/store/index.ts';
import { type RealCluster, startCluster } from '../../test/support/cluster.ts';
import type { Scenario } from '../scenario.ts';

const NAMESPACE = 'chaos';
const WRITERS = 8;
const PREFIX = `/registry/configmaps/${NAMESPACE}/`;
const MARKER = '/chaos/end';
/** Milliseconds between a peer's return and the next kill: between none and twice this. */
const CALM_MS = 400;
/** A cluster that accepts nothing for so long will not recover by itself. */
const GIVE_UP_MS = 60_000;

/** A write that was acknowledged: what the server said the object's version then was. */
interface Acknowledged {
  name: string;
  resourceVersion: number;
  counter: number;
}

/**
 * While clients write and watch through the peers, the leader is killed again and again, and restarted. Promises: every
 * acknowledged write is there; the watch saw every revision exactly once, in order; the pods' processes went on running.
 */
export const leaderKill: Scenario = async ({ seed, rounds = 10, minutes, signal, tell }) => {
  const random = seededRandom(seed);
  const cluster = await startCluster({ demo: true });
  const client = createHttpClient({ servers: cluster.servers, ...cluster.tls });
  const violations: string[] = [];
  try {
    await client.create(resources.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
    const start = await client.list(resources.configMaps, NAMESPACE);
    const podsBefore = await demoPods(client);

    const stop = new AbortController();
    const acknowledged: Acknowledged[] = [];
    const writing = Array.from({ length: WRITERS }, (_, i) => write(cluster, i, acknowledged, stop.signal));
    const seen: number[] = [];
    const watching = watch(cluster, start.metadata.resourceVersion ?? '', seen, stop.signal);

    const gaps: number[] = [];
    const until = minutes === undefined ? Number.POSITIVE_INFINITY : performance.now() + minutes * 60_000;
    for (let round = 1; minutes === undefined ? round <= rounds : performance.now() < until; round++) {
      if (signal?.aborted) break;
      await pause(CALM_MS + randomInteger(random, CALM_MS));
      const { leader } = await cluster.anyStatus();
      const before = acknowledged.length;
      const killed = performance.now();
      cluster.kill(leader);
      // The first write that begins after the kill and is acknowledged.
      while (acknowledged.length <= before + WRITERS) {
        if (performance.now() - killed > GIVE_UP_MS)
          throw new Error(`no write was accepted for ${GIVE_UP_MS / 1_000} s after peer ${leader} was killed`);
        await pause(1);
      }
      gaps.push(performance.now() - killed);
      await cluster.restart(leader);
      tell(
        `round ${round}: killed peer ${leader}; writes again after ${Math.round(gaps.at(-1) ?? 0)} ms; ${acknowledged.length} writes acknowledged`,
      );
    }
    await pause(500);
    stop.abort();
    await Promise.all(writing);

    const truth = await history(cluster, Number(start.metadata.resourceVersion));
    // What was written last takes a moment to reach the watch.
    for (let i = 0; i < 500 && (seen.at(-1) ?? 0) < (truth.at(-1) ?? 0); i++) await pause(10);
    await watching.catch((error: Error) => violations.push(`the watch ended: ${error.message}`));
    violations.push(...checkWrites(acknowledged, await client.list<v1.ConfigMap>(resources.configMaps, NAMESPACE)));
    violations.push(...checkWatch(truth, seen));
    violations.push(...checkPods(podsBefore, await demoPods(client)));
    gaps.sort((a, b) => a - b);
    return {
      violations,
      figures: {
        kills: gaps.length,
        acknowledged: acknowledged.length,
        revisionsWatched: seen.length,
        unavailableMedianMs: Math.round(gaps[Math.floor(gaps.length / 2)] ?? 0),
        unavailableMaxMs: Math.round(gaps.at(-1) ?? 0),
      },
    };
  } finally {
    client.close();
    await cluster.stop();
  }
};

/** One writer: creates an object, then counts it up, each update conditional on the version that it saw last. */
async function write(
  cluster: RealCluster,
  writer: number,
  acknowledged: Acknowledged[],
  signal: AbortSignal,
): Promise<void> {
  const client = createHttpClient({ servers: rotate(cluster.servers, writer), ...cluster.tls });
  const name = `writer-${writer}`;
  let current: v1.ConfigMap | undefined;
  for (let counter = 1; !signal.aborted; ) {
    try {
      const data = { counter: String(counter) };
      current =
        current === undefined
          ? await client.create<v1.ConfigMap>(resources.configMaps, {
              apiVersion: 'v1',
              kind: 'ConfigMap',
              metadata: { name, namespace: NAMESPACE },
              data,
            })
          : await client.update<v1.ConfigMap>(resources.configMaps, { ...current, data });
      acknowledged.push({ name, resourceVersion: Number(current.metadata.resourceVersion), counter });
      counter++;
    } catch {
      // The outcome is unknown: look, and go on from what is there.
      await pause(5);
      current = await client.get<v1.ConfigMap>(resources.configMaps, NAMESPACE, name).catch(() => undefined);
      if (current !== undefined) counter = Math.max(counter, Number(current.data?.['counter'] ?? 0) + 1);
    }
  }
  client.close();
}

async function watch(cluster: RealCluster, resourceVersion: string, seen: number[], stop: AbortSignal): Promise<void> {
  const abort = new AbortController();
  stop.addEventListener('abort', () => setTimeout(() => abort.abort(), 6_000));
  const events = watchResources({
    servers: cluster.servers,
    tls: cluster.tls,
    apiVersion: 'v1',
    resource: 'configmaps',
    namespace: NAMESPACE,
    resourceVersion,
    signal: abort.signal,
  });
  for await (const { type, object } of events) if (type !== 'BOOKMARK') seen.push(versionOf(object));
}

/** Every revision of the objects watched, from the store's own history. */
async function history(cluster: RealCluster, from: number): Promise<number[]> {
  const store = await connectStore({ urls: cluster.servers, tls: cluster.tls });
  const revisions: number[] = [];
  await new Promise<void>((resolve, reject) => {
    // One watch of everything: what comes before the marker, which is written when the writers have stopped, is all.
    store.watch({
      key: '/',
      end: prefixEnd('/'),
      fromRevision: from + 1,
      listener: ({ revision, events }) => {
        for (const { kv } of events) {
          if (kv.key.startsWith(PREFIX)) revisions.push(revision);
          else if (kv.key === MARKER) resolve();
        }
      },
      onEnd: reject,
    });
    store.put(MARKER, Buffer.from('end')).catch(reject);
  });
  await store.close();
  return revisions;
}

function checkWrites(acknowledged: readonly Acknowledged[], { items }: { items: v1.ConfigMap[] }): string[] {
  const violations: string[] = [];
  const last = new Map<string, Acknowledged>();
  const versions = new Set<number>();
  for (const entry of acknowledged) {
    if (versions.has(entry.resourceVersion))
      violations.push(`two writes were acknowledged at revision ${entry.resourceVersion}`);
    versions.add(entry.resourceVersion);
    const before = last.get(entry.name);
    if (before !== undefined && before.resourceVersion >= entry.resourceVersion)
      violations.push(`${entry.name} went back from revision ${before.resourceVersion}`);
    last.set(entry.name, entry);
  }
  for (const { name, counter } of last.values()) {
    const found = Number(items.find(({ metadata }) => metadata.name === name)?.data?.['counter'] ?? -1);
    if (found < counter) violations.push(`${name} was acknowledged at ${counter} and reads ${found}`);
  }
  return violations;
}

function checkWatch(truth: readonly number[], seen: readonly number[]): string[] {
  const violations: string[] = [];
  for (let i = 1; i < seen.length; i++) {
    if ((seen[i] as number) <= (seen[i - 1] as number))
      violations.push(`the watch saw revision ${seen[i]} after ${seen[i - 1]}`);
  }
  const known = new Set(seen);
  for (const revision of truth) if (!known.has(revision)) violations.push(`the watch missed revision ${revision}`);
  if (seen.length !== truth.length)
    violations.push(`the watch saw ${seen.length} events, the store has ${truth.length}`);
  return violations;
}

interface PodProcess {
  name: string;
  restarts: number;
  processes: string;
}

async function demoPods(client: HttpClient): Promise<PodProcess[]> {
  const { items } = await client.list<v1.Pod>(resources.pods, 'default', { labelSelector: 'app=hello' });
  return items
    .map(({ metadata, status }) => ({
      name: metadata.name ?? '',
      restarts: status?.containerStatuses?.[0]?.restartCount ?? -1,
      processes: processesOf(metadata.name ?? ''),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Ids of the shells that run a pod's command; `sleep` comes and goes. */
function processesOf(pod: string): string {
  return readdirSync('/proc')
    .filter((entry) => {
      if (!/^\d+$/.test(entry)) return false;
      try {
        const environment = readFileSync(`/proc/${entry}/environ`, 'latin1').split('\0');
        return (
          environment.includes(`POD_NAME=${pod}`) &&
          !readFileSync(`/proc/${entry}/cmdline`, 'latin1').startsWith('sleep')
        );
      } catch {
        return false;
      }
    })
    .sort()
    .join(' ');
}

function checkPods(before: readonly PodProcess[], after: readonly PodProcess[]): string[] {
  const violations: string[] = [];
  if (before.length === 0 || before.some(({ processes }) => processes === ''))
    violations.push('the demo pods had no processes to begin with');
  const [was, is] = [before, after].map((pods) => JSON.stringify(pods));
  if (was !== is) violations.push(`pods did not keep running: ${was} became ${is}`);
  return violations;
}

function versionOf({ metadata }: KubernetesObject): number {
  return Number(metadata.resourceVersion);
}

function rotate<T>(list: readonly T[], by: number): T[] {
  const at = by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
