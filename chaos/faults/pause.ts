import type { Target } from '../target.ts';
import type { Fault } from './fault.ts';
import { victims } from './targets.ts';

/** Processes stand still (SIGSTOP), and go on without having noticed: what a machine under pressure does, or a virtual one that is moved. */
export const pauseProcess: Fault<Target> = {
  name: 'pause',
  unavailable: () => undefined,
  async start(cluster, random) {
    const paused = await victims(cluster, random);
    for (const id of paused) cluster.pause(id);
    return {
      description: `paused ${paused.join(', ')}`,
      async heal() {
        for (const id of paused) cluster.resume(id);
      },
    };
  },
};
