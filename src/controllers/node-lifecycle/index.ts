import { type coordinationv1, formatTime, reasonOf, resources, type v1 } from '../../api/index.ts';
import {
  type Controller,
  createController,
  type Informer,
  type ReconcileResult,
  type Reconciler,
  source,
} from '../../client/index.ts';
import type { ControllerContext } from '../context.ts';
import { byNode, podCondition } from '../pods.ts';
import { NodeHealth, unknownConditions } from './health.ts';
import { lifecycleTaints } from './taints.ts';

type Lease = coordinationv1.Lease;

/** The namespace of the Leases that nodes renew to show that they live. */
const LEASES = 'kube-node-lease';

/** Notices nodes that went silent, says so on them and their pods, and taints them so that nothing is put there. */
export function nodeLifecycleController(context: ControllerContext): Controller {
  const { informers, clock } = context;
  const nodes = informers.informer<v1.Node>(resources.nodes);
  const pods = informers.informer<v1.Pod>(resources.pods, { indexes: byNode });
  const leases = informers.informer<Lease>(resources.leases, { namespace: LEASES });
  const health = new NodeHealth(context.options.nodeMonitorGracePeriodMs);
  const observe = (name: string): void => {
    const node = nodes.get(undefined, name);
    if (node !== undefined) health.observe(name, node, leases.get(LEASES, name), clock.monotonic());
  };
  return createController({
    name: 'node-lifecycle',
    reconciler: new NodeReconciler(context, nodes, pods, health),
    clock,
    logger: context.logger,
    metrics: context.metrics,
    sources: [
      source(nodes, (change) => {
        const name = change.object.metadata.name!;
        if (change.type === 'deleted') health.forget(name);
        else observe(name);
        // A heartbeat alone changes nothing that is to be done.
        return change.type === 'updated' && sameState(change.old, change.object) ? [] : [name];
      }),
      source(leases, (change) => {
        const name = change.object.metadata.name!;
        observe(name);
        // Renewals change nothing that is to be done, but how long to wait for the next one is for the Lease to say.
        return change.type === 'updated' && duration(change.old) === duration(change.object) ? [] : [name];
      }),
    ],
  });
}

class NodeReconciler implements Reconciler {
  readonly #context: ControllerContext;
  readonly #nodes: Informer<v1.Node>;
  readonly #pods: Informer<v1.Pod>;
  readonly #health: NodeHealth;
  readonly #recorder;

  constructor(context: ControllerContext, nodes: Informer<v1.Node>, pods: Informer<v1.Pod>, health: NodeHealth) {
    this.#context = context;
    this.#nodes = nodes;
    this.#pods = pods;
    this.#health = health;
    this.#recorder = context.recorder('node-controller');
  }

  async reconcile(name: string, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    const node = this.#nodes.get(undefined, name);
    if (node === undefined) return undefined;
    const { clock } = this.#context;
    const remainingMs = this.#health.remainingMs(name, clock.monotonic());
    const current = remainingMs > 0 ? node : await this.#markUnknown(node, signal);
    await this.#taint(current, signal);
    const ready = conditionStatus(current, 'Ready');
    if (ready !== undefined && ready !== 'True') await this.#markPodsNotReady(name, signal);
    // That a silent node speaks again is a change of the node; only silence has to be waited for.
    return remainingMs > 0 ? { requeueAfterMs: remainingMs } : undefined;
  }

  async #markUnknown(node: v1.Node, signal: AbortSignal): Promise<v1.Node> {
    const { client, clock } = this.#context;
    const conditions = unknownConditions(node, clock.now());
    if (conditions === undefined) return node;
    const changed = { ...node, status: { ...node.status, conditions } };
    const options = { subresource: 'status', signal };
    const updated = await client.update<v1.Node>(resources.nodes, changed, options);
    const message = `Node ${node.metadata.name} status is now: NodeNotReady`;
    this.#recorder.event(node, 'Normal', 'NodeNotReady', message);
    return updated;
  }

  async #taint(node: v1.Node, signal: AbortSignal): Promise<void> {
    const { client, clock } = this.#context;
    const taints = lifecycleTaints(node, clock.now());
    if (taints === undefined) return;
    const { name, resourceVersion } = node.metadata;
    const body = { metadata: { resourceVersion }, spec: { taints } };
    await client.patch(resources.nodes, undefined, name!, { type: 'merge', body }, { signal });
  }

  /** Nobody there can tell any more; Services must not send anything to them. */
  async #markPodsNotReady(name: string, signal: AbortSignal): Promise<void> {
    const { client, clock } = this.#context;
    for (const pod of this.#pods.byIndex('node', name)) {
      if (podCondition(pod, 'Ready')?.status !== 'True') continue;
      const conditions = pod.status!.conditions!.map((condition) =>
        condition.type === 'Ready'
          ? { ...condition, status: 'False' as const, lastTransitionTime: formatTime(clock.now()) }
          : condition,
      );
      const changed = { ...pod, status: { ...pod.status, conditions } };
      try {
        await client.update(resources.pods, changed, { subresource: 'status', signal });
        this.#recorder.event(pod, 'Warning', 'NodeNotReady', 'Node is not ready');
      } catch (error) {
        if (reasonOf(error) !== 'NotFound') throw error;
      }
    }
  }
}

function duration({ spec }: Lease): number | undefined {
  return spec?.leaseDurationSeconds;
}

function conditionStatus({ status }: v1.Node, type: string): string | undefined {
  return status?.conditions?.find((condition) => condition.type === type)?.status;
}

function sameState(a: v1.Node, b: v1.Node): boolean {
  const state = ({ spec, status }: v1.Node): string =>
    JSON.stringify([spec, (status?.conditions ?? []).map(({ type, status }) => [type, status])]);
  return state(a) === state(b);
}
