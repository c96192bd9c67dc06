import { createLocalClient, createRegistry } from '../apiserver/index.ts';
import { errorMessage, seededRandom } from '../base/index.ts';
import { runWhileLeading } from '../client/index.ts';
import { startControllers } from '../controllers/index.ts';
import { startReplica } from '../replica/index.ts';
import { createStore } from '../store/index.ts';
import { SimulatedCluster } from './cluster.ts';
import { KubernetesWorkload } from './control-plane/index.ts';
import { Faults } from './faults.ts';
import { finish } from './finish.ts';
import type { Software } from './peer.ts';
import { drawWeather } from './weather.ts';
import { LockClients, ObjectClients, WatchClients } from './workloads/index.ts';

export interface SimulationOptions {
  /** A whole number; the same one gives the same run. */
  seed: number;
  /** Events that happen before the world turns kind: messages, ticks, disk completions, clients' doings. */
  steps: number;
  /** At first. Default: drawn from the seed. */
  peers?: number | undefined;
  /** Whether there is an API with controllers above the store. Default: drawn from the seed. */
  controlPlane?: boolean | undefined;
  /** Default: Keelson's own. */
  software?: Software;
}

export interface SimulationReport {
  seed: number;
  /** Those of the kind world at the end included. */
  steps: number;
  simulatedMs: number;
  faults: Record<string, number>;
  operations: Record<string, number>;
  checks: Record<string, number>;
  /** Of all that happened, in order. */
  hash: string;
}

/** A run found a violation. */
export class SimulationFailure extends Error {
  override name = 'SimulationFailure';
  readonly seed: number;
  readonly step: number;
  /** What did not hold, in one line. */
  readonly violation: string;

  constructor(seed: number, step: number, cause: unknown) {
    super(`seed ${seed}, step ${step}: ${errorMessage(cause)}`, { cause });
    this.seed = seed;
    this.step = step;
    this.violation = errorMessage(cause);
  }
}

/** Keelson's. */
export const ownSoftware: Software = {
  startReplica,
  createStore,
  createRegistry,
  createLocalClient,
  runWhileLeading,
  startControllers,
};

/**
 * Runs whole peers (Raft, replica, store, and in some runs API and controllers) in one process on a simulated clock, disk and network, with clients and under
 * faults, all drawn from a seed. Checks at each step, and, when the world has turned kind again, that the cluster comes
 * to life and that what clients saw is linearizable. Rejects with a SimulationFailure.
 */
export async function simulate(options: SimulationOptions): Promise<SimulationReport> {
  const { seed, steps, software = ownSoftware } = options;
  const weather = drawWeather(seededRandom(~seed), options);
  const cluster = new SimulatedCluster(seed, weather, software);
  const { loop, trace, network, raftChecker, stateChecker, truth, leases } = cluster;
  const faults = new Faults(cluster);
  const clients = {
    objects: new ObjectClients(cluster),
    locks: new LockClients(cluster),
    watches: new WatchClients(cluster),
    ...(weather.controlPlane ? { kubernetes: new KubernetesWorkload(cluster, software) } : {}),
  };
  try {
    await cluster.run(() => loop.steps >= steps);
    await finish(cluster, faults, clients);
  } catch (error) {
    throw new SimulationFailure(seed, loop.steps, error);
  }
  const { undecided, judged, ...operations } = clients.objects.counts;
  const disks = [...cluster.peers.values()].map(({ disk }) => disk.counts);
  const sum = (of: 'writes' | 'crashes' | 'slow'): number => disks.reduce((total, counts) => total + counts[of], 0);
  return {
    seed,
    steps: loop.steps,
    simulatedMs: Math.round(loop.now),
    faults: {
      ...faults.counts,
      'put-back': faults.oldCopies.count,
      ...network.counts,
      'crash-at-write': sum('crashes'),
      'slow-write': sum('slow'),
    },
    operations: {
      ...operations,
      ...clients.locks.counts,
      ...clients.watches.counts,
      ...clients.kubernetes?.operations,
      writes: sum('writes'),
    },
    checks: {
      committed: raftChecker.highestCommit,
      configurations: raftChecker.membership.changes,
      applied: stateChecker.checked,
      revisions: truth.last,
      watched: truth.checked,
      leases: leases.checked,
      histories: judged,
      undecided,
      ...clients.kubernetes?.checks,
    },
    hash: trace.hash,
  };
}
