import { type appsv1, type LabelSelector, reasonOf, resources, selectorFromObject, type v1 } from '../../api/index.ts';
import {
  type Change,
  type Controller,
  createController,
  type EventRecorder,
  type Informer,
  type Key,
  keyFor,
  type ReconcileResult,
  type Reconciler,
  source,
  splitKey,
} from '../../client/index.ts';
import { type ControllerContext, uidOf } from '../context.ts';
import { byController, claim, controllerOf, ownerKeys, ownershipChanged } from '../owners.ts';
import { PendingWrites, UNSEEN_MS } from '../pending-writes.ts';
import { isTerminated } from '../pods.ts';
import { revisionOf } from './annotations.ts';
import { condition, conditionOf, hasProgressDeadline, untilDeadlineMs, withCondition } from './conditions.ts';
import { desired, isComplete, isRollingUpdate } from './replica-counts.ts';
import { type Revisions, syncRevisions } from './revisions.ts';
import { growNew, shrinkOld } from './rolling.ts';
import { DeploymentRound } from './round.ts';
import { shareOut, wasScaled } from './scaling.ts';
import { rolloutStatusOf, sameStatus, statusOf } from './status.ts';

type Deployment = appsv1.Deployment;
type ReplicaSet = appsv1.ReplicaSet;

/** Brings each Deployment's pods from one template to the next, at the pace its strategy allows. */
export function deploymentController(context: ControllerContext): Controller {
  const { informers } = context;
  const deployments = informers.informer<Deployment>(resources.deployments);
  const replicaSets = informers.informer<ReplicaSet>(resources.replicaSets, { indexes: byController });
  const pods = informers.informer<v1.Pod>(resources.pods, { indexes: byController });
  const ownersOf = ownerKeys(resources.deployments, deployments, selectorOf);
  const replicaSetKeys = (change: Change<ReplicaSet>): readonly Key[] =>
    change.type === 'updated' && ownershipChanged(change.old, change.object)
      ? [...ownersOf(change.object), ...ownersOf(change.old)]
      : ownersOf(change.object);
  /** Strategy Recreate waits for the last of the old pods to end. */
  const podKeys = (change: Change<v1.Pod>): readonly Key[] => {
    if (change.type === 'added' || (change.type === 'updated' && !isTerminated(change.object))) return [];
    const reference = controllerOf(change.object);
    const { namespace } = change.object.metadata;
    const owner = reference?.kind === 'ReplicaSet' ? replicaSets.get(namespace, reference.name) : undefined;
    const deployment = owner && deployments.get(namespace, controllerOf(owner)?.name ?? '');
    return deployment && !isRollingUpdate(deployment) ? [keyFor(namespace, deployment.metadata.name!)] : [];
  };
  return createController({
    name: 'deployment',
    reconciler: new DeploymentReconciler(context, deployments, replicaSets, pods),
    clock: context.clock,
    logger: context.logger,
    metrics: context.metrics,
    sources: [source(deployments), source(replicaSets, replicaSetKeys), source(pods, podKeys)],
  });
}

class DeploymentReconciler implements Reconciler {
  readonly #context: ControllerContext;
  readonly #deployments: Informer<Deployment>;
  readonly #replicaSets: Informer<ReplicaSet>;
  readonly #pods: Informer<v1.Pod>;
  readonly #pending: PendingWrites<ReplicaSet>;
  readonly #recorder: EventRecorder;

  constructor(
    context: ControllerContext,
    deployments: Informer<Deployment>,
    replicaSets: Informer<ReplicaSet>,
    pods: Informer<v1.Pod>,
  ) {
    this.#context = context;
    this.#deployments = deployments;
    this.#replicaSets = replicaSets;
    this.#pods = pods;
    this.#pending = new PendingWrites(replicaSets);
    this.#recorder = context.recorder('deployment-controller');
  }

  async reconcile(key: Key, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    const { client, clock } = this.#context;
    const { namespace, name } = splitKey(key);
    const deployment = this.#deployments.get(namespace, name);
    if (deployment?.spec === undefined) {
      this.#pending.forget(key);
      return undefined;
    }
    // One that the cache does not show yet would be counted as none, and more pods be asked for than may be.
    if (!this.#pending.settled(key)) return { requeueAfterMs: UNSEEN_MS };
    const wrote = (replicaSet: ReplicaSet): void => this.#pending.created(key, replicaSet);
    const round = new DeploymentRound(client, this.#recorder, signal, clock.now(), deployment, wrote);
    if (selectorOf(deployment).empty) {
      const message = 'This deployment is selecting all pods. A non-empty selector is required.';
      this.#recorder.event(deployment, 'Warning', 'SelectingAll', message);
      return undefined;
    }
    const replicaSets = await claim({
      client,
      ownerType: resources.deployments,
      owner: deployment,
      selector: selectorOf(deployment),
      dependentType: resources.replicaSets,
      dependents: this.#replicaSets,
      signal,
    });
    return this.#step(round, replicaSets);
  }

  async #step(round: DeploymentRound, replicaSets: readonly ReplicaSet[]): Promise<ReconcileResult | undefined> {
    if (round.deployment.metadata.deletionTimestamp !== undefined) {
      await this.#writeStatus(round, await syncRevisions(round, replicaSets, false));
      return undefined;
    }
    await this.#notePause(round);
    const { paused } = round.deployment.spec!;
    if (paused || wasScaled(round.deployment, replicaSets)) {
      const revisions = await syncRevisions(round, replicaSets, false);
      await round.resize(shareOut(round.deployment, revisions.newReplicaSet, revisions.old));
      if (paused) await this.#cleanUp(round, revisions.old);
      await this.#writeStatus(round, revisions);
      return undefined;
    }
    return isRollingUpdate(round.deployment) ? this.#roll(round, replicaSets) : this.#recreate(round, replicaSets);
  }

  async #roll(round: DeploymentRound, replicaSets: readonly ReplicaSet[]): Promise<ReconcileResult | undefined> {
    const revisions = await syncRevisions(round, replicaSets, true);
    const { newReplicaSet, old } = revisions;
    const all = [...old, newReplicaSet!];
    const { deployment } = round;
    const changed =
      (await round.resize(growNew(deployment, newReplicaSet!, all))) ||
      (await round.resize(shrinkOld(deployment, newReplicaSet!, all, old)));
    return this.#finish(round, revisions, !changed);
  }

