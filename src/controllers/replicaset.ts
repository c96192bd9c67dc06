import { isDeepStrictEqual } from 'node:util';
import {
  type appsv1,
  formatTime,
  type LabelSelector,
  type ResourceReference,
  reasonOf,
  resources,
  selectorFromLabels,
  selectorFromObject,
  type v1,
} from '../api/index.ts';
import { errorMessage } from '../base/index.ts';
import {
  type Change,
  type Controller,
  createController,
  type Informer,
  type Key,
  type ReconcileResult,
  type Reconciler,
  source,
  splitKey,
} from '../client/index.ts';
import { type ControllerContext, uidOf } from './context.ts';
import { byController, claim, controllerOf, controllerReference, ownerKeys, ownershipChanged } from './owners.ts';
import { PendingWrites, UNSEEN_MS } from './pending-writes.ts';
import { isNamespaceTerminating, PodControl, slowStart } from './pod-control.ts';
import { rankForDeletion } from './pod-ranking.ts';
import { isActive, isAvailable, isReady, isTerminated } from './pods.ts';

/** A ReplicationController is an older ReplicaSet, whose selector is a plain map. */
type ReplicaSet = appsv1.ReplicaSet | v1.ReplicationController;

interface Kind {
  type: ResourceReference;
  /** What Kubernetes calls its controller, and who tells its Events. */
  controller: string;
  component: string;
  selectorOf(replicaSet: ReplicaSet): LabelSelector;
  /** Whether its status has `terminatingReplicas`. */
  countsTerminating: boolean;
}

/** Pods made or deleted for one ReplicaSet at a time; the rest follows in the next round. */
const BURST = 500;

/** Keeps as many pods running as each ReplicaSet says. */
export function replicaSetController(context: ControllerContext): Controller {
  return createReplicaSetController(context, {
    type: resources.replicaSets,
    controller: 'replicaset',
    component: 'replicaset-controller',
    selectorOf: ({ spec }) => selectorFromObject(spec?.selector as appsv1.ReplicaSetSpec['selector'] | undefined),
    countsTerminating: true,
  });
}

/** The same for ReplicationControllers. */
export function replicationController(context: ControllerContext): Controller {
  return createReplicaSetController(context, {
    type: resources.replicationControllers,
    controller: 'replicationcontroller',
    component: 'replication-controller',
    selectorOf: ({ spec }) => selectorFromLabels(spec?.selector as Record<string, string> | undefined),
    countsTerminating: false,
  });
}

function createReplicaSetController(context: ControllerContext, kind: Kind): Controller {
  const { informers } = context;
  const replicaSets = informers.informer<ReplicaSet>(kind.type, { indexes: byController });
  const pods = informers.informer<v1.Pod>(resources.pods, { indexes: byController });
  const reconciler = new ReplicaSetReconciler(context, kind, replicaSets, pods);
  const ownersOf = ownerKeys(kind.type, replicaSets, kind.selectorOf);
  const podKeys = (change: Change<v1.Pod>): readonly Key[] => {
    if (change.type !== 'updated' || !ownershipChanged(change.old, change.object)) {
      // What nobody owns concerns others only when it is new or its labels change.
      if (change.type !== 'added' && controllerOf(change.object) === undefined) return [];
      return ownersOf(change.object);
    }
    return [...ownersOf(change.object), ...(controllerOf(change.old) === undefined ? [] : ownersOf(change.old))];
  };
  return createController({
    name: kind.controller,
    reconciler,
    clock: context.clock,
    logger: context.logger,
    metrics: context.metrics,
    sources: [source(replicaSets), source(pods, podKeys)],
  });
}

class ReplicaSetReconciler implements Reconciler {
  readonly #context: ControllerContext;
  readonly #kind: Kind;
  readonly #replicaSets: Informer<ReplicaSet>;
  readonly #pods: Informer<v1.Pod>;
  readonly #pending: PendingWrites<v1.Pod>;
  readonly #podControl: PodControl;

  constructor(context: ControllerContext, kind: Kind, replicaSets: Informer<ReplicaSet>, pods: Informer<v1.Pod>) {
    this.#context = context;
    this.#kind = kind;
    this.#replicaSets = replicaSets;
    this.#pods = pods;
    this.#pending = new PendingWrites(pods);
    this.#podControl = new PodControl(context.client, context.recorder(kind.component));
  }

