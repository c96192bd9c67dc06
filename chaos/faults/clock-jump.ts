import { randomInteger } from '../../src/base/index.ts';
import type { Fault } from './fault.ts';
import { pick } from './targets.ts';

const MAX_JUMP_SECONDS = 3600;

/** A peer's wall clock jumps, ahead or back, by up to an hour; in the end, back to the right time. */
export const clockJump: Fault = {
  name: 'clock-jump',
  unavailable: ({ clocks }) => (clocks.size > 0 ? undefined : 'libfaketime not found: install the package libfaketime'),
  async start({ ids, clocks }, random) {
    const id = pick(random, ids);
    const clock = clocks.get(id)!;
    const seconds = randomInteger(random, 2 * MAX_JUMP_SECONDS) - MAX_JUMP_SECONDS;
    clock.set(seconds);
    return {
      description: `clock of ${id} ${seconds > 0 ? `${seconds} s ahead` : `${-seconds} s behind`}`,
      heal: async () => clock.set(0),
    };
  },
};
