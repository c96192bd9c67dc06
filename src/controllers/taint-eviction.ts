import { formatTime, reasonOf, resources, type v1 } from '../api/index.ts';
import {
  type Controller,
  createController,
  type Informer,
  type Key,
  keyOf,
  type ReconcileResult,
  type Reconciler,
  source,
  splitKey,
} from '../client/index.ts';
import { type ControllerContext, uidOf } from './context.ts';
import { byNode, isTerminated } from './pods.ts';

/** Deletes pods from nodes with NoExecute taints that they don't tolerate, or not for longer. */
export function taintEvictionController(context: ControllerContext): Controller {
  const { informers } = context;
  const nodes = informers.informer<v1.Node>(resources.nodes);
  const pods = informers.informer<v1.Pod>(resources.pods, { indexes: byNode });
  return createController({
    name: 'taint-eviction',
    reconciler: new TaintEvictionReconciler(context, nodes, pods),
    clock: context.clock,
    logger: context.logger,
    metrics: context.metrics,
    sources: [
      source(nodes, (change) => {
        const old = change.type === 'updated' ? taintsText(change.old) : taintsText(undefined);
        if (old === taintsText(change.object)) return [];
        return pods.byIndex('node', change.object.metadata.name!).map(keyOf);
      }),
      source(pods, (change) => {
        const { spec } = change.object;
        const placed = change.type !== 'updated' || change.old.spec?.nodeName !== spec?.nodeName;
        return spec?.nodeName && (placed || change.old.spec?.tolerations !== spec.tolerations)
          ? [keyOf(change.object)]
          : [];
      }),
    ],
  });
}

class TaintEvictionReconciler implements Reconciler {
  readonly #context: ControllerContext;
  readonly #nodes: Informer<v1.Node>;
  readonly #pods: Informer<v1.Pod>;
  readonly #recorder;
  /** Since when, by the monotonic clock here, a pod has been on a tainted node. */
  readonly #since = new Map<Key, { uid: string; at: number }>();

  constructor(context: ControllerContext, nodes: Informer<v1.Node>, pods: Informer<v1.Pod>) {
    this.#context = context;
    this.#nodes = nodes;
    this.#pods = pods;
    this.#recorder = context.recorder('taint-eviction-controller');
  }

  async reconcile(key: Key, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    const { namespace, name } = splitKey(key);
    const pod = this.#pods.get(namespace, name);
    if (!pod?.spec?.nodeName || pod.metadata.deletionTimestamp !== undefined || isTerminated(pod)) {
      this.#since.delete(key);
      return undefined;
    }
    const taints = noExecuteTaints(this.#nodes.get(undefined, pod.spec.nodeName));
    const toleratedMs = tolerationMs(taints, pod.spec.tolerations ?? []);
    if (toleratedMs === Number.POSITIVE_INFINITY) {
      if (this.#since.delete(key) && taints.length === 0) {
        this.#recorder.event(pod, 'Normal', 'TaintManagerEviction', `Cancelling deletion of Pod ${key}`);
      }
      return undefined;
    }
    const now = this.#context.clock.monotonic();
    let since = this.#since.get(key);
    if (since?.uid !== uidOf(pod)) since = { uid: uidOf(pod), at: now };
    this.#since.set(key, since);
    const leftMs = since.at + toleratedMs - now;
    if (leftMs > 0) return { requeueAfterMs: leftMs };
    await this.#evict(pod, key, signal);
    this.#since.delete(key);
    return undefined;
  }

  async #evict(pod: v1.Pod, key: Key, signal: AbortSignal): Promise<void> {
    const { client, clock } = this.#context;
    const { namespace, name } = pod.metadata;
    this.#recorder.event(pod, 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${key}`);
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      lastTransitionTime: formatTime(clock.now()),
      reason: 'DeletionByTaintManager',
      message: 'Taint manager: deleting due to NoExecute taint',
    };
    const body = { metadata: { uid: uidOf(pod) }, status: { conditions: [condition] } };
    try {
      await client.patch(
        resources.pods,
        namespace,
        name!,
        { type: 'strategic', body },
        { subresource: 'status', signal },
      );
      await client.delete(resources.pods, namespace, name!, { preconditions: { uid: uidOf(pod) }, signal });
    } catch (error) {
      if (reasonOf(error) !== 'NotFound') throw error;
    }
  }
}

function noExecuteTaints(node: v1.Node | undefined): v1.Taint[] {
  return (node?.spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute');
}

function taintsText(node: v1.Node | undefined): string {
  return JSON.stringify(noExecuteTaints(node).map(({ key, value }) => [key, value]));
}

/** How long all the taints are tolerated: the shortest of the times, infinite if none is bounded, 0 if one isn't tolerated. */
export function tolerationMs(taints: readonly v1.Taint[], tolerations: readonly v1.Toleration[]): number {
  let shortest = Number.POSITIVE_INFINITY;
  for (const taint of taints) {
    const matching = tolerations.filter((toleration) => tolerates(toleration, taint));
    if (matching.length === 0) return 0;
    for (const { tolerationSeconds } of matching) {
      if (tolerationSeconds !== undefined) shortest = Math.min(shortest, Math.max(0, tolerationSeconds) * 1_000);
    }
  }
  return shortest;
}

function tolerates(toleration: v1.Toleration, taint: v1.Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  if (toleration.operator === 'Exists') return true;
  return Boolean(toleration.key) && (toleration.value ?? '') === (taint.value ?? '');
}
