import { type KubernetesObject, resources } from '../../api/index.ts';
import { type Random, randomInteger } from '../../base/index.ts';
import type { Client } from '../../client/index.ts';
import type { SimulatedCluster } from '../cluster.ts';
import type { ControlPlanes } from './control-planes.ts';
import type { Deployment, Pod } from './objects.ts';
import { orUndefined } from './witness.ts';

const USERS = 2;
const NAMESPACE = 'default';
const NAMES = ['web', 'api'] as const;
const MAX_REPLICAS = 5;
/** Few, so that templates come back. */
const VERSIONS = 3;
const THINK_MS = 2_000;
/** How likely somebody does the next thing at once. */
const HASTE = 0.4;

/** People who make Deployments, change, scale and delete them, and delete pods that are in use, through any peer's API. */
export class DeploymentUsers {
  readonly counts = { created: 0, scaled: 0, rolled: 0, deleted: 0, podsDeleted: 0, refused: 0 };
  readonly #cluster: SimulatedCluster;
  readonly #planes: ControlPlanes;
  #busy = 0;

  constructor(cluster: SimulatedCluster, planes: ControlPlanes) {
    this.#cluster = cluster;
    this.#planes = planes;
    for (let user = 0; user < USERS; user++) {
      this.#busy += 1;
      this.#live(cluster.fork()).then(
        () => {
          this.#busy -= 1;
        },
        (error) => cluster.fail(error),
      );
    }
  }

  get isIdle(): boolean {
    return this.#busy === 0;
  }

  async #live(random: Random): Promise<void> {
    const cluster = this.#cluster;
    let hasNamespaces = false;
    while (!cluster.isOver) {
      await cluster.sleep(random.next() * (hasNamespaces ? THINK_MS : THINK_MS / 10));
      const { members } = cluster;
      const peer = members[randomInteger(random, members.length)];
      if (peer === undefined) continue;
      try {
        await this.#planes.call(peer, (client) => (hasNamespaces ? this.#act(client, random) : makeNamespaces(client)));
        hasNamespaces = true;
      } catch {
        // Another was quicker, or nobody answered: there is a next time.
        this.counts.refused += 1;
      }
      cluster.trace.number(cluster.loop.steps);
    }
  }

  async #act(client: Client, random: Random): Promise<void> {
    const name = NAMES[randomInteger(random, NAMES.length)]!;
    const found = await orUndefined(client.get<Deployment>(resources.deployments, NAMESPACE, name));
    if (found === undefined) {
      await client.create(resources.deployments, newDeployment(name, random));
      this.counts.created += 1;
      if (random.next() < HASTE) await this.#roll(client, name, random);
      return;
    }
    const kind = randomInteger(random, 10);
    if (kind < 4) {
      const body = { spec: { replicas: randomInteger(random, MAX_REPLICAS + 1) } };
      await client.patch(resources.deployments, NAMESPACE, name, { type: 'merge', body });
      this.counts.scaled += 1;
    } else if (kind < 7) {
      await this.#roll(client, name, random);
    } else if (kind < 8) {
      const propagationPolicy = random.next() < 0.5 ? 'Foreground' : 'Background';
      await client.delete(resources.deployments, NAMESPACE, name, { propagationPolicy });
      this.counts.deleted += 1;
    } else await this.#deletePod(client, random);
  }

  /** Some have changed their mind before the first pod is there. */
  async #roll(client: Client, name: string, random: Random): Promise<void> {
    do {
      const template = { spec: { containers: [containerOf(random)] } };
      await client.patch(resources.deployments, NAMESPACE, name, { type: 'strategic', body: { spec: { template } } });
      this.counts.rolled += 1;
    } while (random.next() < HASTE);
  }

  async #deletePod(client: Client, random: Random): Promise<void> {
    const { items } = await client.list<Pod>(resources.pods, NAMESPACE);
    const pod = items[randomInteger(random, items.length)];
    if (pod === undefined) return;
    await client.delete(resources.pods, NAMESPACE, pod.metadata.name!);
    this.counts.podsDeleted += 1;
  }
}

async function makeNamespaces(client: Client): Promise<void> {
  for (const name of [NAMESPACE, 'kube-system']) {
    const namespace: KubernetesObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
    if ((await orUndefined(client.get(resources.namespaces, undefined, name))) === undefined)
      await client.create(resources.namespaces, namespace);
  }
}

function newDeployment(name: string, random: Random): Deployment {
  const labels = { app: name };
  const [maxSurge, maxUnavailable] = [
    [1, 0],
    [0, 1],
    [2, 1],
    ['50%', '50%'],
  ][randomInteger(random, 4)]!;
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      replicas: 1 + randomInteger(random, MAX_REPLICAS),
      selector: { matchLabels: labels },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } },
      template: { metadata: { labels }, spec: { containers: [containerOf(random)] } },
    },
  };
}

function containerOf(random: Random): { name: string; image: string } {
  return { name: 'main', image: `image:${randomInteger(random, VERSIONS)}` };
}
