import type { appsv1 } from '../../api/index.ts';
import { desiredAtLastScaling, maxAtLastScaling } from './annotations.ts';
import { desired, isRollingUpdate, maxSurge, totalDesired } from './replica-counts.ts';

type Deployment = appsv1.Deployment;
type ReplicaSet = appsv1.ReplicaSet;

/** A ReplicaSet and the size that it should get. */
export interface Resize {
  replicaSet: ReplicaSet;
  replicas: number;
}

/** Whether the Deployment's size was changed since its ReplicaSets were last scaled. */
export function wasScaled(deployment: Deployment, all: readonly ReplicaSet[]): boolean {
  return all.some((replicaSet) => {
    const before = desiredAtLastScaling(replicaSet);
    return desired(replicaSet) > 0 && before !== undefined && before !== desired(deployment);
  });
}

/**
 * How a change of size is shared. One ReplicaSet takes it all; in the middle of a rollout each takes its
 * share, so that a rollout that goes wrong doesn't get worse by being scaled up.
 */
export function shareOut(
  deployment: Deployment,
  newReplicaSet: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
): Resize[] {
  const only = activeOrLatest(newReplicaSet, old);
  if (only !== undefined) return [{ replicaSet: only, replicas: desired(deployment) }];
  const active = old.filter((replicaSet) => desired(replicaSet) > 0);
  if (isSaturated(deployment, newReplicaSet)) return active.map((replicaSet) => ({ replicaSet, replicas: 0 }));
  if (!isRollingUpdate(deployment)) return [];
  return proportionally(
    deployment,
    newReplicaSet !== undefined && desired(newReplicaSet) > 0 ? [...active, newReplicaSet] : active,
  );
}

/** The one ReplicaSet with pods; if none has any, the newest; undefined if there are several or none at all. */
function activeOrLatest(newReplicaSet: ReplicaSet | undefined, old: readonly ReplicaSet[]): ReplicaSet | undefined {
  const all = newReplicaSet === undefined ? [...old] : [...old, newReplicaSet];
  const active = all.filter((replicaSet) => desired(replicaSet) > 0);
  if (active.length > 1) return undefined;
  return active[0] ?? newReplicaSet ?? old.toSorted(byAge).at(-1);
}

/** The rollout is over: the new ReplicaSet has all pods, and they are available. */
function isSaturated(deployment: Deployment, newReplicaSet: ReplicaSet | undefined): boolean {
  const replicas = desired(deployment);
  return (
    newReplicaSet !== undefined &&
    desiredAtLastScaling(newReplicaSet) === replicas &&
    desired(newReplicaSet) === replicas &&
    (newReplicaSet.status?.availableReplicas ?? 0) === replicas
  );
}

function proportionally(deployment: Deployment, all: readonly ReplicaSet[]): Resize[] {
  const allowed = desired(deployment) > 0 ? desired(deployment) + maxSurge(deployment) : 0;
  const toAdd = allowed - totalDesired(all);
  // Rounding favours the large ones: the newer of two when growing, the older when shrinking.
  const order = all.toSorted((a, b) => desired(b) - desired(a) || (toAdd > 0 ? byAge(b, a) : byAge(a, b)));
  let added = 0;
  const resizes = order.map((replicaSet) => {
    const share = toAdd === 0 ? 0 : shareOf(replicaSet, deployment, toAdd, added);
    added += share;
    return { replicaSet, replicas: desired(replicaSet) + share };
  });
  const [largest] = resizes;
  if (largest !== undefined) largest.replicas = Math.max(0, largest.replicas + toAdd - added);
  return resizes;
}

function shareOf(replicaSet: ReplicaSet, deployment: Deployment, toAdd: number, added: number): number {
  if (desired(replicaSet) === 0 || toAdd === added) return 0;
  const fraction = fractionOf(replicaSet, deployment);
  return toAdd > 0 ? Math.min(fraction, toAdd - added) : Math.max(fraction, toAdd - added);
}

/** By how much the ReplicaSet would have to grow to keep its part of the whole. */
function fractionOf(replicaSet: ReplicaSet, deployment: Deployment): number {
  if (desired(deployment) === 0) return -desired(replicaSet);
  const before = maxAtLastScaling(replicaSet) || deployment.status?.replicas || desired(replicaSet);
  const now = desired(deployment) + maxSurge(deployment);
  return Math.round((desired(replicaSet) * now) / before) - desired(replicaSet);
}

/** Oldest first. */
export function byAge(a: ReplicaSet, b: ReplicaSet): number {
  const [first, second] = [a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? ''];
  return first < second ? -1 : first > second ? 1 : a.metadata.name! < b.metadata.name! ? -1 : 1;
}