  async #recreate(round: DeploymentRound, replicaSets: readonly ReplicaSet[]): Promise<ReconcileResult | undefined> {
    let revisions = await syncRevisions(round, replicaSets, false);
    const active = revisions.old.filter((replicaSet) => desired(replicaSet) > 0);
    if (await round.resize(active.map((replicaSet) => ({ replicaSet, replicas: 0 })))) {
      return this.#finish(round, revisions, false);
    }
    if (this.#podsRemain(revisions.old)) return this.#finish(round, revisions, false);
    if (revisions.newReplicaSet === undefined) revisions = await syncRevisions(round, replicaSets, true);
    const replicas = desired(round.deployment);
    const changed = await round.resize([{ replicaSet: revisions.newReplicaSet!, replicas }]);
    return this.#finish(round, revisions, !changed);
  }

  #podsRemain(old: readonly ReplicaSet[]): boolean {
    return old.some((replicaSet) =>
      this.#pods.byIndex('controller', uidOf(replicaSet)).some((pod) => !isTerminated(pod)),
    );
  }

  async #finish(
    round: DeploymentRound,
    revisions: Revisions,
    mayCleanUp: boolean,
  ): Promise<ReconcileResult | undefined> {
    const { newReplicaSet, old } = revisions;
    if (mayCleanUp && isComplete(round.deployment, round.deployment.status ?? {})) await this.#cleanUp(round, old);
    const all = newReplicaSet === undefined ? old : [...old, newReplicaSet];
    const status = rolloutStatusOf(round.deployment, all, newReplicaSet, round.now);
    if (!sameStatus(round.deployment.status, status)) await round.writeStatus(status);
    const requeueAfterMs = untilDeadlineMs(round.deployment, status, round.now);
    return requeueAfterMs === undefined ? undefined : { requeueAfterMs };
  }

  async #writeStatus(round: DeploymentRound, { newReplicaSet, old }: Revisions): Promise<void> {
    const all = newReplicaSet === undefined ? old : [...old, newReplicaSet];
    const status = statusOf(round.deployment, all, newReplicaSet, round.now);
    if (!sameStatus(round.deployment.status, status)) await round.writeStatus(status);
  }

  /** A pause doesn't count as lack of progress. */
  async #notePause(round: DeploymentRound): Promise<void> {
    const { deployment, now } = round;
    if (!hasProgressDeadline(deployment)) return;
    const current = conditionOf(deployment.status, 'Progressing');
    if (current?.reason === 'ProgressDeadlineExceeded') return;
    const { paused = false } = deployment.spec!;
    if (paused === (current?.reason === 'DeploymentPaused')) return;
    const next = paused
      ? condition('Progressing', 'Unknown', 'DeploymentPaused', 'Deployment is paused', now)
      : condition('Progressing', 'Unknown', 'DeploymentResumed', 'Deployment is resumed', now);
    await round.writeStatus({
      ...deployment.status,
      conditions: withCondition(deployment.status?.conditions ?? [], next),
    });
  }

  /** Deletes the oldest of the ReplicaSets without pods, beyond those kept to roll back to. */
  async #cleanUp({ client, signal, deployment }: DeploymentRound, old: readonly ReplicaSet[]): Promise<void> {
    const { revisionHistoryLimit = 2_147_483_647 } = deployment.spec!;
    const going = (replicaSet: ReplicaSet): boolean => replicaSet.metadata.deletionTimestamp !== undefined;
    const unused = (replicaSet: ReplicaSet): boolean =>
      (replicaSet.status?.replicas ?? 0) === 0 &&
      desired(replicaSet) === 0 &&
      (replicaSet.metadata.generation ?? 0) <= (replicaSet.status?.observedGeneration ?? 0);
    const kept = old.filter((replicaSet) => !going(replicaSet)).sort((a, b) => revisionOf(a) - revisionOf(b));
    for (const replicaSet of kept.slice(0, Math.max(0, kept.length - revisionHistoryLimit)).filter(unused)) {
      const { namespace, name } = replicaSet.metadata;
      const preconditions = { uid: uidOf(replicaSet) };
      await client
        .delete(resources.replicaSets, namespace, name!, { preconditions, signal })
        .catch((error: unknown) => {
          if (reasonOf(error) !== 'NotFound') throw error;
        });
    }
  }
}

function selectorOf({ spec }: Deployment): LabelSelector {
  return selectorFromObject(spec?.selector);
}
