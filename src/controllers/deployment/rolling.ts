import type { appsv1 } from '../../api/index.ts';
import { desired, maxUnavailable, newReplicas, total, totalDesired } from './replica-counts.ts';
import { byAge, type Resize } from './scaling.ts';

type Deployment = appsv1.Deployment;
type ReplicaSet = appsv1.ReplicaSet;

/** The next step up of a rolling update, if there is one. */
export function growNew(deployment: Deployment, newReplicaSet: ReplicaSet, all: readonly ReplicaSet[]): Resize[] {
  const current = desired(newReplicaSet);
  if (current === desired(deployment)) return [];
  const replicas = current > desired(deployment) ? desired(deployment) : newReplicas(deployment, all, current);
  return replicas === current ? [] : [{ replicaSet: newReplicaSet, replicas }];
}

/**
 * The next step down: as many old pods as can go with enough left available, those that aren't
 * healthy first, for they help nobody.
 */
export function shrinkOld(
  deployment: Deployment,
  newReplicaSet: ReplicaSet,
  all: readonly ReplicaSet[],
  old: readonly ReplicaSet[],
): Resize[] {
  const minAvailable = desired(deployment) - maxUnavailable(deployment);
  const newUnavailable = desired(newReplicaSet) - (newReplicaSet.status?.availableReplicas ?? 0);
  const removable = totalDesired(all) - minAvailable - newUnavailable;
  const active = old.filter((replicaSet) => desired(replicaSet) > 0).sort(byAge);
  if (active.length === 0 || removable <= 0) return [];
  const sizes = new Map(active.map((replicaSet) => [replicaSet, desired(replicaSet)]));
  const take = (replicaSet: ReplicaSet, most: number): number => {
    const count = Math.max(0, Math.min(sizes.get(replicaSet)!, most));
    sizes.set(replicaSet, sizes.get(replicaSet)! - count);
    return count;
  };
  let unhealthyLeft = removable;
  for (const replicaSet of active) {
    const unhealthy = desired(replicaSet) - (replicaSet.status?.availableReplicas ?? 0);
    unhealthyLeft -= take(replicaSet, Math.min(unhealthy, unhealthyLeft));
  }
  let availableLeft = total(all, 'availableReplicas') - minAvailable;
  for (const replicaSet of active) availableLeft -= take(replicaSet, availableLeft);
  return active
    .map((replicaSet) => ({ replicaSet, replicas: sizes.get(replicaSet)! }))
    .filter(({ replicaSet, replicas }) => replicas !== desired(replicaSet));
}
