import type { Random } from '../../src/base/index.ts';
import type { ChaosCluster } from '../cluster.ts';
import type { Target } from '../target.ts';

/** Something bad that happens to a cluster; some only to one of Keelson's. */
export interface Fault<Cluster extends Target = ChaosCluster> {
  readonly name: string;
  /** Why it can't happen to this cluster, and what would let it; undefined when it can. */
  unavailable(cluster: Cluster): string | undefined;
  /** Lets it happen; what exactly, `random` decides. */
  start(cluster: Cluster, random: Random): Promise<ActiveFault>;
}

export interface ActiveFault {
  /** What happened to whom, in a few words. */
  description: string;
  /** Ends it; resolves when the cluster has what it needs to recover. */
  heal(): Promise<void>;
}
