import { type appsv1, resources, type v1 } from '../../src/api/index.ts';
import { type Random, randomInteger } from '../../src/base/index.ts';
import { createHttpClient, type HttpClient, watchResources } from '../../src/client/index.ts';
import type { EventLog } from '../judge/event-log.ts';
import { pause } from '../pause.ts';
import type { KubernetesAccess } from '../target.ts';
import type { Workload, WorkloadContext } from './workload.ts';

const NAMESPACE = 'chaos';
const PREFIX = `/registry/configmaps/${NAMESPACE}/`;
const SHARED = 'shared';
const WRITERS = 4;
const REQUEST_MS = 8_000;
/** What was written last takes a moment to reach the watch. */
const WATCH_MS = 10_000;
const CONVERGENCE_MS = 60_000;

interface Written {
  name: string;
  resourceVersion: number;
}

/**
 * What users and controllers do, through the Kubernetes API: objects are created, patched, counted up under optimistic
 * concurrency and deleted, watched all the while, and a Deployment is scaled.
 */
export function kubernetesWorkload(log: EventLog): Workload {
  const violations: string[] = [];
  const written: Written[] = [];
  const watched: Written[] = [];
  let counted = 0;
  let uncertain = 0;
  let context: WorkloadContext;
  let access: KubernetesAccess;
  /** The watch tells of what comes after this revision. */
  let began = 0;
  const watchAbort = new AbortController();
  let watching: Promise<void> = Promise.resolve();

  const note = ({ metadata }: v1.ConfigMap): void => {
    written.push({ name: metadata.name ?? '', resourceVersion: Number(metadata.resourceVersion) });
  };

  /** Adds one to the shared counter, unless another is quicker. */
  async function count(client: HttpClient): Promise<void> {
    const current = await client.get<v1.ConfigMap>(resources.configMaps, NAMESPACE, SHARED);
    const next = { ...current, data: { count: String(Number(current.data?.['count']) + 1) } };
    try {
      note(await client.update<v1.ConfigMap>(resources.configMaps, next));
      counted++;
    } catch (error) {
      if (!isRefusal(error)) uncertain++;
      throw error;
    }
  }

  async function change(client: HttpClient, writer: number, random: Random): Promise<void> {
    const name = `writer-${writer}-${randomInteger(random, 4)}`;
    switch (randomInteger(random, 4)) {
      case 0:
        return count(client);
      case 1:
        return note(await client.create<v1.ConfigMap>(resources.configMaps, configMap(name, { n: '0' })));
      case 2: {
        const patch = { type: 'merge', body: { data: { n: String(randomInteger(random, 1_000_000)) } } } as const;
        return note(await client.patch<v1.ConfigMap>(resources.configMaps, NAMESPACE, name, patch));
      }
      default:
        return client.delete(resources.configMaps, NAMESPACE, name);
    }
  }

  async function write(writer: number): Promise<void> {
    const random = context.random(100 + writer);
    const client = clientOf(access, writer);
    while (!context.signal.aborted) {
      try {
        await change(client, writer, random);
        context.outcome('ok');
      } catch (error) {
        context.outcome(isRefusal(error) ? 'failed' : 'unknown');
      }
      await pause(randomInteger(random, 120), context.signal);
    }
    client.close();
  }

  async function scale(): Promise<void> {
    const random = context.random(110);
    const client = clientOf(access, 0);
    while (!context.signal.aborted) {
      await pause(1_000 + randomInteger(random, 3_000), context.signal);
      const wanted = 1 + randomInteger(random, 3);
      const patch = { type: 'merge', body: { spec: { replicas: wanted } } } as const;
      await client.patch(resources.deployments, 'default', 'chaos', patch).catch(() => undefined);
    }
    client.close();
  }

  async function watch(resourceVersion: string): Promise<void> {
    const { servers, tls } = access;
    const { signal } = watchAbort;
    const options = { servers, tls, apiVersion: 'v1', resource: 'configmaps', namespace: NAMESPACE };
    for await (const { type, object } of watchResources({ ...options, resourceVersion, signal })) {
      const { name = '', resourceVersion: at } = object.metadata;
      if (type !== 'BOOKMARK') watched.push({ name, resourceVersion: Number(at) });
    }
  }

  return {
    name: 'kubernetes',
    async prepare(given) {
      context = given;
      if (given.kubernetes === undefined) throw new Error('there is no Kubernetes API here');
      access = given.kubernetes;
      const client = clientOf(access, 0);
      await client.create(resources.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
      const start = await client.create<v1.ConfigMap>(resources.configMaps, configMap(SHARED, { count: '0' }));
      await client.create(resources.deployments, deployment(1));
      client.close();
      began = Number(start.metadata.resourceVersion);
      watching = watch(start.metadata.resourceVersion ?? '').catch((error: Error) => {
        violations.push(`kubernetes: the watch ended: ${error.message}`);
      });
    },
    async run() {
      await Promise.all([...Array.from({ length: WRITERS }, (_, i) => write(i)), scale()]);
    },
    async judge() {
      const client = clientOf(access, 0);
      try {
        await converge(client, violations);
        const shared = await client.get<v1.ConfigMap>(resources.configMaps, NAMESPACE, SHARED);
        const total = Number(shared.data?.['count']);
        if (total < counted || total > counted + uncertain)
          violations.push(
            `kubernetes: the counter is ${total} after ${counted} increments and ${uncertain} of unknown outcome`,
          );
      } finally {
        client.close();
      }
      const truth = log.batches
        .filter(({ revision }) => revision > began)
        .flatMap(({ revision, events }) =>
          events
            .filter(({ kv }) => kv.key.startsWith(PREFIX))
            .map(({ kv }) => ({ name: kv.key.slice(PREFIX.length), resourceVersion: revision })),
        );
      const until = performance.now() + WATCH_MS;
      while (watched.length < truth.length && performance.now() < until) await pause(20);
      watchAbort.abort();
      await watching;
      violations.push(...judgeVersions(truth, written, watched));
      return {
        violations,
        figures: { kubernetesWrites: written.length, kubernetesEvents: watched.length, increments: counted },
      };
    },
  };
}

/** Each acknowledged write is in the history, and the watch told of exactly what is. */
function judgeVersions(truth: readonly Written[], written: readonly Written[], watched: readonly Written[]): string[] {
  const violations: string[] = [];
  const name = ({ name, resourceVersion }: Written): string => `${name} at ${resourceVersion}`;
  const happened = new Set(truth.map(name));
  for (const write of written) {
    if (!happened.has(name(write))) violations.push(`kubernetes: ${name(write)} was acknowledged and is not there`);
  }
  const [expected, told] = [truth.map(name), watched.map(name)];
  const wrong = Array.from({ length: Math.max(expected.length, told.length) }, (_, i) => i).find(
    (i) => expected[i] !== told[i],
  );
  if (wrong !== undefined)
    violations.push(`kubernetes: the watch told of ${told[wrong]} where there was ${expected[wrong]}`);
  return violations;
}

/** Waits until as many pods run as were asked for last. */
async function converge(client: HttpClient, violations: string[]): Promise<void> {
  const until = performance.now() + CONVERGENCE_MS;
  for (;;) {
    const { spec, status } = await client.get<appsv1.Deployment>(resources.deployments, 'default', 'chaos');
    const wanted = spec?.replicas ?? 0;
    if (status?.availableReplicas === wanted && status?.replicas === wanted) return;
    if (performance.now() > until) {
      violations.push(`kubernetes: of ${wanted} replicas ${status?.availableReplicas ?? 0} are available`);
      return;
    }
    await pause(200);
  }
}

function clientOf({ servers, tls }: KubernetesAccess, first: number): HttpClient {
  const at = first % servers.length;
  return createHttpClient({
    servers: [...servers.slice(at), ...servers.slice(0, at)],
    ...tls,
    timeoutMs: REQUEST_MS,
  });
}

/** The server answered, and did nothing. */
function isRefusal(error: unknown): boolean {
  const code = (error as { status?: { code?: number } }).status?.code ?? 0;
  return code >= 400 && code < 500;
}

function configMap(name: string, data: Record<string, string>): v1.ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: NAMESPACE }, data };
}

function deployment(replicas: number): appsv1.Deployment {
  const labels = { app: 'chaos' };
  const container = { name: 'main', image: 'host', command: ['sleep', '100000'] };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'chaos', namespace: 'default' },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [container] } },
    },
  } as appsv1.Deployment;
}
