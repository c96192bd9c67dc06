import { type appsv1, errors, reasonOf, resources } from '../../api/index.ts';
import { errorMessage } from '../../base/index.ts';
import { uidOf } from '../context.ts';
import { controllerOf, controllerReference } from '../owners.ts';
import { isNamespaceTerminating } from '../pod-control.ts';
import {
  newReplicaSetAnnotations,
  revisionOf,
  sameAnnotations,
  scalingAnnotations,
  withRevision,
} from './annotations.ts';
import { condition, conditionOf, hasProgressDeadline, withCondition } from './conditions.ts';
import { newReplicas } from './replica-counts.ts';
import type { DeploymentRound } from './round.ts';
import { byAge } from './scaling.ts';
import { HASH_LABEL, sameTemplate, templateHash } from './template.ts';

type Deployment = appsv1.Deployment;
type ReplicaSet = appsv1.ReplicaSet;

/** A Deployment's ReplicaSets: the one of its present template, if there is one, and the others. */
export interface Revisions {
  newReplicaSet: ReplicaSet | undefined;
  old: ReplicaSet[];
}

/** Tells new from old, gives the new one its revision, and makes it first if it is missing and `create` says so. */
export async function syncRevisions(
  round: DeploymentRound,
  replicaSets: readonly ReplicaSet[],
  create: boolean,
): Promise<Revisions> {
  const { template } = round.deployment.spec!;
  // Should several have the template, the oldest counts, so that all rounds agree.
  const found = replicaSets.toSorted(byAge).find(({ spec }) => sameTemplate(spec!.template!, template));
  const old = replicaSets.filter((replicaSet) => replicaSet !== found);
  const revision = Math.max(0, ...old.map(revisionOf)) + 1;
  if (found !== undefined) return { newReplicaSet: await reuse(round, found, revision), old };
  return { newReplicaSet: create ? await createNew(round, old, revision) : undefined, old };
}

async function reuse(round: DeploymentRound, found: ReplicaSet, revision: number): Promise<ReplicaSet> {
  const { client, signal, deployment } = round;
  const annotations = newReplicaSetAnnotations(deployment, found.metadata.annotations, revision);
  const { minReadySeconds = 0 } = deployment.spec!;
  const replicaSet = {
    ...found,
    metadata: { ...found.metadata, annotations },
    spec: { ...found.spec!, minReadySeconds },
  };
  const same = sameAnnotations(found.metadata.annotations, annotations);
  let updated = found;
  if (!same || (found.spec!.minReadySeconds ?? 0) !== minReadySeconds) {
    updated = await client.update(resources.replicaSets, replicaSet, { signal });
    round.wrote(updated);
  }
  await noteRevision(round, updated, 'FoundNewReplicaSet', `Found new replica set "${updated.metadata.name}"`, false);
  return updated;
}

async function createNew(round: DeploymentRound, old: readonly ReplicaSet[], revision: number): Promise<ReplicaSet> {
  const { client, signal, deployment, recorder } = round;
  const wanted = newReplicaSetOf(deployment, old, revision);
  const name = wanted.metadata.name!;
  let created: ReplicaSet;
  try {
    created = await client.create(resources.replicaSets, wanted, { signal });
    round.wrote(created);
    const replicas = wanted.spec!.replicas!;
    if (replicas > 0) {
      recorder.event(deployment, 'Normal', 'ScalingReplicaSet', `Scaled up replica set ${name} from 0 to ${replicas}`);
    }
  } catch (error) {
    if (reasonOf(error) === 'AlreadyExists') created = await existing(round, wanted);
    else {
      if (!isNamespaceTerminating(error) && !signal.aborted) await noteFailure(round, name, error);
      throw error;
    }
  }
  await noteRevision(round, created, 'NewReplicaSetCreated', `Created new replica set "${name}"`, true);
  return created;
}

function newReplicaSetOf(deployment: Deployment, old: readonly ReplicaSet[], revision: number): ReplicaSet {
  const { template, selector, minReadySeconds = 0 } = deployment.spec!;
  const { namespace, name } = deployment.metadata;
  const hash = templateHash(template, deployment.status?.collisionCount ?? 0);
  const labels = { ...template.metadata?.labels, [HASH_LABEL]: hash };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${name}-${hash}`,
      namespace: namespace!,
      labels,
      annotations: {
        ...newReplicaSetAnnotations(deployment, undefined, revision),
        ...scalingAnnotations(deployment),
      },
      ownerReferences: [controllerReference(resources.deployments, deployment)],
    },
    spec: {
      replicas: newReplicas(deployment, old, 0),
      minReadySeconds,
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [HASH_LABEL]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
}

/** The one that has the name: ours that the cache doesn't show yet, or one that makes us choose another name. */
async function existing(round: DeploymentRound, wanted: ReplicaSet): Promise<ReplicaSet> {
  const { client, signal, deployment } = round;
  const { namespace, name } = wanted.metadata;
  const found = await client.get<ReplicaSet>(resources.replicaSets, namespace, name!, { signal });
  const ours = controllerOf(found)?.uid === uidOf(deployment);
  if (ours && sameTemplate(found.spec!.template!, wanted.spec!.template!)) return found;
  const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
  await round.writeStatus({ ...deployment.status, collisionCount });
  throw errors.alreadyExists(resources.replicaSets, name!);
}

async function noteFailure(round: DeploymentRound, name: string, error: unknown): Promise<void> {
  const { deployment, recorder } = round;
  const message = `Failed to create new replica set "${name}": ${errorMessage(error)}`;
  if (hasProgressDeadline(deployment)) {
    const failed = condition('Progressing', 'False', 'ReplicaSetCreateError', message, round.now);
    const conditions = withCondition(deployment.status?.conditions ?? [], failed);
    // What went wrong before is more to the point than that it can't be told.
    await round.writeStatus({ ...deployment.status, conditions }).catch(() => {});
  }
  recorder.event(deployment, 'Warning', 'ReplicaSetCreateError', message);
}

/** Copies the revision to the Deployment, and marks the beginning of its progress. */
async function noteRevision(
  round: DeploymentRound,
  replicaSet: ReplicaSet,
  reason: string,
  message: string,
  always: boolean,
): Promise<void> {
  const { deployment } = round;
  const { status } = deployment;
  const annotations = withRevision(deployment, revisionOf(replicaSet));
  const begins = hasProgressDeadline(deployment) && (always || conditionOf(status, 'Progressing') === undefined);
  const progressing = condition('Progressing', 'True', reason, message, round.now);
  if (begins) {
    const conditions = withCondition(status?.conditions ?? [], progressing);
    await round.writeStatus({ ...status, conditions }, annotations);
  } else if (revisionOf(deployment) !== revisionOf(replicaSet)) await round.writeStatus(status, annotations);
}
