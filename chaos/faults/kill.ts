import type { Target } from '../target.ts';
import type { Fault } from './fault.ts';
import { victims } from './targets.ts';

/** Processes end without warning (SIGKILL) and are started again. */
export const kill: Fault<Target> = {
  name: 'kill',
  unavailable: () => undefined,
  async start(cluster, random) {
    const killed = await victims(cluster, random);
    await Promise.all(killed.map((id) => cluster.kill(id)));
    return {
      description: `killed ${killed.join(', ')}`,
      heal: async () => void (await Promise.all(killed.map((id) => cluster.restart(id)))),
    };
  },
};
