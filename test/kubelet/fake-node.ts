import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { type KubernetesObject, type ResourceReference, resources, type v1 } from '../../src/api/index.ts';
import { seededRandom, silentLogger } from '../../src/base/index.ts';
import type { Client } from '../../src/client/index.ts';
import { type Kubelet, type Machine, type MachineState, startKubelet } from '../../src/kubelet/index.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';
import { startLocalApi } from '../support/local-api.ts';
import { FakeRuntime } from './fake-runtime.ts';

export const plentyState: MachineState = {
  memoryAvailableBytes: 2 ** 32,
  disk: { bytes: 1e11, availableBytes: 5e10, inodes: 1e6, availableInodes: 5e5 },
  threads: 100,
};

/** A kubelet without processes, on the real API, on a clock that stands still. */
export class FakeNode {
  readonly clock: FakeClock;
  readonly client: Client;
  readonly runtime: FakeRuntime;
  readonly machine: Machine & { current: MachineState } = {
    capacity: { cpuMillicores: 2500, memoryBytes: 2 ** 33, pids: 32_768 },
    current: plentyState,
    facts: async () => ({
      hostname: 'host',
      architecture: 'amd64',
      info: { machineID: 'm', systemUUID: 's', bootID: 'b', kernelVersion: '6.1', osImage: 'Linux' },
    }),
    state: async () => this.machine.current,
    usage: async () => ({ cpuNanoseconds: 0, memoryWorkingSetBytes: 2 ** 30 }),
  };
  readonly directory: string;
  kubelet!: Kubelet;

  constructor(directory: string, clock: FakeClock, client: Client) {
    this.directory = directory;
    this.clock = clock;
    this.client = client;
    this.runtime = new FakeRuntime(clock);
  }

  async start(): Promise<void> {
    this.begin();
    await this.settle();
    await this.kubelet.ready();
    await this.settle();
  }

  begin(): void {
    const { client, runtime, clock, directory } = this;
    const options = {
      nodeName: 'node-1',
      client,
      runtime,
      stateDir: directory,
      address: '10.0.0.1',
      port: 6443,
      podCIDR: '127.9.0.0/24',
      clock,
      random: seededRandom(1),
      logger: silentLogger,
    };
    this.kubelet = startKubelet(options, this.machine);
  }

  /** Lets everything run that is due now; volumes are real files, hence some turns more. */
  settle(): Promise<void> {
    return settle(40);
  }

  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms);
    await this.settle();
  }

  async create(name: string, spec: Partial<v1.PodSpec> & { containers: v1.Container[] }): Promise<void> {
    const metadata = { name, namespace: 'default' };
    const pod: v1.Pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec: { nodeName: 'node-1', ...spec } };
    await this.client.create(resources.pods, pod);
    await this.settle();
  }

  async pod(name: string): Promise<v1.Pod> {
    return this.client.get<v1.Pod>(resources.pods, 'default', name);
  }

  async has(name: string): Promise<boolean> {
    return (await this.all<v1.Pod>(resources.pods)).some(({ metadata }) => metadata.name === name);
  }

  async all<T extends KubernetesObject>(type: ResourceReference, namespace = 'default'): Promise<T[]> {
    return (await this.client.list<T>(type, type.namespaced ? namespace : undefined)).items;
  }

  async status(name: string, container = 'main'): Promise<v1.ContainerStatus> {
    const { containerStatuses = [], initContainerStatuses = [] } = (await this.pod(name)).status ?? {};
    return [...containerStatuses, ...initContainerStatuses].find((status) => status.name === container)!;
  }

  async condition(name: string, type: string): Promise<v1.PodCondition | undefined> {
    return (await this.pod(name)).status?.conditions?.find((condition) => condition.type === type);
  }

  async delete(name: string, gracePeriodSeconds?: number): Promise<void> {
    await this.client.delete(resources.pods, 'default', name, { gracePeriodSeconds });
    await this.settle();
  }

  async events(name: string): Promise<string[]> {
    return (await this.all<v1.Event>(resources.events))
      .filter(({ involvedObject }) => involvedObject.name === name)
      .map(({ type, reason, message }) => `${type} ${reason}: ${message}`);
  }
}

export async function startFakeNode(
  t: ExecutionContext,
  wrap: (client: Client) => Client = (client) => client,
): Promise<FakeNode> {
  const directory = await mkdtemp(join(tmpdir(), 'keelson-kubelet-'));
  const clock = new FakeClock();
  const api = await startLocalApi(clock);
  await api.client.create(resources.namespaces, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'kube-node-lease' },
  });
  const node = new FakeNode(directory, clock, wrap(api.client));
  await node.start();
  t.teardown(async () => {
    await node.kubelet.stop();
    await api.stop();
    await rm(directory, { recursive: true, force: true });
  });
  return node;
}

export function container(fields: Partial<v1.Container> = {}): v1.Container {
  return { name: 'main', image: 'host', imagePullPolicy: 'IfNotPresent', command: ['run'], ...fields };
}
