import { faults } from '../faults/index.ts';
import { runCluster } from '../run.ts';
import type { Scenario } from '../scenario.ts';
import { defaultWorkloads } from '../workloads/index.ts';

const DEFAULT_ROUNDS = 5;

/** All workloads under one kind of fault, again and again. */
export function faultScenario(name: string): Scenario {
  const fault = faults.find((known) => known.name === name)!;
  return async ({ seed, rounds = DEFAULT_ROUNDS, minutes, network, workloads: names, signal, tell }) => {
    const until = minutes === undefined ? undefined : performance.now() + minutes * 60_000;
    const { timeline, ...result } = await runCluster({
      seed,
      faults: [fault],
      workloads: names ?? defaultWorkloads,
      network: network ?? (name === 'delay' || name === 'reset' ? 'proxies' : undefined),
      choose([fault], round) {
        if (fault === undefined) throw new Error(`${name} can't be had here`);
        return (until === undefined ? round <= rounds : performance.now() < until) ? fault : undefined;
      },
      signal,
      tell,
    });
    return { ...result, timelines: [timeline] };
  };
}
