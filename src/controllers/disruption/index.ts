import { isDeepStrictEqual } from 'node:util';
import { type appsv1, type policyv1, reasonOf, resources, selectorFromObject, type v1 } from '../../api/index.ts';
import { errorMessage } from '../../base/index.ts';
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
import type { ControllerContext } from '../context.ts';
import { controllerOf } from '../owners.ts';
import { budgetStatus, expectation, failedStatus } from './status.ts';

type Budget = policyv1.PodDisruptionBudget;

/** Tells of each PodDisruptionBudget how many of its pods are healthy, and how many may be evicted. */
export function disruptionController(context: ControllerContext): Controller {
  const { informers } = context;
  const budgets = informers.informer<Budget>(resources.podDisruptionBudgets);
  const pods = informers.informer<v1.Pod>(resources.pods);
  const scales: Scales = {
    replicaSets: informers.informer(resources.replicaSets),
    deployments: informers.informer(resources.deployments),
    statefulSets: informers.informer(resources.statefulSets),
    replicationControllers: informers.informer(resources.replicationControllers),
  };
  const budgetsOf = (pod: v1.Pod): Key[] =>
    budgets
      .list(pod.metadata.namespace)
      .filter((budget) => selects(budget, pod))
      .map(({ metadata }) => keyFor(metadata.namespace, metadata.name!));
  const podKeys = (change: Change<v1.Pod>): Key[] => [
    ...budgetsOf(change.object),
    ...(change.type === 'updated' ? budgetsOf(change.old) : []),
  ];
  /** Of what is scaled: the budgets that have to do with pods of the namespace. */
  const scaleKeys = ({ object }: Change<Scaled>): Key[] =>
    budgets.list(object.metadata.namespace).map(({ metadata }) => keyFor(metadata.namespace, metadata.name!));
  return createController({
    name: 'disruption',
    reconciler: new DisruptionReconciler(context, budgets, pods, scales),
    clock: context.clock,
    logger: context.logger,
    metrics: context.metrics,
    sources: [
      source(budgets),
      source(pods, podKeys),
      source(scales.deployments, scaleKeys),
      source(scales.statefulSets, scaleKeys),
      source(scales.replicationControllers, scaleKeys),
    ],
  });
}

function selects({ spec }: Budget, { metadata }: v1.Pod): boolean {
  return selectorFromObject(spec?.selector).matches(metadata.labels);
}

type Scaled = appsv1.ReplicaSet | appsv1.Deployment | appsv1.StatefulSet | v1.ReplicationController;

interface Scales {
  replicaSets: Informer<appsv1.ReplicaSet>;
  deployments: Informer<appsv1.Deployment>;
  statefulSets: Informer<appsv1.StatefulSet>;
  replicationControllers: Informer<v1.ReplicationController>;
}

class DisruptionReconciler implements Reconciler {
  readonly #context: ControllerContext;
  readonly #budgets: Informer<Budget>;
  readonly #pods: Informer<v1.Pod>;
  readonly #scales: Scales;
  readonly #recorder: EventRecorder;

  constructor(context: ControllerContext, budgets: Informer<Budget>, pods: Informer<v1.Pod>, scales: Scales) {
    this.#context = context;
    this.#budgets = budgets;
    this.#pods = pods;
    this.#scales = scales;
    this.#recorder = context.recorder('controllermanager');
  }

  async reconcile(key: Key, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    const { namespace, name } = splitKey(key);
    const budget = this.#budgets.get(namespace, name);
    if (budget === undefined) return undefined;
    const pods = this.#pods.list(namespace).filter((pod) => selects(budget, pod));
    if (pods.length === 0) this.#recorder.event(budget, 'Normal', 'NoPods', 'No matching pods found');
    const now = this.#context.clock.now();
    try {
      const expected = expectation(budget, pods.length, () => this.#scaleOf(budget, pods));
      const { status, recheckMs } = budgetStatus(budget, pods, expected, now);
      await this.#write(budget, status, signal);
      return recheckMs === undefined ? undefined : { requeueAfterMs: recheckMs };
    } catch (error) {
      if (!(error instanceof NoController)) throw error;
      const message = `Failed to calculate the number of expected pods: ${errorMessage(error)}`;
      this.#recorder.event(budget, 'Warning', 'CalculateExpectedPodCountFailed', message);
      await this.#write(budget, failedStatus(budget, errorMessage(error), now), signal);
      return undefined;
    }
  }

  /** The sum of what the controllers of the pods want. Pods that nobody controls don't count. */
  #scaleOf(budget: Budget, pods: readonly v1.Pod[]): number {
    const wanted = new Map<string, number>();
    let unmanaged = false;
    for (const pod of pods) {
      const reference = controllerOf(pod);
      if (reference === undefined) {
        unmanaged = true;
        continue;
      }
      const owner = this.#scaled(reference.kind, pod.metadata.namespace!, reference.name);
      if (owner?.metadata.uid !== undefined) wanted.set(owner.metadata.uid, owner.spec?.replicas ?? 1);
      else throw new NoController(`found no controllers for pod "${pod.metadata.name}"`);
    }
    if (unmanaged) {
      const message =
        'Some pods of this PodDisruptionBudget are unmanaged, so that its status can not be right: set ".spec.minAvailable" to a number to have them counted.';
      this.#recorder.event(budget, 'Warning', 'UnmanagedPods', message);
    }
    return [...wanted.values()].reduce((sum, replicas) => sum + replicas, 0);
  }

  /** A ReplicaSet's own number changes in the course of a rollout: its Deployment's counts. */
  #scaled(kind: string, namespace: string, name: string): Scaled | undefined {
    const { replicaSets, deployments, statefulSets, replicationControllers } = this.#scales;
    switch (kind) {
      case 'ReplicaSet': {
        const replicaSet = replicaSets.get(namespace, name);
        const reference = replicaSet && controllerOf(replicaSet);
        if (reference?.kind !== 'Deployment') return replicaSet;
        return deployments.get(namespace, reference.name) ?? replicaSet;
      }
      case 'StatefulSet':
        return statefulSets.get(namespace, name);
      case 'ReplicationController':
        return replicationControllers.get(namespace, name);
      default:
        return undefined;
    }
  }

  /** Evictions write the status too: who comes second looks again. */
  async #write(budget: Budget, status: policyv1.PodDisruptionBudgetStatus, signal: AbortSignal): Promise<void> {
    if (isDeepStrictEqual(plain(budget.status), plain(status))) return;
    try {
      await this.#context.client.update<Budget>(
        resources.podDisruptionBudgets,
        { ...budget, status },
        { subresource: 'status', signal },
      );
    } catch (error) {
      if (reasonOf(error) !== 'NotFound') throw error;
    }
  }
}

class NoController extends Error {}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null));
