import { type appsv1, type ResourceReference, resources, type v1 } from '../../src/api/index.ts';
import { seededRandom, silentLogger } from '../../src/base/index.ts';
import {
  type Client,
  type Controller,
  createInformerFactory,
  EventBroadcaster,
  type InformerFactory,
} from '../../src/client/index.ts';
import type { ControllerContext } from '../../src/controllers/context.ts';
import { type ControllerOptions, defaultControllerOptions } from '../../src/controllers/options.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { type FakeKubeletOptions, startFakeKubelet } from '../support/fake-kubelet.ts';
import { startLocalApi } from '../support/local-api.ts';

export interface Harness {
  clock: FakeClock;
  client: Client;
  informers: InformerFactory;
  context: ControllerContext;
  /** The messages of the events about an object, oldest first. */
  events(name: string): Promise<string[]>;
  list<T extends v1.Pod | appsv1.ReplicaSet>(type: ResourceReference): Promise<T[]>;
  stop(): Promise<void>;
}

export interface HarnessOptions {
  controllers: readonly ((context: ControllerContext) => Controller)[];
  /** False: nothing acts on pods. */
  kubelet?: Partial<FakeKubeletOptions> | false;
  options?: Partial<ControllerOptions>;
  /** What the controllers talk to, made from the real API. */
  client?: (client: Client) => Client;
  /** What feeds their caches, likewise. */
  informerClient?: (client: Client, clock: FakeClock) => Client;
  /** Admission plug-ins beside the one for namespaces. */
  admission?: Parameters<typeof startLocalApi>[2];
}

/** Controllers on a real API in memory, with nodes that pretend. */
export async function startHarness(harness: HarnessOptions): Promise<Harness> {
  const { controllers, kubelet, options, client: wrap, informerClient, admission } = harness;
  const clock = new FakeClock();
  const api = await startLocalApi(clock, undefined, admission);
  const client = wrap?.(api.client) ?? api.client;
  const shared = { clock, random: seededRandom(11), logger: silentLogger };
  const informers = createInformerFactory({ client: informerClient?.(api.client, clock) ?? api.client, ...shared });
  const broadcaster = new EventBroadcaster({ client: api.client, ...shared });
  const context: ControllerContext = {
    client,
    informers,
    ...shared,
    recorder: (component) => broadcaster.recorderFor(component),
    options: { ...defaultControllerOptions, ...options },
  };
  const running = controllers.map((create) => create(context));
  const pods = informers.informer<v1.Pod>(resources.pods);
  informers.start();
  await informers.synced();
  const stopKubelet =
    kubelet === false ? () => {} : startFakeKubelet({ client: api.client, clock, pods, place: 'node-1', ...kubelet });
  for (const controller of running) controller.start();
  return {
    clock,
    client: api.client,
    informers,
    context,
    async events(name) {
      await broadcaster.flush();
      const { items } = await api.client.list<v1.Event>(resources.events, undefined);
      return items
        .filter((event) => event.involvedObject.name === name)
        .sort((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion))
        .map(({ type, reason, message }) => `${type} ${reason}: ${message}`);
    },
    list: async <T extends v1.Pod | appsv1.ReplicaSet>(type: ResourceReference) =>
      (await api.client.list<T>(type, undefined)).items,
    async stop() {
      await Promise.all(running.map((controller) => controller.stop()));
      stopKubelet();
      await broadcaster.stop();
      await informers.stop();
      await api.stop();
    },
  };
}

export function podTemplate(labels: Record<string, string>, image = 'host'): v1.PodTemplateSpec {
  return { metadata: { labels }, spec: { containers: [{ name: 'main', image, command: ['sleep', '9'] }] } };
}

export function replicaSet(
  name: string,
  replicas: number,
  extra: Partial<appsv1.ReplicaSetSpec> = {},
): appsv1.ReplicaSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name, namespace: 'default' },
    spec: { replicas, selector: { matchLabels: { app: name } }, template: podTemplate({ app: name }), ...extra },
  };
}

export function deployment(
  name: string,
  replicas: number,
  extra: Partial<appsv1.DeploymentSpec> = {},
): appsv1.Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default' },
    spec: { replicas, selector: { matchLabels: { app: name } }, template: podTemplate({ app: name }), ...extra },
  };
}