  async reconcile(key: Key, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    const { namespace, name } = splitKey(key);
    const replicaSet = this.#replicaSets.get(namespace, name);
    if (replicaSet?.spec === undefined) {
      this.#pending.forget(key);
      return undefined;
    }
    if (!this.#pending.settled(key)) return { requeueAfterMs: UNSEEN_MS };
    const claimed = await claim({
      client: this.#context.client,
      ownerType: this.#kind.type,
      owner: replicaSet,
      selector: this.#kind.selectorOf(replicaSet),
      dependentType: resources.pods,
      dependents: this.#pods,
      signal,
    });
    const active = claimed.filter(isActive);
    const failure =
      replicaSet.metadata.deletionTimestamp === undefined
        ? await this.#manage(key, replicaSet, active, signal)
        : undefined;
    const status = this.#statusOf(replicaSet, claimed, active, failure);
    await this.#writeStatus(replicaSet, status, signal);
    if (failure !== undefined && !isNamespaceTerminating(failure)) throw failure;
    const { minReadySeconds = 0 } = replicaSet.spec;
    // Nothing will tell when ready pods have been so for long enough.
    const waits = minReadySeconds > 0 && (status.readyReplicas ?? 0) > (status.availableReplicas ?? 0);
    return waits ? { requeueAfterMs: minReadySeconds * 1_000 } : undefined;
  }

  /** Makes or deletes pods. Returns why that failed, if it did. */
  async #manage(key: Key, replicaSet: ReplicaSet, active: readonly v1.Pod[], signal: AbortSignal): Promise<unknown> {
    const missing = (replicaSet.spec!.replicas ?? 1) - active.length;
    if (missing > 0) {
      const reference = controllerReference(this.#kind.type, replicaSet);
      const template = replicaSet.spec!.template ?? {};
      return slowStart(Math.min(missing, BURST), async () => {
        signal.throwIfAborted();
        this.#pending.created(key, await this.#podControl.create(replicaSet, reference, template, signal));
      });
    }
    if (missing === 0) return undefined;
    const ranked = rankForDeletion(active, this.#siblings(replicaSet), this.#context.clock.now());
    const deletions = ranked.slice(0, Math.min(-missing, BURST)).map(async (pod) => {
      await this.#podControl.delete(replicaSet, pod, signal);
      this.#pending.deleted(key, pod);
    });
    const results = await Promise.allSettled(deletions);
    return results.find((result) => result.status === 'rejected')?.reason;
  }

  /** Active pods of all ReplicaSets with the same controller. */
  #siblings(replicaSet: ReplicaSet): v1.Pod[] {
    const controller = controllerOf(replicaSet);
    const related = controller === undefined ? [replicaSet] : this.#replicaSets.byIndex('controller', controller.uid);
    return related.flatMap((each) => this.#pods.byIndex('controller', uidOf(each))).filter(isActive);
  }

  #statusOf(
    { spec, status, metadata }: ReplicaSet,
    claimed: readonly v1.Pod[],
    active: readonly v1.Pod[],
    failure: unknown,
  ): appsv1.ReplicaSetStatus {
    const now = this.#context.clock.now();
    const templateLabels = Object.entries(spec!.template?.metadata?.labels ?? {});
    const fullyLabeled = ({ metadata }: v1.Pod): boolean =>
      templateLabels.every(([name, value]) => metadata.labels?.[name] === value);
    const terminating = claimed.filter((pod) => pod.metadata.deletionTimestamp !== undefined && !isTerminated(pod));
    return {
      replicas: active.length,
      fullyLabeledReplicas: active.filter(fullyLabeled).length,
      readyReplicas: active.filter(isReady).length,
      availableReplicas: active.filter((pod) => isAvailable(pod, spec!.minReadySeconds ?? 0, now)).length,
      ...(this.#kind.countsTerminating && { terminatingReplicas: terminating.length }),
      observedGeneration: metadata.generation ?? 0,
      ...conditionsOf(status?.conditions ?? [], failure, active.length < (spec!.replicas ?? 1), now),
    };
  }

  async #writeStatus(replicaSet: ReplicaSet, status: appsv1.ReplicaSetStatus, signal: AbortSignal): Promise<void> {
    if (sameStatus(replicaSet.status, status)) return;
    const { client } = this.#context;
    const options = { subresource: 'status', signal };
    try {
      await client.update<ReplicaSet>(this.#kind.type, { ...replicaSet, status }, options);
    } catch (error) {
      if (reasonOf(error) === 'NotFound') return;
      if (reasonOf(error) !== 'Conflict') throw error;
      // Deployments write their ReplicaSets too; what was counted stays true.
      const { namespace, name } = replicaSet.metadata;
      const fresh = await client.get<ReplicaSet>(this.#kind.type, namespace, name!, { signal });
      if (uidOf(fresh) === uidOf(replicaSet)) await client.update(this.#kind.type, { ...fresh, status }, options);
    }
  }
}

function conditionsOf(
  current: readonly appsv1.ReplicaSetCondition[],
  failure: unknown,
  creating: boolean,
  now: number,
): { conditions?: appsv1.ReplicaSetCondition[] } {
  const others = current.filter(({ type }) => type !== 'ReplicaFailure');
  if (failure === undefined) return others.length === 0 ? {} : { conditions: others };
  const reason = creating ? 'FailedCreate' : 'FailedDelete';
  const known = current.find(({ type }) => type === 'ReplicaFailure');
  const condition: appsv1.ReplicaSetCondition = {
    type: 'ReplicaFailure',
    status: 'True',
    lastTransitionTime: formatTime(now),
    reason,
    message: errorMessage(failure),
  };
  return { conditions: [...others, known?.reason === reason ? known : condition] };
}

function sameStatus(a: appsv1.ReplicaSetStatus | undefined, b: appsv1.ReplicaSetStatus): boolean {
  const counts = [
    'replicas',
    'fullyLabeledReplicas',
    'readyReplicas',
    'availableReplicas',
    'terminatingReplicas',
  ] as const;
  return (
    a !== undefined &&
    counts.every((count) => (a[count] ?? 0) === (b[count] ?? 0)) &&
    a.observedGeneration === b.observedGeneration &&
    isDeepStrictEqual(a.conditions ?? [], b.conditions ?? [])
  );
}
