import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { resources, type v1 } from '../../src/api/index.ts';
import { type Clock, seededRandom, silentLogger, systemClock, systemRandom } from '../../src/base/index.ts';
import { type Client, createInformerFactory, type Informer } from '../../src/client/index.ts';
import { type Kubelet, startKubelet } from '../../src/kubelet/index.ts';
import { openProcessRuntime, type Runtime } from '../../src/runtime/index.ts';
import { startLocalApi } from '../support/local-api.ts';

export const nodeName = 'node-1';

/** A kubelet on the real API in this process, with real containers. */
export class NodeFixture {
  readonly directory: string;
  readonly client: Client;
  readonly clock: Clock;
  readonly pods: Informer<v1.Pod>;
  runtime!: Runtime;
  kubelet!: Kubelet;

  constructor(directory: string, client: Client, clock: Clock, pods: Informer<v1.Pod>) {
    this.directory = directory;
    this.client = client;
    this.clock = clock;
    this.pods = pods;
  }

  async start(): Promise<void> {
    const { directory, client, clock } = this;
    this.runtime = await openProcessRuntime({ stateDir: join(directory, 'runtime'), clock });
    this.kubelet = startKubelet({
      nodeName,
      client,
      runtime: this.runtime,
      stateDir: join(directory, 'kubelet'),
      address: '127.0.0.1',
      port: 6443,
      podCIDR: '127.77.1.0/24',
      clock,
      random: systemRandom,
      logger: silentLogger,
    });
    await this.kubelet.ready();
  }

  /** As when the peer stops: containers go on. */
  async stop(): Promise<void> {
    await this.kubelet.stop();
    await this.runtime.close();
  }

  /** Creates a pod on the node, as when the scheduler has placed it. */
  create(name: string, spec: Partial<v1.PodSpec> & { containers: v1.Container[] }, metadata = {}): Promise<v1.Pod> {
    const pod: v1.Pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default', ...metadata },
      spec: { nodeName, terminationGracePeriodSeconds: 5, ...spec },
    };
    return this.client.create(resources.pods, pod);
  }

  /** Waits until the pod satisfies `condition`. */
  async until(name: string, condition: (pod: v1.Pod) => boolean): Promise<v1.Pod> {
    return (await this.#when(() => {
      const pod = this.pods.get('default', name);
      return pod && condition(pod) ? pod : undefined;
    })) as v1.Pod;
  }

  async untilGone(name: string): Promise<void> {
    await this.#when(() => (this.pods.get('default', name) ? undefined : true));
  }

  delete(name: string, gracePeriodSeconds?: number): Promise<void> {
    return this.client.delete(resources.pods, 'default', name, { gracePeriodSeconds });
  }

  /** The events of a pod, as `type reason: message`. */
  async events(name: string): Promise<string[]> {
    const { items } = await this.client.list<v1.Event>(resources.events, 'default');
    return items
      .filter(({ involvedObject }) => involvedObject.name === name)
      .map(({ type, reason, message }) => `${type} ${reason}: ${message}`);
  }

  /** Waits for an event of a pod that matches. */
  async untilEvent(name: string, pattern: RegExp): Promise<string> {
    for (;;) {
      const found = (await this.events(name)).find((text) => pattern.test(text));
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Follows a container's output until it holds `text`. */
  async untilLog(name: string, container: string, text: string): Promise<string> {
    let all = '';
    for await (const chunk of this.runtime.readLogs(this.#containerId(name, container), { follow: true })) {
      all += Buffer.from(chunk).toString();
      if (all.includes(text)) return all;
    }
    throw new Error(`the container ended without ${JSON.stringify(text)}, after: ${all}`);
  }

  async logs(name: string, container: string): Promise<string> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.runtime.readLogs(this.#containerId(name, container))) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  }

  #containerId(name: string, container: string): string {
    const pod = this.pods.get('default', name)!;
    const { containerID } = [
      ...(pod.status?.containerStatuses ?? []),
      ...(pod.status?.initContainerStatuses ?? []),
    ].find((status) => status.name === container)!;
    return containerID!.split('://')[1]!;
  }

  #when<T>(look: () => T | undefined): Promise<T> {
    return new Promise((resolve) => {
      const check = (): void => {
        const found = look();
        if (found === undefined) return;
        stop();
        resolve(found);
      };
      const stop = this.pods.onChange(check);
      check();
    });
  }
}

export async function startNode(t: ExecutionContext): Promise<NodeFixture> {
  const keepAlive = setInterval(() => {}, 60_000);
  const directory = await mkdtemp(join(tmpdir(), 'keelson-kubelet-'));
  const api = await startLocalApi(systemClock);
  for (const name of ['kube-node-lease']) {
    await api.client.create(resources.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }
  const context = { client: api.client, clock: systemClock, random: seededRandom(1), logger: silentLogger };
  const informers = createInformerFactory(context);
  const pods = informers.informer<v1.Pod>(resources.pods);
  informers.start();
  await informers.synced();
  const node = new NodeFixture(directory, api.client, systemClock, pods);
  await node.start();
  t.teardown(async () => {
    await node.kubelet.stop();
    for (const { id } of node.runtime.listSandboxes()) await node.runtime.removeSandbox(id);
    await node.runtime.close();
    await informers.stop();
    await api.stop();
    await rm(directory, { recursive: true, force: true });
    clearInterval(keepAlive);
  });
  return node;
}

export function script(text: string, container: Partial<v1.Container> = {}): v1.Container {
  return { name: 'main', image: 'host', imagePullPolicy: 'IfNotPresent', command: ['sh', '-c', text], ...container };
}

export const isRunning = (pod: v1.Pod): boolean => pod.status?.phase === 'Running';
export const isReady = (pod: v1.Pod): boolean =>
  pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
export const stateOf = (pod: v1.Pod, name = 'main'): v1.ContainerState =>
  [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])].find(
    (status) => status.name === name,
  )?.state ?? {};
