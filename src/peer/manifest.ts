import { readFile } from 'node:fs/promises';
import { type appsv1, findKind, type KubernetesObject, reasonOf, resources, type v1 } from '../api/index.ts';
import { KeelsonError } from '../base/index.ts';
import type { Client } from '../client/index.ts';

/** Reads a manifest: YAML documents, each an object of a kind that is served. */
export async function readManifest(path: string): Promise<KubernetesObject[]> {
  const { parseAllDocuments } = await import('yaml');
  const documents = parseAllDocuments(await readFile(path, 'utf8'));
  return documents.map((document) => document.toJS() as KubernetesObject | null).filter((object) => object !== null);
}

/** Creates what is not there yet. */
export async function applyManifest(client: Client, objects: readonly KubernetesObject[]): Promise<void> {
  for (const object of objects) {
    const type = findKind(object.apiVersion, object.kind);
    if (type === undefined) throw new KeelsonError('MANIFEST', `no kind ${object.kind} in ${object.apiVersion}`);
    try {
      await client.create(type, object, { fieldManager: 'keelson' });
    } catch (error) {
      if (reasonOf(error) !== 'AlreadyExists') throw error;
    }
  }
}

/**
 * Waits until the Deployments among `objects` have all their pods ready; resolves with how many those are. `tell` hears of each step.
 */
export async function waitForPods(
  client: Client,
  objects: readonly KubernetesObject[],
  signal: AbortSignal,
  tell: (text: string) => void,
): Promise<number> {
  let total = 0;
  for (const object of objects) {
    if (object.kind !== 'Deployment') continue;
    const { metadata, spec } = object as appsv1.Deployment;
    const wanted = spec?.replicas ?? 1;
    const labels = Object.entries(spec?.selector?.matchLabels ?? {});
    const labelSelector = labels.map(([key, value]) => `${key}=${value}`).join(',');
    const ready = new Set<string>();
    tell(`${metadata.name}: 0 of ${wanted} pods ready`);
    try {
      for await (const { type, object: pod } of client.watch<v1.Pod>(resources.pods, metadata.namespace, {
        signal,
        labelSelector,
      })) {
        if (type === 'BOOKMARK') continue;
        const name = pod.metadata.name ?? '';
        if (type !== 'DELETED' && isReady(pod)) ready.add(name);
        else ready.delete(name);
        tell(`${metadata.name}: ${ready.size} of ${wanted} pods ready`);
        if (ready.size >= wanted) break;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    if (ready.size < wanted) {
      throw new KeelsonError(
        'DEMO_TIMEOUT',
        `${metadata.name} has ${ready.size} of ${wanted} pods ready: "kubectl describe pods" says why`,
      );
    }
    total += wanted;
  }
  return total;
}

function isReady({ status }: v1.Pod): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;
}
