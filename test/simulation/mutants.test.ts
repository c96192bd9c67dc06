import test from 'ava';
import { SimulationFailure, simulate } from '../../src/simulation/index.ts';
import { controlPlaneMutations, mutate, mutations } from './mutations.ts';

// Proves that the simulator bites: each planted bug must be found within this many seeds, by a run that finds nothing
// in the software as it is.
const seeds = 300;
const steps = 20_000;

const all = [
  ...mutations.map((mutation) => ({ mutation, controlPlane: false })),
  ...controlPlaneMutations.map((mutation) => ({ mutation, controlPlane: true })),
];
for (const { mutation, controlPlane } of all) {
  test.serial(`the simulator finds: ${mutation.name}`, async (t) => {
    t.timeout(120_000);
    await using mutant = await mutate(mutation);
    for (let seed = 1; seed <= seeds; seed++) {
      const found = await simulate({ seed, steps, controlPlane, software: mutant.software }).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (found === undefined) continue;
      t.true(found instanceof SimulationFailure, String(found));
      t.log((found as Error).message.slice(0, 200));
      await t.notThrowsAsync(simulate({ seed, steps, controlPlane }));
      return;
    }
    t.fail(`${seeds} seeds didn’t find it`);
  });
}
