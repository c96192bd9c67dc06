import { setImmediate as nextTurn } from 'node:timers/promises';
import PQueue from 'p-queue';
import { reasonOf, resources, selectorFromLabels, type v1 } from '../api/index.ts';
import { type Clock, errorMessage, type Logger, type Random } from '../base/index.ts';
import type { Change, Client, EventRecorder, InformerFactory } from '../client/index.ts';
import { SchedulerCache } from './cache.ts';
import { diagnosis } from './diagnosis.ts';
import { findNode, type Plugin } from './framework.ts';
import { nodeAffinity } from './plugins/node-affinity.ts';
import { nodeName } from './plugins/node-name.ts';
import { nodePorts } from './plugins/node-ports.ts';
import { nodeResourcesBalancedAllocation, nodeResourcesFit } from './plugins/node-resources-fit.ts';
import { nodeUnschedulable } from './plugins/node-unschedulable.ts';
import { podTopologySpread } from './plugins/pod-topology-spread.ts';
import { taintToleration } from './plugins/taint-toleration.ts';
import { podInfo } from './pod-info.ts';
import { type QueuedPod, SchedulingQueue } from './queue.ts';

export const SCHEDULER_NAME = 'default-scheduler';
/** Bindings under way at once. */
const BINDING_CONCURRENCY = 64;
/** Milliseconds that cycles may hold the event loop before others have their turn. */
const TURN_MS = 10;

export interface SchedulerOptions {
  client: Client;
  /** Started by the scheduler, stopped by its owner. */
  informers: InformerFactory;
  recorder: EventRecorder;
  clock: Clock;
  random: Random;
  logger: Logger;
}

export interface Scheduler {
  stop(): Promise<void>;
}

/** Gives each pod without a node the best one, until stopped. */
export async function startScheduler(options: SchedulerOptions): Promise<Scheduler> {
  const scheduler = new PodScheduler(options);
  await scheduler.start();
  return scheduler;
}

