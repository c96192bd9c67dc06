import type { appsv1, KubernetesObject, v1 } from '../../api/index.ts';

export type Deployment = appsv1.Deployment;
export type ReplicaSet = appsv1.ReplicaSet;
export type Pod = v1.Pod;

export const prefixes = {
  deployments: '/registry/apps/deployments/',
  replicaSets: '/registry/apps/replicasets/',
  pods: '/registry/pods/',
} as const;

/** The id of who manages the object. */
export function controllerUid({ metadata }: KubernetesObject): string | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller)?.uid;
}

/** Neither ended nor going. */
export function isActive({ metadata, status }: Pod): boolean {
  return metadata.deletionTimestamp === undefined && status?.phase !== 'Succeeded' && status?.phase !== 'Failed';
}

export function isReady({ status }: Pod): boolean {
  return status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false;
}

/** How many pods a Deployment may have in all while it is rolled out: those asked for, and its surge. */
export function mostPods({ spec }: Deployment): number {
  const { replicas = 1, strategy } = spec!;
  const surge = strategy?.rollingUpdate?.maxSurge ?? 0;
  return replicas + (typeof surge === 'number' ? surge : Math.ceil((Number.parseInt(surge, 10) * replicas) / 100));
}
