import { formatTime, type KubernetesObject, resources } from '../../api/index.ts';
import { type Random, randomInteger } from '../../base/index.ts';
import type { Client } from '../../client/index.ts';
import type { SimulatedCluster } from '../cluster.ts';
import type { ControlPlanes } from './control-planes.ts';
import { isActive, isReady, type Pod } from './objects.ts';
import { orUndefined } from './witness.ts';

const NODE = 'node-1';
/** Mean milliseconds between two looks at the pods, and least ones between two signs of life. */
const LOOK_MS = 200;
const HEARTBEAT_MS = 5_000;

/**
 * What scheduler and kubelet are to a Deployment, without processes: takes every pod to its node, makes it ready, and ends it some
 * time after it was deleted. Outside of all peers, and works until it is stopped.
 */
export class NodeAgent {
  readonly counts = { podsBound: 0, podsStarted: 0, podsEnded: 0 };
  readonly #cluster: SimulatedCluster;
  readonly #planes: ControlPlanes;
  #heartbeatAt = Number.NEGATIVE_INFINITY;
  #isStopped = false;

  constructor(cluster: SimulatedCluster, planes: ControlPlanes) {
    this.#cluster = cluster;
    this.#planes = planes;
    this.#live(cluster.fork()).catch((error) => cluster.fail(error));
  }

  stop(): void {
    this.#isStopped = true;
  }

  async #live(random: Random): Promise<void> {
    const cluster = this.#cluster;
    while (!this.#isStopped) {
      await cluster.sleep(random.next() * 2 * LOOK_MS);
      const { members } = cluster;
      const peer = members[randomInteger(random, members.length)];
      if (peer === undefined) continue;
      // What was not answered is looked at again.
      await this.#planes.call(peer, (client) => this.#look(client, random)).catch(() => {});
    }
  }

  async #look(client: Client, random: Random): Promise<void> {
    if (this.#cluster.loop.now - this.#heartbeatAt > HEARTBEAT_MS) await this.#beat(client);
    const { items } = await client.list<Pod>(resources.pods, undefined);
    for (const pod of items) {
      // Pods take a while for each step.
      if (random.next() < 0.5) await this.#step(client, pod);
    }
  }

  async #beat(client: Client): Promise<void> {
    const { now } = this.#cluster.loop;
    if ((await orUndefined(client.get(resources.nodes, undefined, NODE))) === undefined) {
      const node: KubernetesObject = { apiVersion: 'v1', kind: 'Node', metadata: { name: NODE } };
      await client.create(resources.nodes, node);
    }
    const ready = { type: 'Ready', status: 'True', lastHeartbeatTime: formatTime(now) };
    const body = { status: { conditions: [ready] } };
    await client.patch(resources.nodes, undefined, NODE, { type: 'strategic', body }, { subresource: 'status' });
    this.#heartbeatAt = now;
  }

  async #step(client: Client, pod: Pod): Promise<void> {
    const { namespace, name, uid, deletionTimestamp } = pod.metadata;
    if (deletionTimestamp !== undefined) {
      await client.delete(resources.pods, namespace, name!, { gracePeriodSeconds: 0, preconditions: { uid: uid! } });
      this.counts.podsEnded += 1;
    } else if (pod.spec?.nodeName === undefined) {
      const target = { apiVersion: 'v1', kind: 'Node', name: NODE };
      const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { namespace: namespace!, name: name! }, target };
      await client.create(resources.pods, binding, { subresource: 'binding' });
      this.counts.podsBound += 1;
    } else if (isActive(pod) && !isReady(pod)) {
      const ready = { type: 'Ready', status: 'True', lastTransitionTime: formatTime(this.#cluster.loop.now) };
      const body = { status: { phase: 'Running', conditions: [ready] } };
      await client.patch(resources.pods, namespace, name!, { type: 'strategic', body }, { subresource: 'status' });
      this.counts.podsStarted += 1;
    }
  }
}
