import type { createLocalClient, createRegistry, RunningRegistry } from '../../apiserver/index.ts';
import { type Random, seededRandom, silentLogger } from '../../base/index.ts';
import type { Client, LeaderElectionTiming, runWhileLeading } from '../../client/index.ts';
import type { startControllers } from '../../controllers/index.ts';
import type { SimulatedCluster } from '../cluster.ts';
import type { SimulatedPeer } from '../peer.ts';
import type { Life } from '../world/index.ts';
import { lagging } from './lagging.ts';
import { type WriteListener, witnessed } from './witness.ts';

/** The API and what works through it: Keelson's own, or with a bug planted. */
export interface ControlPlaneSoftware {
  createRegistry: typeof createRegistry;
  createLocalClient: typeof createLocalClient;
  runWhileLeading: typeof runWhileLeading;
  startControllers: typeof startControllers;
}

/** The Lease under which controllers work. */
export const CONTROLLER_LEASE = 'kube-controller-manager';
/** How long a peer that stops waits for its controllers to say goodbye. */
const GOODBYE_MS = 1_000;

interface ControlPlane {
  life: Life;
  registry: RunningRegistry;
  election: ReturnType<typeof runWhileLeading>;
  /** What users of this peer's API use. */
  users: Client;
}

/** API server and controllers of every peer, in process above its store, for as long as the peer lives. */
export class ControlPlanes {
  readonly counts = { takeovers: 0 };
  readonly #cluster: SimulatedCluster;
  readonly #software: ControlPlaneSoftware;
  readonly #timing: LeaderElectionTiming;
  readonly #random: Random;
  readonly #listener: WriteListener;
  readonly #running = new Map<SimulatedPeer, ControlPlane>();

  constructor(
    cluster: SimulatedCluster,
    software: ControlPlaneSoftware,
    timing: LeaderElectionTiming,
    listener: WriteListener,
  ) {
    this.#cluster = cluster;
    this.#software = software;
    this.#timing = timing;
    this.#random = cluster.fork();
    this.#listener = listener;
    cluster.onUp = (peer) => this.#start(peer);
    cluster.onStopping = (peer) => this.#stop(peer);
    cluster.leaseHolder = () => this.leading[0];
  }

  /** Peers whose controllers take themselves for the leader. */
  get leading(): SimulatedPeer[] {
    return [...this.#running]
      .filter(([peer, plane]) => isCurrent(peer, plane) && plane.election.leading())
      .map(([peer]) => peer);
  }

  /** Calls the API of a peer. Rejects when it is down, or its process dies before. */
  call<T>(peer: SimulatedPeer, action: (client: Client) => Promise<T>): Promise<T> {
    const plane = this.#running.get(peer);
    if (plane === undefined || !isCurrent(peer, plane)) return Promise.reject(new Error('the API is down'));
    return peer.call(() => action(plane.users));
  }

  /** Ends all of them in order, and no new ones begin. */
  async stop(): Promise<void> {
    this.#cluster.onUp = () => {};
    await Promise.all([...this.#running.keys()].map((peer) => this.#stop(peer)));
  }

  #start(peer: SimulatedPeer): void {
    const { createRegistry, createLocalClient, runWhileLeading, startControllers } = this.#software;
    const { life } = peer;
    const random = seededRandom(Math.floor(this.#random.next() * 2 ** 32));
    const common = { clock: peer.clock.for(life), random, logger: silentLogger };
    const registry = createRegistry({ store: peer.store!, ...common });
    const clientOf = (name: string): Client => createLocalClient(registry, { name, groups: ['system:masters'] });
    const lags = seededRandom(Math.floor(this.#random.next() * 2 ** 32));
    const lagMs = (): number => lags.next() * this.#cluster.weather.watchLagMs;
    const election = runWhileLeading({
      ...common,
      name: CONTROLLER_LEASE,
      source: CONTROLLER_LEASE,
      nodeName: `peer-${peer.id}`,
      client: lagging(witnessed(clientOf('system:kube-controller-manager'), this.#listener), common.clock, lagMs),
      timing: this.#timing,
      start: (leading) => {
        this.counts.takeovers += 1;
        return startControllers(leading);
      },
    });
    this.#running.set(peer, { life, registry, election, users: clientOf('user') });
  }

  /** Undefined: nothing to end. */
  #stop(peer: SimulatedPeer): Promise<void> | undefined {
    const plane = this.#running.get(peer);
    this.#running.delete(peer);
    if (plane === undefined || !isCurrent(peer, plane)) return undefined;
    const { life, election, registry } = plane;
    // Also when the process dies meanwhile: somebody waits for it.
    const late = new Promise<void>((resolve) => {
      this.#cluster.loop.after(GOODBYE_MS, () => life.do(resolve, resolve));
    });
    return Promise.race([election.stop(), late]).then(() => registry.close());
  }
}

/** What belongs to an earlier life is gone with it. */
function isCurrent({ life }: SimulatedPeer, plane: ControlPlane): boolean {
  return life === plane.life && life.isAlive;
}
