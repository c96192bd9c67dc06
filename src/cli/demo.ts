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

/** Creates what is not there yet. */
export async function createObjects(access: Access, objects: readonly Manifest[]): Promise<void> {
  for (const object of objects) {
    const { kind, metadata } = object;
    const collection = await collectionOf(access, object);
    const { code, body } = await call(`${collection}?fieldManager=keelson`, access.tls, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(object),
    });
    if (code >= 300 && code !== 409)
      throw new KeelsonError('MANIFEST', `can't create ${kind} ${metadata.name}: ${messageOf(body)}`);
  }
}

/** Those of the objects that are there, as they are now. */
export async function findObjects(access: Access, objects: readonly Manifest[]): Promise<Manifest[]> {
  const found: Manifest[] = [];
  for (const object of objects) {
    const { code, body } = await call(`${await collectionOf(access, object)}/${object.metadata.name}`, access.tls);
    if (code === 200) found.push(JSON.parse(body) as Manifest);
  }
  return found;
}

/** Where objects of a kind are: the API's own discovery tells. A typed client would cost as much as a peer's start. */
async function collectionOf({ servers, tls }: Access, { apiVersion, kind, metadata }: Manifest): Promise<string> {
  const root = `${servers[0]}/${apiVersion.includes('/') ? 'apis' : 'api'}/${apiVersion}`;
  const { code, body } = await call(root, tls);
  const { resources } = (code === 200 ? JSON.parse(body) : { resources: [] }) as { resources: Resource[] };
  const resource = resources.find(({ kind: served, name }) => served === kind && !name.includes('/'));
  if (resource === undefined) throw new KeelsonError('MANIFEST', `the cluster has no kind ${kind} in ${apiVersion}`);
  const scope = resource.namespaced ? `/namespaces/${metadata.namespace ?? 'default'}` : '';
  return `${root}${scope}/${resource.name}`;
}

interface Resource {
  name: string;
  kind: string;
  namespaced: boolean;
}

/**
 * Waits until the Deployments among `objects` have all their pods ready. `tell` hears of each step. When `signal` comes first,
 * resolves with what is missing.
 */
export async function waitForPods(
  access: Access,
  objects: readonly Manifest[],
  signal: AbortSignal,
  tell: (text: string) => void,
): Promise<string | undefined> {
  for (const { kind, metadata, spec } of objects) {
    const wanted = spec?.replicas ?? 1;
    if (kind !== 'Deployment' || wanted === 0) continue;
    const { name, namespace = 'default' } = metadata;
    const labels = Object.entries(spec?.selector?.matchLabels ?? {}).map((pair) => pair.join('='));
    const ready = new Set<string>();
    const state = (): string => `${name}: ${ready.size} of ${wanted} pods ready`;
    tell(state());
    const enough = new AbortController();
    const path = `/api/v1/namespaces/${namespace}/pods?watch=true&labelSelector=${encodeURIComponent(labels.join(','))}`;
    await watch(access, path, AbortSignal.any([signal, enough.signal]), (type, pod) => {
      if (type === 'DELETED' || !isReady(pod)) ready.delete(pod.metadata.name);
      else ready.add(pod.metadata.name);
      tell(state());
      if (ready.size >= wanted) enough.abort();
    });
    if (ready.size < wanted) return state();
  }
  return undefined;
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

function messageOf(body: string): string {
  try {
    return (JSON.parse(body) as { message?: string }).message ?? body;
  } catch {
    return body;
  }
}
