import { type Random, randomInteger } from '../../src/base/index.ts';
import type { Store } from '../../src/store/index.ts';
import { pause } from '../pause.ts';
import type { WorkloadContext } from './workload.ts';

/** Each unanswered write doubles what the judge has to look at: fewer of them while nobody answers. */
const UNANSWERED_MS = 500;
/** Objects are given up after so long: histories of many unknown outcomes are hard to judge. */
const GENERATION_MS = 6_000;

/** Runs `count` clients, each an endless row of operations, until the signal. `round` gets true after an unanswered one. */
export async function runClients(
  context: WorkloadContext,
  first: number,
  count: number,
  round: (client: number, store: Store, random: Random) => Promise<boolean>,
): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const client = first + i;
      const random = context.random(client);
      const store = await context.connect(client);
      try {
        while (!context.signal.aborted) {
          const answered = await round(client, store, random);
          await pause(answered ? randomInteger(random, 2 * context.thinkMs) : UNANSWERED_MS, context.signal);
        }
      } finally {
        await store.close();
      }
    }),
  );
}

/** One of a few objects that clients share at present. */
export function sharedObject(prefix: string, random: Random, objects: number): string {
  return `${prefix}/${Math.floor(performance.now() / GENERATION_MS)}-${randomInteger(random, objects)}`;
}
