import { mkdirSync } from 'node:fs';
import { resources, type v1 } from '../api/index.ts';
import { errorMessage } from '../base/index.ts';
import { createInformerFactory, EventBroadcaster, type Informer, type InformerFactory } from '../client/index.ts';
import { FailureBackOff } from './back-off.ts';
import { type Machine, thisMachine } from './machine.ts';
import { NodeAgent } from './node-agent.ts';
import { PodAddresses } from './pod-addresses.ts';
import type { PodContext } from './pod-context.ts';
import { graceAnnotation, PodWorker } from './pod-worker.ts';
import { createHandler, type HandlerOptions } from './server.ts';
import { StatusWriter } from './status-writer.ts';
import { TokenCache } from './token-cache.ts';
import type { Kubelet, KubeletOptions } from './types.ts';
import { createUpgradeHandler } from './upgrades.ts';
import { UsageMeter } from './usage.ts';
import { PodVolumes } from './volumes/index.ts';

const crashBackOffMs = { initial: 10_000, max: 300_000 };
const imageBackOffMs = { initial: 10_000, max: 300_000 };
const defaultPodsMax = 110;
const defaultPodPidsLimit = 4096;
const defaultStopGraceMs = 5_000;
/** Given to containers of which not even their sandbox tells a time. */
const orphanGraceMs = 30_000;

/**
 * Starts the node agent: registers the Node, adopts what already runs, and makes the pods that are bound to the node
 * so. Returns at once; it works as soon as the API can be reached, and goes on while it can't.
 */
export function startKubelet(options: KubeletOptions, machine?: Machine): Kubelet {
  const kubelet = new NodeKubelet(options, machine);
  kubelet.start();
  return kubelet;
}

class NodeKubelet implements Kubelet {
  readonly #informers: InformerFactory;
  readonly #pods: Informer<v1.Pod>;
  readonly #events: EventBroadcaster;
  readonly #agent: NodeAgent;
  readonly #context: PodContext;
  readonly #workers = new Map<string, PodWorker>();
  readonly #readiness = Promise.withResolvers<void>();
  readonly handler: Kubelet['handler'];
  readonly upgrade: Kubelet['upgrade'];
  #endings: (() => void)[] = [];
  #stopping: Promise<void> | undefined;

  constructor(options: KubeletOptions, machine: Machine = thisMachine(options.stateDir)) {
    const { client, clock, random, runtime, nodeName } = options;
    const logger = options.logger.child({ component: 'kubelet' });
    mkdirSync(options.stateDir, { recursive: true, mode: 0o700 });
    this.#informers = createInformerFactory({ client, clock, random, logger });
    this.#pods = this.#informers.informer<v1.Pod>(resources.pods, { fieldSelector: `spec.nodeName=${nodeName}` });
    const services = this.#informers.informer<v1.Service>(resources.services);
    this.#events = new EventBroadcaster({ client, clock, logger, host: nodeName });
    const recorder = this.#events.recorderFor('kubelet');
    const { address, port, podCIDR, labels = {}, podsMax = defaultPodsMax } = options;
    const node = { nodeName, address, port, podCIDR, podsMax, labels };
    this.#agent = new NodeAgent({ client, clock, logger, recorder, runtime, machine, node });
    this.#context = {
      nodeName,
      address,
      client,
      runtime,
      runtimeName: runtime.version().name,
      clock,
      random,
      logger,
      recorder,
      statuses: new StatusWriter(client, clock, logger),
      volumes: new PodVolumes(options.stateDir, random),
      addresses: new PodAddresses(podCIDR),
      crashBackOff: new FailureBackOff(clock, crashBackOffMs.initial, crashBackOffMs.max),
      imageBackOff: new FailureBackOff(clock, imageBackOffMs.initial, imageBackOffMs.max),
      tokens: new TokenCache({ client, clock, random, logger }),
      services: () => services.list(),
      apiServer: options.apiServer,
      allocatable: () => this.#agent.node?.status?.allocatable ?? {},
      memoryCapacityBytes: machine.capacity.memoryBytes,
      podPidsLimit: options.podPidsLimit ?? defaultPodPidsLimit,
    };
    const pods = (): v1.Pod[] =>
      [...this.#workers.values()].map(({ pod }) => ({ ...pod, status: this.#context.statuses.current(pod) }));
    const usage = new UsageMeter({ runtime, machine, clock, pods, nodeName: () => nodeName });
    const served: HandlerOptions = { runtime, pods, usage, clock };
    this.handler = createHandler(served);
    this.upgrade = createUpgradeHandler(served);
    this.#readiness.promise.catch(() => {});
  }

