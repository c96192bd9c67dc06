import { ApiException, CoordinationV1Api, KubeConfig, type V1Lease, V1MicroTime } from '@kubernetes/client-node';
import test from 'ava';
import { clusterUser } from './support/user.ts';

/*
 * Leader election by users' programs: candidates take and renew a Lease through @kubernetes/client-node, trusting in what a
 * resourceVersion promises.
 */

const user = clusterUser(test);
const NAMESPACE = 'default';
const NAME = 'user-program';
const DURATION_SECONDS = 2;

const DURATION_MS = DURATION_SECONDS * 1_000;

/** That a candidate held the Lease, for its duration from then on. */
interface Held {
  identity: string;
  from: number;
}

class Candidate {
  readonly identity: string;
  readonly #api: CoordinationV1Api;
  #running = true;

  constructor(identity: string, kubeconfig: string) {
    this.identity = identity;
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    this.#api = config.makeApiClient(CoordinationV1Api);
  }

  stop(): void {
    this.#running = false;
  }

  async run(onHeld: (held: Held) => void): Promise<void> {
    while (this.#running) {
      const renewed = new V1MicroTime();
      if (await this.#take(renewed)) onHeld({ identity: this.identity, from: renewed.getTime() });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Whether the Lease is this candidate's now. */
  async #take(renewTime: V1MicroTime): Promise<boolean> {
    const spec = { holderIdentity: this.identity, leaseDurationSeconds: DURATION_SECONDS, renewTime };
    try {
      const lease = await this.#api.readNamespacedLease({ name: NAME, namespace: NAMESPACE });
      const ends = new Date(String(lease.spec?.renewTime)).getTime() + DURATION_MS;
      if (lease.spec?.holderIdentity !== this.identity && renewTime.getTime() < ends) return false;
      // Carries the version that was read: of two who take it at once, one is refused.
      await this.#api.replaceNamespacedLease({ name: NAME, namespace: NAMESPACE, body: { ...lease, spec } });
      return true;
    } catch (error) {
      if (error instanceof TypeError && error.message !== 'fetch failed') throw error;
      if (error instanceof ApiException && error.code === 404) await this.#create(spec);
      // Refused, or the peer that was asked is gone: the next attempt tells.
      return false;
    }
  }

  async #create(spec: V1Lease['spec']): Promise<void> {
    const body: V1Lease = { metadata: { name: NAME }, spec };
    await this.#api.createNamespacedLease({ namespace: NAMESPACE, body }).catch(() => {});
  }
}

test('of programs that compete for a Lease one holds it at a time, also when a peer dies; its successor takes over', async (t) => {
  const { kubeconfig } = user.cluster;
  const candidates = Array.from({ length: 4 }, (_, i) => new Candidate(`candidate-${i}`, kubeconfig));
  const history: Held[] = [];
  const running = candidates.map((candidate) => candidate.run((held) => history.push(held)));
  const until = async (done: () => boolean): Promise<void> => {
    while (!done()) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  await until(() => history.length > 3);
  const { leader } = await user.cluster.anyStatus();
  user.cluster.kill(leader);
  await user.cluster.gone(leader);
  const killed = history.length;
  await until(() => history.length > killed);
  // The holder goes without a word.
  const holder = history.at(-1)!.identity;
  candidates.find(({ identity }) => identity === holder)!.stop();
  await until(() => history.at(-1)!.identity !== holder);
  await user.cluster.restart(leader);
  for (const candidate of candidates) candidate.stop();
  await Promise.all(running);

  const named = await user.sh(`kubectl get lease ${NAME} -n ${NAMESPACE} -o jsonpath={.spec.holderIdentity}`);
  history.sort((a, b) => a.from - b.from);
  t.is(named, history.at(-1)!.identity);
  for (const [index, held] of history.entries()) {
    const before = history[index - 1];
    if (before === undefined || before.identity === held.identity) continue;
    t.true(held.from >= before.from + DURATION_MS, JSON.stringify([before, held]));
  }
});
