import { parseTime, type v1 } from '../api/index.ts';

/** Neither ended nor going. */
export function isActive(pod: v1.Pod): boolean {
  return !isTerminated(pod) && pod.metadata.deletionTimestamp === undefined;
}

export function isTerminated({ status }: v1.Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

export function podCondition(pod: v1.Pod, type: string): v1.PodCondition | undefined {
  return pod.status?.conditions?.find((condition) => condition.type === type);
}

export function isReady(pod: v1.Pod): boolean {
  return podCondition(pod, 'Ready')?.status === 'True';
}

/** Since when the pod has been ready, in milliseconds; undefined when it isn't. */
export function readySince(pod: v1.Pod): number | undefined {
  const condition = podCondition(pod, 'Ready');
  return condition?.status === 'True' ? timeOf(condition.lastTransitionTime) : undefined;
}

/** Ready for at least that long. */
export function isAvailable(pod: v1.Pod, minReadySeconds: number, now: number): boolean {
  const since = readySince(pod);
  if (since === undefined) return isReady(pod) && minReadySeconds === 0;
  return minReadySeconds === 0 || since + minReadySeconds * 1_000 <= now;
}

/** Restarts of the container that was restarted most. */
export function maxRestarts(pod: v1.Pod): number {
  return Math.max(0, ...(pod.status?.containerStatuses ?? []).map(({ restartCount }) => restartCount));
}

export function timeOf(time: string | null | undefined): number | undefined {
  return time ? parseTime(time) : undefined;
}

/** Finds pods by the node they are on. */
export const byNode = {
  node: ({ spec }: v1.Pod): readonly string[] => (spec?.nodeName ? [spec.nodeName] : []),
};
