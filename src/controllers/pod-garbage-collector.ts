import { formatTime, reasonOf, resources, type v1 } from '../api/index.ts';
import {
  type Change,
  type Controller,
  createController,
  type Informer,
  type ReconcileResult,
  type Reconciler,
  source,
} from '../client/index.ts';
import { type ControllerContext, uidOf } from './context.ts';
import { byNode, isTerminated, timeOf } from './pods.ts';

const OUT_OF_SERVICE = 'node.kubernetes.io/out-of-service';
/** The key under which ended pods are counted; no node is called that. */
const ENDED = '#ended';
/** The key under which pods are looked for that were deleted before they had a node. */
const UNPLACED = '#unplaced';

/**
 * Deletes pods that nobody else will: those of nodes that don't exist any more or are declared out of
 * service, those deleted before they had a node, and ended ones beyond a number.
 */
export function podGarbageCollector(context: ControllerContext): Controller {
  const { informers } = context;
  const nodes = informers.informer<v1.Node>(resources.nodes);
  const pods = informers.informer<v1.Pod>(resources.pods, { indexes: { ...byNode, state: statesOf } });
  const podKeys = ({ type, object }: Change<v1.Pod>): string[] => {
    if (type === 'deleted') return [];
    const keys: string[] = [];
    const node = object.spec?.nodeName;
    if (node && (nodes.get(undefined, node) === undefined || object.metadata.deletionTimestamp)) keys.push(node);
    if (isTerminated(object)) keys.push(ENDED);
    if (!node && object.metadata.deletionTimestamp) keys.push(UNPLACED);
    return keys;
  };
  return createController({
    name: 'pod-garbage-collector',
    reconciler: new PodGarbageReconciler(context, nodes, pods),
    clock: context.clock,
    logger: context.logger,
    metrics: context.metrics,
    sources: [
      source(nodes, (change) =>
        change.type === 'updated' && isOutOfService(change.old) === isOutOfService(change.object)
          ? []
          : [change.object.metadata.name!],
      ),
      source(pods, podKeys),
    ],
  });
}

function statesOf(pod: v1.Pod): readonly string[] {
  if (isTerminated(pod)) return [ENDED];
  return !pod.spec?.nodeName && pod.metadata.deletionTimestamp ? [UNPLACED] : [];
}

class PodGarbageReconciler implements Reconciler {
  readonly #context: ControllerContext;
  readonly #nodes: Informer<v1.Node>;
  readonly #pods: Informer<v1.Pod>;
  /** Since when, by the monotonic clock here, a node with pods has been missing. */
  readonly #missing = new Map<string, number>();

  constructor(context: ControllerContext, nodes: Informer<v1.Node>, pods: Informer<v1.Pod>) {
    this.#context = context;
    this.#nodes = nodes;
    this.#pods = pods;
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    if (key === ENDED) await this.#collectEnded(signal);
    else if (key === UNPLACED) {
      for (const pod of this.#pods.byIndex('state', UNPLACED)) await this.#delete(pod, signal);
    } else return this.#collectOfNode(key, signal);
    return undefined;
  }

  /** The oldest go. */
  async #collectEnded(signal: AbortSignal): Promise<void> {
    const ended = this.#pods.byIndex('state', ENDED);
    const surplus = ended.length - this.#context.options.terminatedPodGcThreshold;
    if (surplus <= 0) return;
    const age = ({ metadata }: v1.Pod): number => timeOf(metadata.creationTimestamp) ?? 0;
    const oldest = ended.toSorted((a, b) => age(a) - age(b)).slice(0, surplus);
    for (const pod of oldest) await this.#delete(pod, signal);
  }

  async #collectOfNode(name: string, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    const node = this.#nodes.get(undefined, name);
    const pods = this.#pods.byIndex('node', name);
    if (node !== undefined || pods.length === 0) this.#missing.delete(name);
    if (pods.length === 0) return undefined;
    if (node !== undefined) {
      if (isOutOfService(node)) {
        const message = 'PodGC: node is out of service';
        for (const pod of pods.filter(({ metadata }) => metadata.deletionTimestamp)) {
          await this.#delete(pod, signal, message);
        }
      }
      return undefined;
    }
    // A node that was made moments ago may not have come through yet.
    const { client, clock, options } = this.#context;
    const since = this.#missing.get(name) ?? clock.monotonic();
    this.#missing.set(name, since);
    const leftMs = since + options.nodeQuarantineMs - clock.monotonic();
    if (leftMs > 0) return { requeueAfterMs: leftMs };
    const found = await client.get(resources.nodes, undefined, name, { signal }).catch((error: unknown) => {
      if (reasonOf(error) !== 'NotFound') throw error;
    });
    if (found !== undefined) return undefined;
    for (const pod of pods) await this.#delete(pod, signal, 'PodGC: node no longer exists');
    return undefined;
  }

  /** At once: nobody is left to end it with grace. `disruption`: it was running, and that is why it isn't any more. */
  async #delete(pod: v1.Pod, signal: AbortSignal, disruption?: string): Promise<void> {
    const { client } = this.#context;
    const { namespace, name } = pod.metadata;
    const options = { gracePeriodSeconds: 0, preconditions: { uid: uidOf(pod) }, signal };
    try {
      if (disruption !== undefined && !isTerminated(pod)) await this.#fail(pod, disruption, signal);
      await client.delete(resources.pods, namespace, name!, options);
    } catch (error) {
      if (reasonOf(error) !== 'NotFound') throw error;
    }
  }

  async #fail(pod: v1.Pod, message: string, signal: AbortSignal): Promise<void> {
    const { client, clock } = this.#context;
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      lastTransitionTime: formatTime(clock.now()),
      reason: 'DeletionByPodGC',
      message,
    };
    const body = { metadata: { uid: uidOf(pod) }, status: { phase: 'Failed', conditions: [condition] } };
    const { namespace, name } = pod.metadata;
    await client.patch(
      resources.pods,
      namespace,
      name!,
      { type: 'strategic', body },
      { subresource: 'status', signal },
    );
  }
}

function isOutOfService({ spec }: v1.Node): boolean {
  return spec?.taints?.some(({ key }) => key === OUT_OF_SERVICE) ?? false;
}
