import { readFileSync } from 'node:fs';
import { startCluster } from '../support/cluster.ts';
import type { SuiteOptions } from './main.ts';
import { residentMiB } from './process-figures.ts';
import { lowerIsBetter, type Result } from './results.ts';

const IDLE_SECONDS = 20;
const TICKS_PER_SECOND = 100;

/** From the first peer's process to three peers that serve with their demo pods ready; then what an idle peer costs. */
export async function run({ tell }: SuiteOptions): Promise<Result[]> {
  // The first start of a checkout compiles; a second one is what people meet.
  await (await startCluster({ demo: true })).stop();
  const cluster = await startCluster({ demo: true });
  try {
    const ready = Number(/ready in (\d+) ms/.exec(cluster.output)?.[1]);
    tell(`ready in ${ready} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    const before = [1, 2, 3].map((peer) => cpuTicks(cluster.pid(peer)));
    await new Promise((resolve) => setTimeout(resolve, IDLE_SECONDS * 1_000));
    const shares = [1, 2, 3].map(
      (peer, i) => (100 * (cpuTicks(cluster.pid(peer)) - (before[i] ?? 0))) / TICKS_PER_SECOND / IDLE_SECONDS,
    );
    const memory = [1, 2, 3].map((peer) => residentMiB(cluster.pid(peer)));
    tell(
      `idle: ${shares.map((share) => share.toFixed(1)).join(', ')} % of a core; ${memory.map(Math.round).join(', ')} MiB`,
    );
    return [
      lowerIsBetter('ready', ready, 'ms'),
      lowerIsBetter('idle-cpu-worst', Math.max(...shares), '% of a core'),
      lowerIsBetter('idle-rss-worst', Math.max(...memory), 'MiB'),
    ];
  } finally {
    await cluster.stop();
  }
}

function cpuTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
