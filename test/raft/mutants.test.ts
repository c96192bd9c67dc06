import test from 'ava';
import { loadMutant } from './harness/mutant.ts';
import { mutations } from './harness/mutations.ts';
import { run } from './harness/run.ts';

// Proves that the random runs can fail: each planted bug must be found within this many seeds.
const seeds = 5000;

for (const mutation of mutations) {
  test.serial(`random runs find: ${mutation.name}`, async (t) => {
    t.timeout(120_000);
    await using mutant = await loadMutant(mutation);
    for (let seed = 1; seed <= seeds; seed++) {
      try {
        run(mutant.createRaft, seed, 2000, mutation.focus);
      } catch (error) {
        t.log(`seed ${seed}: ${(error as Error).message}`);
        t.pass();
        return;
      }
    }
    t.fail(`${seeds} seeds didn’t find it`);
  });
}
