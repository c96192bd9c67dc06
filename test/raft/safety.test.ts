import test from 'ava';
import { createRaft } from '../../src/raft/index.ts';
import { type Focus, run, type Tally } from './harness/run.ts';

// RAFT_SEEDS=50000 for a long run; RAFT_SEED=1234 replays one; RAFT_FOCUS=leases or replacements looks closer at those.
const only = process.env['RAFT_SEED'];
const first = Number(only ?? process.env['RAFT_FIRST_SEED'] ?? 1);
const count = only ? 1 : Number(process.env['RAFT_SEEDS'] ?? 1500);
const focus = process.env['RAFT_FOCUS'] as Focus | undefined;
const steps = Number(process.env['RAFT_STEPS'] ?? 2000);

test('random runs: the properties of figure 3, linearizable reads, and life after faults', (t) => {
  t.timeout(24 * 3600_000);
  const total: Tally = {
    terms: 0,
    committed: 0,
    reads: 0,
    readsFailed: 0,
    crashes: 0,
    snapshotsInstalled: 0,
    changes: 0,
  };
  for (let seed = first; seed < first + count; seed++) {
    try {
      const tally = run(createRaft, seed, steps, focus);
      for (const key of Object.keys(total) as (keyof Tally)[]) total[key] += tally[key];
    } catch (error) {
      t.log(`replay: RAFT_SEED=${seed} RAFT_STEPS=${steps} npx ava test/raft/safety.test.ts`);
      throw error;
    }
  }
  t.log(`${count} seeds from ${first}, ${steps} steps each: ${JSON.stringify(total)}`);
  // The runs must have tried something; a single one may be calm.
  if (only || focus) {
    t.pass();
    return;
  }
  t.true(total.terms > 2 * count && total.committed > 20 * count && total.reads > 5 * count && total.crashes > count);
  t.true(total.snapshotsInstalled > 0 && total.changes > count);
});

for (const each of ['leases', 'replacements'] as const) {
  test(`random runs about ${each}`, (t) => {
    for (let seed = 1; seed <= 300; seed++) {
      try {
        run(createRaft, seed, steps, each);
      } catch (error) {
        t.log(`replay: RAFT_FOCUS=${each} RAFT_SEED=${seed} RAFT_STEPS=${steps} npx ava test/raft/safety.test.ts`);
        throw error;
      }
    }
    t.pass();
  });
}

test('a run depends on its seed only', (t) => {
  t.deepEqual(run(createRaft, 7, 1000), run(createRaft, 7, 1000));
});
