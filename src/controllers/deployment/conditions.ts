import { type appsv1, formatTime } from '../../api/index.ts';
import { timeOf } from '../pods.ts';
import { isComplete } from './replica-counts.ts';

type Deployment = appsv1.Deployment;
type Condition = appsv1.DeploymentCondition;
type Status = appsv1.DeploymentStatus;

export function condition(
  type: Condition['type'],
  status: Condition['status'],
  reason: string,
  message: string,
  now: number,
): Condition {
  const time = formatTime(now);
  return { type, status, lastUpdateTime: time, lastTransitionTime: time, reason, message };
}

export function conditionOf(status: Status | undefined, type: string): Condition | undefined {
  return status?.conditions?.find((candidate) => candidate.type === type);
}

/** With the condition, unless one with that status and reason is there; the transition's time changes only with the status. */
export function withCondition(conditions: readonly Condition[], next: Condition): Condition[] {
  const current = conditions.find(({ type }) => type === next.type);
  if (current !== undefined && current.status === next.status && current.reason === next.reason) return [...conditions];
  const kept = current?.status === next.status ? { ...next, lastTransitionTime: current.lastTransitionTime } : next;
  return [...withoutCondition(conditions, next.type), kept];
}

export function withoutCondition(conditions: readonly Condition[], type: string): Condition[] {
  return conditions.filter((candidate) => candidate.type !== type);
}

/** 2³¹ - 1 stands for "never". */
export function hasProgressDeadline({ spec }: Deployment): boolean {
  return spec!.progressDeadlineSeconds !== undefined && spec!.progressDeadlineSeconds !== 2_147_483_647;
}

/** Whether the figures got better. */
export function isProgressing(old: Status | undefined, status: Status): boolean {
  const of = (
    figures: Status | undefined,
    name: 'updatedReplicas' | 'replicas' | 'readyReplicas' | 'availableReplicas',
  ) => figures?.[name] ?? 0;
  const oldPods = (figures: Status | undefined): number => of(figures, 'replicas') - of(figures, 'updatedReplicas');
  return (
    of(status, 'updatedReplicas') > of(old, 'updatedReplicas') ||
    oldPods(status) < oldPods(old) ||
    of(status, 'readyReplicas') > of(old, 'readyReplicas') ||
    of(status, 'availableReplicas') > of(old, 'availableReplicas')
  );
}

/** Whether it has got no further for longer than its deadline. */
export function hasTimedOut(deployment: Deployment, now: number): boolean {
  const progressing = conditionOf(deployment.status, 'Progressing');
  if (progressing === undefined || progressing.reason === 'NewReplicaSetAvailable') return false;
  if (progressing.reason === 'ProgressDeadlineExceeded') return true;
  return deadlineOf(deployment, progressing) < now;
}

/** How long until it is to be seen whether the deadline has passed; undefined when there is nothing to wait for. */
export function untilDeadlineMs(deployment: Deployment, status: Status, now: number): number | undefined {
  const progressing = conditionOf(status, 'Progressing');
  if (!hasProgressDeadline(deployment) || progressing === undefined) return undefined;
  if (isComplete(deployment, status) || progressing.reason === 'ProgressDeadlineExceeded') return undefined;
  // A second more, because times are written in whole seconds.
  return Math.max(0, deadlineOf(deployment, progressing) - now) + 1_000;
}

function deadlineOf({ spec }: Deployment, { lastUpdateTime }: Condition): number {
  return (timeOf(lastUpdateTime) ?? 0) + spec!.progressDeadlineSeconds! * 1_000;
}
