import { faults } from '../faults/index.ts';
import { pick } from '../faults/targets.ts';
import { runCluster } from '../run.ts';
import type { Scenario } from '../scenario.ts';

const DEFAULT_ROUNDS = 5;

/** What went wrong in etcd once, and under which circumstances; here it must not. */
interface Regression {
  title: string;
  workloads: readonly string[];
  faults: readonly string[];
  peers?: number;
  thinkMs?: number;
}

/** By the number of etcd's issue. */
const regressions: Readonly<Record<string, Regression>> = {
  13766: {
    title: 'a member that was killed under high load differs from the others',
    ...{ workloads: ['register', 'append', 'set', 'watch'], faults: ['kill'], thinkMs: 4 },
  },
  14370: {
    title: 'a lone member acknowledges what it has not made durable',
    ...{ workloads: ['register', 'append', 'set'], faults: ['kill'], peers: 1 },
  },
  14685: {
    title: 'a member that was killed while space is given back has another revision and other data',
    ...{ workloads: ['compaction', 'append', 'set'], faults: ['kill'] },
  },
  15220: {
    title: 'a progress notification runs ahead of events',
    ...{ workloads: ['watch'], faults: ['pause', 'loss'], thinkMs: 4 },
  },
  15271: {
    title: 'a watch goes back in time after a partition',
    ...{ workloads: ['watch', 'register'], faults: ['partition'] },
  },
  17529: {
    title: 'watches that starve lose events',
    ...{ workloads: ['crowd'], faults: ['pause', 'partition'] },
  },
  17780: {
    title: 'the revision goes back after a crash during compaction',
    ...{ workloads: ['compaction', 'watch'], faults: ['kill'], thinkMs: 10 },
  },
  18089: {
    title: 'a watch loses an event when history is compacted at a deletion',
    ...{ workloads: ['compaction', 'watch'], faults: ['pause', 'partition'], thinkMs: 10 },
  },
  19179: {
    title: 'a watch that begins where history was compacted misses the deletion there',
    ...{ workloads: ['compaction', 'watch'], faults: ['kill', 'pause'], thinkMs: 10 },
  },
  20221: {
    title: 'a watch of the future gets events of the past',
    ...{ workloads: ['watch', 'crowd'], faults: ['kill', 'partition'] },
  },
};

/** Each by its name on the command line. */
export const regressionNames: readonly string[] = Object.keys(regressions).map((issue) => `etcd-${issue}`);

export function regressionScenario(name: string): Scenario {
  const regression = regressions[name.replace('etcd-', '')]!;
  return async ({ seed, rounds = DEFAULT_ROUNDS, minutes, network, signal, tell }) => {
    const { title, ...circumstances } = regression;
    tell(`${title}?`);
    const until = minutes === undefined ? undefined : performance.now() + minutes * 60_000;
    const { timeline, ...result } = await runCluster({
      ...circumstances,
      seed,
      faults: faults.filter((fault) => regression.faults.includes(fault.name)),
      network,
      choose(possible, round, random) {
        const goesOn = until === undefined ? round <= rounds : performance.now() < until;
        return goesOn ? pick(random, possible) : undefined;
      },
      signal,
      tell,
    });
    return { ...result, timelines: [timeline] };
  };
}
