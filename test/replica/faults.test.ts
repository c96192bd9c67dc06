import test from 'ava';
import { randomInteger } from '../../src/base/index.ts';
import { openMemoryStorage } from '../../src/replica/index.ts';
import { Cluster, type Faults } from './cluster-harness.ts';

/**
 * Three replicas under load while messages are lost, repeated and overtaken, peers are cut off and crash. Afterwards
 * everything acknowledged is there exactly once, in order, on every peer. A seed replays a run.
 */
const seeds = process.env['SEEDS']?.split(',').map(Number) ?? [1, 2, 3, 4, 5, 6, 7, 8];

const harsh: Faults = { drop: 0.1, repeat: 0.1, delay: 0.3, delayMs: 60 };
const limits = {
  snapshotBytes: 3000,
  keepEntries: 8,
  keepBytes: 1000,
  maxBatchCommands: 5,
  maxBatchesInFlight: 3,
  timeoutMs: 3000,
};

for (const seed of seeds) {
  test(`everything acknowledged is applied once, in order, everywhere (seed ${seed})`, async (t) => {
    const cluster = await Cluster.start({ seed, limits });
    const { random } = cluster;
    const missing: string[] = [];
    let reads = 0;
    for (let step = 0; step < 300; step++) {
      cluster.faults = step % 60 < 45 ? harsh : { ...harsh, drop: 0 };
      for (const { id } of cluster.live) {
        for (let count = randomInteger(random, 4); count > 0; count--) void cluster.propose(id);
        if (random.next() < 0.2) {
          void cluster.read(id).then((stale) => {
            reads += 1;
            missing.push(...stale);
          });
        }
      }
      await disturb(cluster);
      await cluster.clock.advance(20);
    }
    cluster.heal();
    for (const { id, replica } of cluster.members) if (replica === undefined) await cluster.boot(id);
    await cluster.untilLed();
    await cluster.clock.advance(10_000);
    t.is(await cluster.settled(cluster.propose(1)), 'acknowledged');
    await cluster.untilEqual();

    t.deepEqual(cluster.violations(), [], `seed ${seed}`);
    t.deepEqual(missing, [], `seed ${seed}: reads did not see what was acknowledged`);
    t.deepEqual(cluster.errors, []);
    t.true(cluster.acknowledged.size > 50, `only ${cluster.acknowledged.size} acknowledged`);
    t.true(reads > 10);
    t.log(
      `${cluster.acknowledged.size} acknowledged, ${cluster.member(1).machine.list.length} applied, ${reads} reads`,
    );
    await cluster.stop();
  });
}

async function disturb(cluster: Cluster): Promise<void> {
  const { random, members } = cluster;
  const victim = members[randomInteger(random, members.length)]!;
  const dice = random.next();
  if (dice < 0.02) cluster.isolate((random.next() < 0.5 && cluster.leader?.id) || victim.id);
  else if (dice < 0.06) cluster.cut.clear();
  else if (dice < 0.08 && cluster.live.length > 1) cluster.crash(victim.id);
  else if (dice < 0.16) {
    const down = members.find(({ replica }) => replica === undefined);
    if (down !== undefined) await cluster.boot(down.id);
  }
}

test('a leader whose disk stands still leaves the lead to another, and follows once it moves again', async (t) => {
  const gates = new Map<number, PromiseWithResolvers<void>>();
  const cluster = await Cluster.start({
    seed: 5,
    openStorage: async ({ id, disk }) =>
      openMemoryStorage(disk, { beforeSync: async () => await gates.get(id)?.promise }),
  });
  const slow = (await cluster.untilLed()).id;
  t.is(await cluster.settled(cluster.propose(slow)), 'acknowledged');
  const { term } = cluster.member(slow).replica!.status();
  gates.set(slow, Promise.withResolvers());
  // The others hold it, and are a majority.
  t.is(await cluster.settled(cluster.propose(slow)), 'acknowledged');
  await cluster.untilLedByOthers(slow);
  const leader = await cluster.untilLed();
  t.not(leader.id, slow);
  t.is(leader.replica!.status().term, term + 1, 'by a hand-over, not by a lost election');
  t.is(await cluster.settled(cluster.propose(leader.id)), 'acknowledged');
  gates.get(slow)!.resolve();
  await cluster.untilEqual();
  t.deepEqual(cluster.violations(), []);
  await cluster.stop();
});
