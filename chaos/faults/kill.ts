import type { Random } from '../../src/base/index.ts';
import type { Target } from '../target.ts';
import type { ActiveFault, Fault } from './fault.ts';
import { leaderOf, pick, victims } from './targets.ts';

/** Processes end without warning (SIGKILL) and are started again. */
export const kill: Fault<Target> = killing('kill', victims);

/** The same, always of the one that leads. */
export const killLeader: Fault<Target> = killing('leader-kill', async (cluster, random) => {
  const anyOther = pick(random, cluster.ids);
  return [(await leaderOf(cluster)) || anyOther];
});

function killing(name: string, choose: (cluster: Target, random: Random) => Promise<number[]>): Fault<Target> {
  return {
    name,
    unavailable: () => undefined,
    async start(cluster, random): Promise<ActiveFault> {
      const killed = await choose(cluster, random);
      await Promise.all(killed.map((id) => cluster.kill(id)));
      return {
        description: `killed ${killed.join(', ')}`,
        heal: async () => void (await Promise.all(killed.map((id) => cluster.restart(id)))),
      };
    },
  };
}