  start(): void {
    const { addresses, runtime } = this.#context;
    for (const { config } of runtime.listSandboxes()) addresses.adopt(config.ip, config.podUid);
    this.#informers.start();
    this.#begin().then(this.#readiness.resolve, (error) => {
      if (!this.#stopping) this.#context.logger.error({ error: errorMessage(error) }, 'the kubelet could not start');
      this.#readiness.reject(error);
    });
  }

  ready(): Promise<void> {
    return this.#readiness.promise;
  }

  pods(): number {
    return this.#workers.size;
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async stopWorkloads(graceMs = defaultStopGraceMs): Promise<void> {
    await this.stop();
    const { runtime } = this.#context;
    await Promise.all(runtime.listContainers().map(({ id }) => runtime.stopContainer(id, graceMs)));
  }

  async #stop(): Promise<void> {
    for (const end of this.#endings) end();
    this.#endings = [];
    this.#agent.stop();
    this.#context.statuses.stop();
    await this.#informers.stop();
    await Promise.all([...this.#workers.values()].map((worker) => worker.stop()));
    await this.#events.stop();
  }

  async #begin(): Promise<void> {
    const { runtime } = this.#context;
    const registered = this.#agent.start();
    // Rejects when it is stopped, which may be before anybody waits for it.
    registered.catch(() => {});
    await this.#informers.synced();
    if (this.#stopping) return;
    this.#endings.push(runtime.onEvent(({ podUid }) => this.#workers.get(podUid)?.wake()));
    this.#endings.push(
      this.#pods.onChange((change) => {
        if (change.type === 'deleted') this.#workers.get(change.object.metadata.uid!)?.remove();
        else this.#take(change.object);
      }),
    );
    // Only now is it known which pods are the node's: what else is here belongs to none.
    await Promise.all([this.#endOrphans(), registered]);
  }

  /** A pod that is new or has changed. */
  #take(pod: v1.Pod): void {
    const uid = pod.metadata.uid!;
    const known = this.#workers.get(uid);
    if (known) {
      known.update(pod);
      return;
    }
    // Another pod of that name: the old one was deleted while nobody watched.
    for (const worker of this.#workers.values()) {
      const { name, namespace } = worker.pod.metadata;
      if (name === pod.metadata.name && namespace === pod.metadata.namespace) worker.remove();
    }
    const worker = new PodWorker(this.#context, pod, () => this.#workers.delete(uid));
    this.#workers.set(uid, worker);
    worker.wake();
  }

  /** Ends what runs here of pods that were deleted while no kubelet was there. */
  async #endOrphans(): Promise<void> {
    const { runtime, volumes, addresses, logger } = this.#context;
    const orphans = runtime.listSandboxes().filter(({ config }) => !this.#workers.has(config.podUid));
    await Promise.all(
      orphans.map(async ({ id, config }) => {
        logger.info({ pod: `${config.namespace}/${config.name}` }, 'ending a pod that the API has no more');
        const graceMs = Number(config.annotations?.[graceAnnotation] ?? orphanGraceMs);
        const containers = runtime.listContainers({ sandboxId: id });
        await Promise.all(containers.map((container) => runtime.stopContainer(container.id, graceMs)));
        await runtime.removeSandbox(id);
        addresses.release(config.podUid);
      }),
    );
    for (const uid of await volumes.podUids()) if (!this.#workers.has(uid)) await volumes.tearDown(uid);
  }
}
