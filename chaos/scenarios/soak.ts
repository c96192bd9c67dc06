import { faults } from '../faults/index.ts';
import { pick } from '../faults/targets.ts';
import { namespacesMissing } from '../network/namespaces.ts';
import { runCluster } from '../run.ts';
import type { Scenario } from '../scenario.ts';
import type { Timeline } from '../timeline.ts';
import { defaultWorkloads } from '../workloads/index.ts';

const DEFAULT_MINUTES = 5;
/** A cluster lives so long; then its history is judged, and another one begins. */
const ERA_MS = 2 * 60_000;

/**
 * All workloads under all faults, chosen at random, on one cluster after the other: of three peers and of five, with
 * their network made of namespaces and of proxies, which differ in the faults that they can produce.
 */
export const soak: Scenario = async ({ seed, minutes = DEFAULT_MINUTES, network, workloads: names, signal, tell }) => {
  const begin = performance.now();
  const end = begin + minutes * 60_000;
  const violations: string[] = [];
  const figures: Record<string, number> = {};
  const timelines: Timeline[] = [];
  for (let era = 0; performance.now() < end && signal?.aborted !== true; era++) {
    const eraEnd = Math.min(performance.now() + ERA_MS, end);
    const useProxies = network === 'proxies' || (network === undefined && (era % 2 === 1 || namespacesMissing()));
    const peers = era % 3 === 2 ? 5 : 3;
    tell(`cluster ${era + 1}: ${peers} peers, ${useProxies ? 'proxies' : 'namespaces'}, seed ${seed + era}`);
    const result = await runCluster({
      seed: seed + era,
      faults,
      workloads: names ?? defaultWorkloads,
      network: useProxies ? 'proxies' : 'namespaces',
      peers,
      choose: (possible, _round, random) => (performance.now() < eraEnd ? pick(random, possible) : undefined),
      signal,
      tell,
    });
    violations.push(...result.violations.map((violation) => `cluster ${era + 1}: ${violation}`));
    timelines.push(result.timeline);
    addFigures(figures, result.figures);
  }
  return { violations, figures, timelines };
};

/** Counts add up; of times, the longest counts. */
function addFigures(sum: Record<string, number>, more: Record<string, number>): void {
  for (const [name, value] of Object.entries(more))
    sum[name] = name.endsWith('Ms') ? Math.max(sum[name] ?? 0, value) : (sum[name] ?? 0) + value;
}
