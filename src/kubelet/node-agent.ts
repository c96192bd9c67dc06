import { isDeepStrictEqual } from 'node:util';
import { type coordinationv1, formatMicroTime, reasonOf, resources, type v1 } from '../api/index.ts';
import { type Clock, errorMessage, type Logger, sleep } from '../base/index.ts';
import type { Client, EventRecorder } from '../client/index.ts';
import type { Runtime } from '../runtime/index.ts';
import type { Machine } from './machine.ts';
import { type NodeInput, nodeObject, nodeStatus } from './node-status.ts';

export interface NodeAgentOptions {
  client: Client;
  clock: Clock;
  logger: Logger;
  recorder: EventRecorder;
  runtime: Runtime;
  machine: Machine;
  node: Pick<NodeInput, 'nodeName' | 'address' | 'port' | 'podCIDR' | 'podsMax' | 'labels'>;
}

const leaseNamespace = 'kube-node-lease';
const leaseDurationSeconds = 10;
/** Four times as often as the kubelet, with a Lease as much shorter: dead nodes are noticed sooner (see the controllers). */
const renewMs = 2_500;
/** As the kubelet: the status is looked at each 10 s, and written when it has changed or after 5 min. */
const lookMs = 10_000;
const reportMs = 300_000;
const retryMsMin = 100;
const retryMsMax = 7_000;

