import { readFileSync } from 'node:fs';
import { KeelsonError } from '../base/index.ts';
import { type Access, call } from './access.ts';

/** As much of an object as this file looks at. */
interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
  spec?: { replicas?: number; selector?: { matchLabels?: Record<string, string> } };
}

interface Pod {
  metadata: { name: string };
  status?: { conditions?: { type: string; status: string }[] };
}

/** Reads a manifest: YAML documents, each an object. */
export async function readManifest(path: string): Promise<Manifest[]> {
  const { parseAllDocuments } = await import('yaml');
  return parseAllDocuments(readFileSync(path, 'utf8')).map((document) => document.toJS() as Manifest);
}

/** Creates what is not there yet. The API's own discovery tells where; a typed client would cost more than the peers' start may. */
export async function createObjects({ servers, tls }: Access, objects: readonly Manifest[]): Promise<void> {
  for (const object of objects) {
    const { apiVersion, kind, metadata } = object;
    const root = `${servers[0]}/${apiVersion.includes('/') ? 'apis' : 'api'}/${apiVersion}`;
    const { resources } = parse(await call(root, tls)) as { resources?: Resource[] };
    const resource = resources?.find((candidate) => candidate.kind === kind && !candidate.name.includes('/'));
    if (resource === undefined) throw new KeelsonError('MANIFEST', `the cluster has no kind ${kind} in ${apiVersion}`);
    const scope = resource.namespaced ? `/namespaces/${metadata.namespace ?? 'default'}` : '';
    const answer = await call(`${root}${scope}/${resource.name}?fieldManager=keelson`, tls, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(object),
    });
    if (answer.code === 409) continue;
    if (answer.code >= 300)
      throw new KeelsonError('MANIFEST', `can't create ${kind} ${metadata.name}: ${messageOf(answer.body)}`);
  }
}

interface Resource {
  name: string;
  kind: string;
  namespaced: boolean;
}

/**
 * Waits until the Deployments among `objects` have all their pods ready; resolves with how many those are. `tell` hears of each
 * step. Throws DEMO_TIMEOUT when `signal` comes first.
 */
export async function waitForPods(
  access: Access,
  objects: readonly Manifest[],
  signal: AbortSignal,
  tell: (text: string) => void,
): Promise<number> {
  let total = 0;
  for (const { kind, metadata, spec } of objects) {
    if (kind !== 'Deployment') continue;
    const { name, namespace = 'default' } = metadata;
    const wanted = spec?.replicas ?? 1;
    const labels = Object.entries(spec?.selector?.matchLabels ?? {}).map((pair) => pair.join('='));
    const ready = new Set<string>();
    tell(`${name}: 0 of ${wanted} pods ready`);
    const enough = new AbortController();
    const path = `/api/v1/namespaces/${namespace}/pods?watch=true&labelSelector=${encodeURIComponent(labels.join(','))}`;
    await watch(access, path, AbortSignal.any([signal, enough.signal]), (type, pod) => {
      if (type === 'DELETED' || !isReady(pod)) ready.delete(pod.metadata.name);
      else ready.add(pod.metadata.name);
      tell(`${name}: ${ready.size} of ${wanted} pods ready`);
      if (ready.size >= wanted) enough.abort();
    });
    if (ready.size < wanted) {
      throw new KeelsonError(
        'DEMO_TIMEOUT',
        `${name} has ${ready.size} of ${wanted} pods ready: "kubectl describe pods" says why`,
      );
    }
    total += wanted;
  }
  return total;
}

/** Hears of every pod that is there and of each change, until `signal`. */
async function watch(
  { servers, tls }: Access,
  path: string,
  signal: AbortSignal,
  listener: (type: string, pod: Pod) => void,
): Promise<void> {
  let rest = '';
  const onData = (chunk: string): void => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const { type, object } = JSON.parse(line) as { type: string; object: Pod };
      if (['ADDED', 'MODIFIED', 'DELETED'].includes(type)) listener(type, object);
    }
  };
  await call(`${servers[0]}${path}`, tls, { onData, signal }).catch((error) => {
    if (!signal.aborted) throw error;
  });
}

function isReady({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;
}

function parse({ code, body }: { code: number; body: string }): unknown {
  return code === 200 ? JSON.parse(body) : {};
}

function messageOf(body: string): string {
  try {
    return (JSON.parse(body) as { message?: string }).message ?? body;
  } catch {
    return body;
  }
}
