import type { SimulatedCluster } from '../cluster.ts';
import { ControlPlaneChecker } from './checker.ts';
import { type ControlPlaneSoftware, ControlPlanes } from './control-planes.ts';
import { unsettled } from './convergence.ts';
import { DeploymentUsers } from './deployment-users.ts';
import { NodeAgent } from './node-agent.ts';

/** A cluster in use: API and controllers on every peer, users with their Deployments, nodes, and what is to hold of it all. */
export class KubernetesWorkload {
  readonly #cluster: SimulatedCluster;
  readonly #checker: ControlPlaneChecker;
  readonly #planes: ControlPlanes;
  readonly #users: DeploymentUsers;
  readonly #node: NodeAgent;
  #isStopped = false;

  constructor(cluster: SimulatedCluster, software: ControlPlaneSoftware) {
    this.#cluster = cluster;
    this.#checker = new ControlPlaneChecker((violation) => cluster.fail(violation));
    cluster.onRevision = (revision, changes, isAfterGap) => this.#checker.follow(revision, changes, isAfterGap);
    this.#planes = new ControlPlanes(cluster, software, cluster.weather.election, this.#checker);
    this.#users = new DeploymentUsers(cluster, this.#planes);
    this.#node = new NodeAgent(cluster, this.#planes);
  }

  get isIdle(): boolean {
    return this.#users.isIdle;
  }

  get operations(): Record<string, number> {
    return { ...this.#users.counts, ...this.#node.counts, ...this.#planes.counts };
  }

  get checks(): Record<string, number> {
    return this.#checker.counts;
  }

  /** What is not yet as it is to be when the world is kind and users ask for nothing more; undefined: all is. */
  unsettled(): string | undefined {
    const leading = this.#planes.leading.length;
    if (leading !== 1) return `${leading} peers' controllers lead`;
    const store = this.#cluster.leader?.store;
    return store === undefined ? 'nobody leads' : unsettled(store);
  }

  /** Ends what works by itself, once it has settled. Then `isStopped`. */
  stop(): void {
    this.#node.stop();
    this.#planes.stop().then(
      () => {
        this.#isStopped = true;
      },
      (error) => this.#cluster.fail(error),
    );
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }
}
