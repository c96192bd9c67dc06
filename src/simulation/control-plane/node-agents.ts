import { formatTime, resources } from '../../api/index.ts';
import { type Random, randomInteger } from '../../base/index.ts';
import type { Client } from '../../client/index.ts';
import type { SimulatedCluster } from '../cluster.ts';
import type { ControlPlanes } from './control-planes.ts';
import { isActive, isReady, type Pod } from './objects.ts';

const LOOK_MS = 400;

/** What a kubelet is to a Deployment: it makes pods ready, some time after they were made. It works until it is stopped. */
export class NodeAgents {
  readonly counts = { podsStarted: 0 };
  readonly #cluster: SimulatedCluster;
  readonly #planes: ControlPlanes;
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
      await cluster.sleep(random.next() * LOOK_MS);
      const { members } = cluster;
      const peer = members[randomInteger(random, members.length)];
      if (peer === undefined) continue;
      // One that was not answered is looked at again.
      await this.#planes.call(peer, (client) => this.#startPods(client)).catch(() => {});
    }
  }

  async #startPods(client: Client): Promise<void> {
    const { items } = await client.list<Pod>(resources.pods, undefined);
    for (const pod of items) {
      if (!isActive(pod) || isReady(pod)) continue;
      const { namespace, name } = pod.metadata;
      const ready = { type: 'Ready', status: 'True', lastTransitionTime: formatTime(0) };
      const body = { status: { phase: 'Running', conditions: [ready] } };
      await client.patch(resources.pods, namespace, name!, { type: 'merge', body }, { subresource: 'status' });
      this.counts.podsStarted += 1;
    }
  }
}