class PodScheduler implements Scheduler {
  readonly #options: SchedulerOptions;
  readonly #cache = new SchedulerCache();
  readonly #queue: SchedulingQueue;
  readonly #plugins: readonly Plugin[];
  readonly #bindings = new PQueue({ concurrency: BINDING_CONCURRENCY });
  readonly #ends: (() => void)[] = [];
  readonly #services;
  readonly #nodes;
  readonly #pods;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    const { informers } = options;
    this.#nodes = informers.informer<v1.Node>(resources.nodes);
    this.#pods = informers.informer<v1.Pod>(resources.pods);
    this.#services = informers.informer<v1.Service>(resources.services);
    this.#queue = new SchedulingQueue(options.clock, () => this.#wake());
    this.#plugins = [
      nodeUnschedulable,
      nodeName,
      taintToleration,
      nodeAffinity,
      nodePorts,
      nodeResourcesFit,
      podTopologySpread((pod) => this.#groupOf(pod)),
      nodeResourcesBalancedAllocation,
    ];
  }

  async start(): Promise<void> {
    this.#ends.push(this.#nodes.onChange((change) => this.#nodeChanged(change)));
    this.#ends.push(this.#pods.onChange((change) => this.#podChanged(change)));
    this.#options.informers.start();
    await this.#options.informers.synced();
    this.#wake();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const end of this.#ends) end();
    this.#queue.stop();
    await this.#running;
    await this.#bindings.onIdle();
  }

  #nodeChanged(change: Change<v1.Node>): void {
    const { object } = change;
    if (change.type === 'deleted') {
      this.#cache.removeNode(object.metadata.name ?? '');
      return;
    }
    this.#cache.setNode(object);
    if (change.type === 'added' || mayHelp(change.old, object)) this.#queue.move();
  }

  #podChanged(change: Change<v1.Pod>): void {
    const { object: pod } = change;
    const uid = pod.metadata.uid ?? '';
    const ended = change.type === 'deleted' || pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
    if (ended) {
      this.#queue.remove(uid);
      if (!this.#cache.has(uid)) return;
      this.#cache.removePod(uid);
      this.#queue.move();
    } else if ((pod.spec?.nodeName ?? '') !== '') {
      this.#queue.remove(uid);
      this.#cache.setPod(pod);
    } else if (this.#isOurs(pod) && !this.#cache.has(uid)) {
      // The scheduler's own write of the condition is no reason to try again.
      if (
        change.type === 'updated' &&
        change.old.metadata.generation === pod.metadata.generation &&
        sameLabels(change.old, pod)
      )
        return;
      this.#queue.set(podInfo(pod));
    }
  }

  #isOurs({ spec, metadata }: v1.Pod): boolean {
    return (
      (spec?.schedulerName ?? SCHEDULER_NAME) === SCHEDULER_NAME &&
      (spec?.schedulingGates?.length ?? 0) === 0 &&
      metadata.deletionTimestamp === undefined
    );
  }

  #wake(): void {
    if (this.#running !== undefined || this.#stopped) return;
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async #run(): Promise<void> {
    // Changes that came together are all in before the first cycle.
    await nextTurn();
    let until = this.#options.clock.monotonic() + TURN_MS;
    for (let pod = this.#queue.pop(); pod !== undefined && !this.#stopped; pod = this.#queue.pop()) {
      this.#schedule(pod);
      if (this.#options.clock.monotonic() < until) continue;
      await nextTurn();
      until = this.#options.clock.monotonic() + TURN_MS;
    }
  }

  /** One scheduling cycle. */
  #schedule(queued: QueuedPod): void {
    const { info } = queued;
    const { moves } = this.#queue;
    const nodes = this.#cache.nodes();
    const result = findNode(this.#plugins, info, nodes, () => this.#options.random.next());
    if (!('node' in result)) {
      this.#queue.unschedulable(queued, moves);
      void this.#reportFailure(info.pod, diagnosis(nodes.length, result.rejections));
      return;
    }
    const { name } = result.node;
    this.#cache.assume(info, name);
    void this.#bindings.add(() => this.#bind(queued, name));
  }

  /** The binding cycle: tells the API, and takes the pod back when that fails. */
  async #bind(queued: QueuedPod, node: string): Promise<void> {
    const { pod, uid } = queued.info;
    const { client, recorder, logger } = this.#options;
    try {
      const { name, namespace } = pod.metadata;
      const target = { apiVersion: 'v1', kind: 'Node', name: node };
      await client.create(
        resources.pods,
        { apiVersion: 'v1', kind: 'Binding', metadata: { name, namespace, uid }, ...{ target } },
        { subresource: 'binding' },
      );
      this.#queue.remove(uid);
      recorder.event(pod, 'Normal', 'Scheduled', `Successfully assigned ${namespace}/${name} to ${node}`);
    } catch (error) {
      this.#cache.forget(uid);
      this.#queue.move();
      if (reasonOf(error) === 'NotFound') return this.#queue.remove(uid);
      if (!this.#stopped) logger.warn({ pod: queued.info.key, node, error: errorMessage(error) }, 'binding failed');
      this.#queue.retry(queued);
    }
  }

  async #reportFailure(pod: v1.Pod, message: string): Promise<void> {
    const { client, recorder, logger, clock } = this.#options;
    recorder.event(pod, 'Warning', 'FailedScheduling', message);
    const known = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
    if (known?.status === 'False' && known.message === message) return;
    const condition = {
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message,
      lastProbeTime: null,
      lastTransitionTime:
        known?.status === 'False'
          ? known.lastTransitionTime
          : new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z'),
    };
    try {
      const { namespace, name = '' } = pod.metadata;
      const body = { metadata: { uid: pod.metadata.uid }, status: { conditions: [condition] } };
      await client.patch(resources.pods, namespace, name, { type: 'strategic', body }, { subresource: 'status' });
    } catch (error) {
      if (reasonOf(error) !== 'NotFound' && !this.#stopped)
        logger.warn({ error: errorMessage(error) }, 'could not report a pod that fits nowhere');
    }
  }

  /** The pods that a pod is to be spread from by default: those of a Service that selects it, else its siblings. */
  #groupOf({ metadata }: v1.Pod): Readonly<Record<string, string>> | undefined {
    const labels = metadata.labels ?? {};
    for (const service of this.#services.list(metadata.namespace)) {
      const selector = service.spec?.selector;
      if (selector !== undefined && Object.keys(selector).length > 0 && selectorFromLabels(selector).matches(labels))
        return selector;
    }
    const owned = metadata.ownerReferences?.some(({ controller }) => controller === true) ?? false;
    return owned && Object.keys(labels).length > 0 ? labels : undefined;
  }
}

/** Could a pod that did not fit on the node before fit now? */
function mayHelp(old: v1.Node, node: v1.Node): boolean {
  return (
    JSON.stringify(old.status?.allocatable) !== JSON.stringify(node.status?.allocatable) ||
    JSON.stringify(old.metadata.labels) !== JSON.stringify(node.metadata.labels) ||
    JSON.stringify(old.spec) !== JSON.stringify(node.spec)
  );
}

function sameLabels(a: v1.Pod, b: v1.Pod): boolean {
  return JSON.stringify(a.metadata.labels) === JSON.stringify(b.metadata.labels);
}
