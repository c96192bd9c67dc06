import { isDeepStrictEqual } from 'node:util';
import type { appsv1 } from '../../api/index.ts';
import {
  condition,
  conditionOf,
  hasProgressDeadline,
  hasTimedOut,
  isProgressing,
  withCondition,
  withoutCondition,
} from './conditions.ts';
import { desired, isComplete, maxUnavailable, total, totalDesired } from './replica-counts.ts';

type Deployment = appsv1.Deployment;
type ReplicaSet = appsv1.ReplicaSet;
type Status = appsv1.DeploymentStatus;

/** The figures of a Deployment's ReplicaSets, and whether enough pods are available. */
export function statusOf(
  deployment: Deployment,
  all: readonly ReplicaSet[],
  newReplicaSet: ReplicaSet | undefined,
  now: number,
): Status {
  const available = total(all, 'availableReplicas');
  const enough = available >= desired(deployment) - maxUnavailable(deployment);
  const availability = enough
    ? condition('Available', 'True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.', now)
    : condition(
        'Available',
        'False',
        'MinimumReplicasUnavailable',
        'Deployment does not have minimum availability.',
        now,
      );
  const { collisionCount, conditions = [] } = deployment.status ?? {};
  return {
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas: total(all, 'replicas'),
    updatedReplicas: total(newReplicaSet === undefined ? [] : [newReplicaSet], 'replicas'),
    readyReplicas: total(all, 'readyReplicas'),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, totalDesired(all) - available),
    terminatingReplicas: total(all, 'terminatingReplicas'),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    conditions: withCondition(conditions, availability),
  };
}

/** The same with how the rollout is going: done, on its way, or stuck. */
export function rolloutStatusOf(
  deployment: Deployment,
  all: readonly ReplicaSet[],
  newReplicaSet: ReplicaSet | undefined,
  now: number,
): Status {
  const status = statusOf(deployment, all, newReplicaSet, now);
  let conditions = status.conditions!;
  if (!hasProgressDeadline(deployment)) conditions = withoutCondition(conditions, 'Progressing');
  else conditions = withProgress(deployment, status, newReplicaSet, now);
  const failure = replicaFailureOf(all, newReplicaSet);
  if (failure === undefined) conditions = withoutCondition(conditions, 'ReplicaFailure');
  else {
    const { status: state, reason = '', message = '' } = failure;
    conditions = withCondition(conditions, condition('ReplicaFailure', state, reason, message, now));
  }
  return { ...status, conditions };
}

function withProgress(
  deployment: Deployment,
  status: Status,
  newReplicaSet: ReplicaSet | undefined,
  now: number,
): appsv1.DeploymentCondition[] {
  const conditions = status.conditions!;
  const current = conditionOf(deployment.status, 'Progressing');
  // A rollout that was complete stays so until a new one begins.
  if (status.replicas === status.updatedReplicas && current?.reason === 'NewReplicaSetAvailable') return conditions;
  const subject =
    newReplicaSet === undefined
      ? `Deployment "${deployment.metadata.name}"`
      : `ReplicaSet "${newReplicaSet.metadata.name}"`;
  if (isComplete(deployment, status)) {
    const message = `${subject} has successfully progressed.`;
    return withCondition(conditions, condition('Progressing', 'True', 'NewReplicaSetAvailable', message, now));
  }
  if (isProgressing(deployment.status, status)) {
    const next = condition('Progressing', 'True', 'ReplicaSetUpdated', `${subject} is progressing.`, now);
    if (current?.status === 'True') next.lastTransitionTime = current.lastTransitionTime!;
    // Also with the same reason as before: the time of the update is what the deadline counts from.
    return [...withoutCondition(conditions, 'Progressing'), next];
  }
  if (hasTimedOut(deployment, now)) {
    const message = `${subject} has timed out progressing.`;
    return withCondition(conditions, condition('Progressing', 'False', 'ProgressDeadlineExceeded', message, now));
  }
  return conditions;
}

/** Why pods can't be made, the new ones first. */
function replicaFailureOf(
  all: readonly ReplicaSet[],
  newReplicaSet: ReplicaSet | undefined,
): appsv1.ReplicaSetCondition | undefined {
  const failureOf = (replicaSet: ReplicaSet | undefined) =>
    replicaSet?.status?.conditions?.find(({ type, status }) => type === 'ReplicaFailure' && status === 'True');
  return failureOf(newReplicaSet) ?? all.map(failureOf).find((failure) => failure !== undefined);
}

export function sameStatus(a: Status | undefined, b: Status): boolean {
  const names = Object.keys({ ...a, ...b }) as (keyof Status)[];
  return names.every((name) =>
    name === 'conditions'
      ? isDeepStrictEqual(a?.conditions ?? [], b.conditions ?? [])
      : (a?.[name] ?? 0) === (b[name] ?? 0),
  );
}
