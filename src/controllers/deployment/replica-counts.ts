import type { appsv1, metav1 } from '../../api/index.ts';

type Deployment = appsv1.Deployment;
type ReplicaSet = appsv1.ReplicaSet;

/** Pods asked for. */
export function desired(object: Deployment | ReplicaSet): number {
  return object.spec?.replicas ?? 1;
}

/** Pods asked for by all of them. */
export function totalDesired(replicaSets: readonly ReplicaSet[]): number {
  return replicaSets.reduce((sum, replicaSet) => sum + desired(replicaSet), 0);
}

/** A figure of the status, over all of them. */
export function total(
  replicaSets: readonly ReplicaSet[],
  figure: 'replicas' | 'readyReplicas' | 'availableReplicas' | 'terminatingReplicas',
): number {
  return replicaSets.reduce((sum, { status }) => sum + (status?.[figure] ?? 0), 0);
}

export function isRollingUpdate({ spec }: Deployment): boolean {
  return spec!.strategy?.type !== 'Recreate';
}

/** Pods that may exist beyond those asked for. */
export function maxSurge(deployment: Deployment): number {
  return isRollingUpdate(deployment) ? fenceposts(deployment).surge : 0;
}

/** Pods of those asked for that may be missing. */
export function maxUnavailable(deployment: Deployment): number {
  if (!isRollingUpdate(deployment) || desired(deployment) === 0) return 0;
  return Math.min(fenceposts(deployment).unavailable, desired(deployment));
}

/** Fractions of pods: surge is rounded up, unavailability down; both zero would be a standstill. */
function fenceposts(deployment: Deployment): { surge: number; unavailable: number } {
  const { maxSurge = '25%', maxUnavailable = '25%' } = deployment.spec!.strategy?.rollingUpdate ?? {};
  const replicas = desired(deployment);
  const surge = scaled(maxSurge, replicas, Math.ceil);
  const unavailable = scaled(maxUnavailable, replicas, Math.floor);
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

function scaled(value: metav1.IntOrString, of: number, round: (value: number) => number): number {
  return typeof value === 'number' ? value : round((Number.parseInt(value, 10) * of) / 100);
}

/** How many pods the new ReplicaSet may have now, given what all of them have. */
export function newReplicas(deployment: Deployment, all: readonly ReplicaSet[], current: number): number {
  if (!isRollingUpdate(deployment)) return desired(deployment);
  const room = desired(deployment) + maxSurge(deployment) - totalDesired(all);
  return room <= 0 ? current : current + Math.min(room, desired(deployment) - current);
}

/** Whether every pod is one of the new template and available. */
export function isComplete(deployment: Deployment, status: appsv1.DeploymentStatus): boolean {
  const replicas = desired(deployment);
  return (
    (status.updatedReplicas ?? 0) === replicas &&
    (status.replicas ?? 0) === replicas &&
    (status.availableReplicas ?? 0) === replicas &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}
