import { percentile } from './results.ts';

/** What a closed loop of clients reached. Latencies in milliseconds. */
export interface LoadResult {
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  operations: number;
}

/** Runs `clients` loops, each with one operation under way, for some seconds after a short warm-up. */
export async function closedLoop(
  clients: number,
  seconds: number,
  operation: (client: number, i: number) => Promise<unknown>,
): Promise<LoadResult> {
  const warmupMs = Math.min(1_000, seconds * 200);
  const begin = performance.now();
  const measureFrom = begin + warmupMs;
  const end = measureFrom + seconds * 1_000;
  const latencies: number[] = [];
  let last = measureFrom;
  await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      for (let i = 0; ; i++) {
        const before = performance.now();
        if (before >= end) return;
        await operation(client, i);
        const after = performance.now();
        if (before < measureFrom) continue;
        latencies.push(after - before);
        last = Math.max(last, after);
      }
    }),
  );
  latencies.sort((a, b) => a - b);
  return {
    perSecond: latencies.length / ((last - measureFrom) / 1_000),
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
    operations: latencies.length,
  };
}
