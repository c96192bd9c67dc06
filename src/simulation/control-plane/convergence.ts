import type { KubernetesObject } from '../../api/index.ts';
import { type LocalStore, prefixEnd } from '../../store/index.ts';
import { controllerUid, type Deployment, isActive, isReady, type Pod, prefixes, type ReplicaSet } from './objects.ts';

/**
 * What is not yet as the Deployments in a store say, in one line; undefined when all is: each has exactly its pods, ready and of its
 * newest template, and nothing is left of what was before.
 */
export function unsettled(store: LocalStore): string | undefined {
  const deployments = read<Deployment>(store, prefixes.deployments);
  const replicaSets = read<ReplicaSet>(store, prefixes.replicaSets);
  const pods = read<Pod>(store, prefixes.pods);
  const deploymentUids = new Set(deployments.map(({ metadata }) => metadata.uid));
  const replicaSetUids = new Set(replicaSets.map(({ metadata }) => metadata.uid));
  const orphans = [
    ...replicaSets.filter((replicaSet) => !deploymentUids.has(controllerUid(replicaSet))),
    ...pods.filter((pod) => !replicaSetUids.has(controllerUid(pod))),
  ];
  const [orphan] = orphans;
  if (orphan !== undefined) return `${orphan.kind} ${orphan.metadata.name} is orphaned`;
  for (const deployment of deployments) {
    const own = replicaSets.filter((replicaSet) => controllerUid(replicaSet) === deployment.metadata.uid);
    const problem = problemOf(deployment, own, pods);
    if (problem !== undefined) return `Deployment ${deployment.metadata.name} ${problem}`;
  }
  return undefined;
}

function problemOf(
  { metadata, spec, status }: Deployment,
  own: readonly ReplicaSet[],
  pods: readonly Pod[],
): string | undefined {
  const replicas = spec!.replicas ?? 1;
  if (metadata.deletionTimestamp !== undefined) return 'is still going';
  if ((status?.observedGeneration ?? 0) < (metadata.generation ?? 0)) return 'was not looked at since it changed';
  const image = spec!.template.spec?.containers[0]?.image;
  const current = own.filter((replicaSet) => replicaSet.spec!.template?.spec?.containers[0]?.image === image);
  if (current.length !== 1) return `has ${current.length} ReplicaSets of its template`;
  const podsOf = (uid: string | undefined): Pod[] => pods.filter((pod) => controllerUid(pod) === uid);
  for (const replicaSet of own) {
    const wanted = replicaSet === current[0] ? replicas : 0;
    const found = podsOf(replicaSet.metadata.uid);
    if (replicaSet.spec!.replicas !== wanted)
      return `asks ${replicaSet.metadata.name} for ${replicaSet.spec!.replicas}, not ${wanted}`;
    if (found.length !== wanted || !found.every((pod) => isActive(pod) && isReady(pod)))
      return `has ${found.filter(isReady).length} ready of ${found.length} pods of ${replicaSet.metadata.name}, not ${wanted}`;
  }
  const counts = [status?.replicas, status?.updatedReplicas, status?.availableReplicas].map((count) => count ?? 0);
  return counts.every((count) => count === replicas) ? undefined : `says ${counts} where it has ${replicas}`;
}

function read<T extends KubernetesObject>(store: LocalStore, prefix: string): T[] {
  return store.local
    .range({ key: prefix, end: prefixEnd(prefix) })
    .kvs.map(({ value }) => JSON.parse(Buffer.from(value).toString()) as T);
}
