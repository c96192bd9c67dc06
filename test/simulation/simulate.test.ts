import test from 'ava';
import { systemRandom } from '../../src/base/index.ts';
import { type SimulationReport, simulate } from '../../src/simulation/index.ts';

// SIM_SECONDS=3600 for a long search; SIM_STEPS as in "keelson sim --steps".
const seconds = Number(process.env['SIM_SECONDS'] ?? 12);
const steps = Number(process.env['SIM_STEPS'] ?? 20_000);

test('a run depends on its seed only', async (t) => {
  const [first, again, other] = await Promise.all([7, 7, 8].map((seed) => simulate({ seed, steps: 5000 })));
  t.deepEqual(first, again);
  t.not(first!.hash, other!.hash);
});

test('so does one with controllers', async (t) => {
  const [first, again] = await Promise.all([2, 2].map((seed) => simulate({ seed, steps: 5000, controlPlane: true })));
  t.deepEqual(first, again);
  t.true(first!.checks['controllerWrites']! > 10);
  t.not(first!.hash, (await simulate({ seed: 2, steps: 5000, controlPlane: false })).hash);
});

test('fresh seeds find nothing', async (t) => {
  t.timeout(seconds * 1000 + 120_000);
  const end = performance.now() + seconds * 1000;
  const begin = Math.floor(systemRandom.next() * 2 ** 31);
  const total: Record<string, number> = {};
  let seed = begin;
  for (; performance.now() < end; seed++) {
    const report = await simulate({ seed, steps }).catch((error) => {
      t.log(`replay: keelson sim --seed ${seed} --steps ${steps}`);
      throw error;
    });
    addUp(total, report);
  }
  t.log(`${seed - begin} seeds from ${begin}, ${steps} steps each: ${JSON.stringify(total)}`);
  t.is(total['histories']! > 0, true);
});

test('runs try what they are to try', async (t) => {
  const total: Record<string, number> = {};
  for (let seed = 1; seed <= 30; seed++) addUp(total, await simulate({ seed, steps: 10_000 }));
  const kinds = [
    'crash',
    'crash-leader',
    'stop',
    'pause',
    'partition',
    'one-way',
    'bridge',
    'isolate-leader',
    'freeze-leader',
  ];
  const others = [
    'clock-jump',
    'bit-flip',
    'old-copy',
    'put-back',
    'transfer',
    'membership',
    'crash-at-write',
    'slow-write',
    'snapshots',
    'resumedSnapshots',
  ];
  const work = ['answered', 'unanswered', 'refreshes', 'fencedWrites', 'fencedOff', 'resumed', 'compacted', 'leases'];
  for (const what of [...kinds, ...others, ...work, 'dropped', 'repeated', 'reordered', 'configurations']) {
    t.true((total[what] ?? 0) > 1, `${what}: ${total[what]}`);
  }
  t.true(total['histories']! > 100 && total['undecided']! < total['histories']! / 20, JSON.stringify(total));
});

test('controllers get to do what they are to do, and are disturbed', async (t) => {
  const total: Record<string, number> = {};
  for (let seed = 1; seed <= 6; seed++) addUp(total, await simulate({ seed, steps: 15_000, controlPlane: true }));
  const work = [
    'created',
    'scaled',
    'rolled',
    'deleted',
    'podsDeleted',
    'podsStarted',
    'podsEnded',
    'podsCounted',
    'controllerWrites',
  ];
  for (const what of [...work, 'takeovers', 'freeze-holder'])
    t.true((total[what] ?? 0) > 3, `${what}: ${JSON.stringify(total)}`);
});

test('a cluster of one and a cluster of seven', async (t) => {
  for (const peers of [1, 7]) {
    const { checks } = await simulate({ seed: 3, steps: 10_000, peers });
    t.true(checks['committed']! > 10, `${peers} peers: ${JSON.stringify(checks)}`);
  }
});

function addUp(total: Record<string, number>, { faults, operations, checks }: SimulationReport): void {
  for (const [what, count] of Object.entries({ ...faults, ...operations, ...checks })) {
    total[what] = (total[what] ?? 0) + count;
  }
}