/** Registers the Node and keeps it alive. */
export class NodeAgent {
  readonly #options: NodeAgentOptions;
  readonly #abort = new AbortController();
  #node: v1.Node | undefined;
  #lease: coordinationv1.Lease | undefined;
  #reportedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: NodeAgentOptions) {
    this.#options = options;
  }

  /** The Node as it was written last. */
  get node(): v1.Node | undefined {
    return this.#node;
  }

  /** Resolves when the Node is registered, however long that takes; then goes on by itself. */
  async start(): Promise<void> {
    await this.#untilDone('the node could not be registered', () => this.#register());
    void this.#keepAlive();
  }

  stop(): void {
    this.#abort.abort();
  }

  async #keepAlive(): Promise<void> {
    const { clock } = this.#options;
    await this.#untilDone('the lease could not be made', () => this.#renew()).catch(() => {});
    let lookedAtMs = clock.monotonic();
    while (!this.#abort.signal.aborted) {
      await sleep(clock, renewMs, this.#abort.signal).catch(() => {});
      if (this.#abort.signal.aborted) return;
      await this.#try('the lease could not be renewed', () => this.#renew());
      if (clock.monotonic() - lookedAtMs < lookMs) continue;
      lookedAtMs = clock.monotonic();
      await this.#try('the status of the node could not be written', () => this.#reportOrRegister());
    }
  }

  async #register(): Promise<void> {
    const { client, clock, recorder } = this.#options;
    let created = true;
    const wanted = nodeObject(await this.#input([]));
    try {
      this.#node = await client.create<v1.Node>(resources.nodes, wanted);
    } catch (error) {
      if (reasonOf(error) !== 'AlreadyExists') throw error;
      created = false;
      this.#node = await client.get<v1.Node>(resources.nodes, undefined, wanted.metadata.name!);
      await this.#takeOver(wanted);
    }
    // A server may take a status only by its own way.
    if (created && this.#node.status?.conditions) this.#reportedAtMs = clock.monotonic();
    else await this.#report(true);
    recorder.event(this.#node, 'Normal', 'Starting', 'Starting kubelet.');
  }

  /** An earlier run's Node: labels and annotations that are ours get their values again. */
  async #takeOver({ metadata, spec }: v1.Node): Promise<void> {
    const { client } = this.#options;
    const current = this.#node!;
    const differs = (field: 'labels' | 'annotations'): boolean =>
      Object.entries(metadata[field]!).some(([key, value]) => current.metadata[field]?.[key] !== value);
    const needsCidr = current.spec?.podCIDR === undefined;
    if (!differs('labels') && !differs('annotations') && !needsCidr) return;
    const { labels, annotations } = metadata;
    const body = { metadata: { labels, annotations }, ...(needsCidr ? { spec } : {}) };
    this.#node = await client.patch<v1.Node>(resources.nodes, undefined, metadata.name!, { type: 'merge', body });
  }

  /**
   * Looks at the Node first: the controllers call its conditions unknown when they missed its Lease for a while. A Node that
   * somebody has deleted is made again.
   */
  async #reportOrRegister(): Promise<void> {
    const { client, node } = this.#options;
    try {
      this.#node = await client.get<v1.Node>(resources.nodes, undefined, node.nodeName);
      await this.#report();
    } catch (error) {
      if (reasonOf(error) !== 'NotFound') throw error;
      await this.#register();
    }
  }

  async #report(always = false): Promise<void> {
    const { client, clock } = this.#options;
    const current = this.#node!;
    const before = current.status ?? {};
    const status = nodeStatus(await this.#input(before.conditions ?? []));
    const due = clock.monotonic() - this.#reportedAtMs >= reportMs;
    if (!always && !due && isDeepStrictEqual(withoutHeartbeats(before), withoutHeartbeats({ ...before, ...status })))
      return;
    const { name } = current.metadata;
    const patch = { type: 'strategic', body: { status } } as const;
    this.#node = await client.patch<v1.Node>(resources.nodes, undefined, name!, patch, { subresource: 'status' });
    this.#reportedAtMs = clock.monotonic();
  }

  async #renew(): Promise<void> {
    const { client, clock, node } = this.#options;
    const renewTime = formatMicroTime(clock.now());
    const known = this.#lease;
    // Forgotten until it is written: after a failure it is read anew.
    this.#lease = undefined;
    if (known) {
      this.#lease = await client.update(resources.leases, { ...known, spec: { ...known.spec, renewTime } });
      return;
    }
    const { uid } = this.#node!.metadata;
    const owner = { apiVersion: 'v1', kind: 'Node', name: node.nodeName, uid: uid! };
    const spec = { holderIdentity: node.nodeName, leaseDurationSeconds, renewTime };
    try {
      const current = await client.get<coordinationv1.Lease>(resources.leases, leaseNamespace, node.nodeName);
      const metadata = { ...current.metadata, ownerReferences: [owner] };
      this.#lease = await client.update(resources.leases, { ...current, metadata, spec: { ...current.spec, ...spec } });
    } catch (error) {
      if (reasonOf(error) !== 'NotFound') throw error;
      const metadata = { name: node.nodeName, namespace: leaseNamespace, ownerReferences: [owner] };
      const lease: coordinationv1.Lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec };
      this.#lease = await client.create(resources.leases, lease);
    }
  }

  async #input(previous: readonly v1.NodeCondition[]): Promise<NodeInput> {
    const { node, machine, runtime, clock } = this.#options;
    const [facts, state] = await Promise.all([machine.facts(), machine.state()]);
    const about = { version: runtime.version(), info: runtime.info() };
    return { ...node, capacity: machine.capacity, facts, state, runtime: about, previous, nowMs: clock.now() };
  }

  async #untilDone(problem: string, action: () => Promise<void>): Promise<void> {
    const { clock } = this.#options;
    for (let delayMs = retryMsMin; ; delayMs = Math.min(delayMs * 2, retryMsMax)) {
      this.#abort.signal.throwIfAborted();
      if (await this.#try(problem, action)) return;
      await sleep(clock, delayMs, this.#abort.signal);
    }
  }

  async #try(problem: string, action: () => Promise<void>): Promise<boolean> {
    try {
      await action();
      return true;
    } catch (error) {
      this.#options.logger.warn({ error: errorMessage(error) }, problem);
      return false;
    }
  }
}

/** Times of heartbeats alone are no change. */
function withoutHeartbeats(status: v1.NodeStatus): unknown {
  const conditions = status.conditions?.map(({ lastHeartbeatTime: _, ...condition }) => condition);
  return JSON.parse(JSON.stringify({ ...status, conditions }));
}
