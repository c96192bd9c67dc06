import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { formatTime, resources, type v1 } from '../../src/api/index.ts';
import { seededRandom, silentLogger } from '../../src/base/index.ts';
import { type Kubelet, type Machine, type MachineState, startKubelet } from '../../src/kubelet/index.ts';
import { FakeClient } from '../support/fake-client.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';
import { FakeRuntime } from './fake-runtime.ts';

export const plentyState: MachineState = {
  memoryAvailableBytes: 2 ** 32,
  disk: { bytes: 1e11, availableBytes: 5e10, inodes: 1e6, availableInodes: 5e5 },
  threads: 100,
};

/** A kubelet with nothing real about it, on a clock that stands still. */
export class FakeNode {
  readonly clock = new FakeClock();
  readonly client = new FakeClient(this.clock);
  readonly runtime = new FakeRuntime(this.clock);
  readonly machine: Machine & { current: MachineState } = {
    capacity: { cpuMillicores: 2500, memoryBytes: 2 ** 33, pids: 32_768 },
    current: plentyState,
    facts: async () => ({
      hostname: 'host',
      architecture: 'amd64',
      info: { machineID: 'm', systemUUID: 's', bootID: 'b', kernelVersion: '6.1', osImage: 'Linux' },
    }),
    state: async () => this.machine.current,
  };
  readonly directory: string;
  kubelet!: Kubelet;

  constructor(directory: string) {
    this.directory = directory;
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

  pod(name: string): v1.Pod {
    return this.client.all<v1.Pod>(resources.pods).find(({ metadata }) => metadata.name === name)!;
  }

  has(name: string): boolean {
    return this.pod(name) !== undefined;
  }

  status(name: string, container = 'main'): v1.ContainerStatus {
    const { containerStatuses = [], initContainerStatuses = [] } = this.pod(name).status ?? {};
    return [...containerStatuses, ...initContainerStatuses].find((status) => status.name === container)!;
  }

  condition(name: string, type: string): v1.PodCondition | undefined {
    return this.pod(name).status?.conditions?.find((condition) => condition.type === type);
  }

  /** As an API server does when a pod with a grace period is deleted. */
  async delete(name: string, graceSeconds = 30): Promise<void> {
    const pod = this.pod(name);
    const metadata = {
      ...pod.metadata,
      deletionTimestamp: formatTime(this.clock.now() + graceSeconds * 1000),
      deletionGracePeriodSeconds: graceSeconds,
    };
    // The fake API has no graceful deletion: what its watchers see is given to them.
    this.client.put(resources.pods, { ...pod, metadata });
    await this.settle();
  }

  events(name: string): string[] {
    return this.client
      .all<v1.Event>(resources.events)
      .filter(({ involvedObject }) => involvedObject.name === name)
      .map(({ type, reason, message }) => `${type} ${reason}: ${message}`);
  }
}

export async function startFakeNode(t: ExecutionContext): Promise<FakeNode> {
  const directory = await mkdtemp(join(tmpdir(), 'keelson-kubelet-'));
  const node = new FakeNode(directory);
  await node.start();
  t.teardown(async () => {
    await node.kubelet.stop();
    await rm(directory, { recursive: true, force: true });
  });
  return node;
}

export function container(fields: Partial<v1.Container> = {}): v1.Container {
  return { name: 'main', image: 'host', imagePullPolicy: 'IfNotPresent', command: ['run'], ...fields };
}
