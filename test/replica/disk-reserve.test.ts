import test, { type ExecutionContext } from 'ava';
import { errorCode } from '../../src/base/index.ts';
import { Cluster, type ClusterOptions } from './cluster-harness.ts';

const PLENTY = 1_000_000;

/** Members whose disks have as much room as the test says; the reserve is 1000. */
async function startCluster(
  t: ExecutionContext,
  options: Partial<ClusterOptions> = {},
): Promise<{ cluster: Cluster; free: Map<number, number> }> {
  const free = new Map<number, number>();
  const cluster = await Cluster.start({ seed: 1, free: async (id) => free.get(id) ?? PLENTY, ...options });
  t.teardown(() => cluster.stop());
  return { cluster, free };
}

async function refusal(cluster: Cluster, id: number): Promise<unknown> {
  const { replica, machine } = cluster.member(id);
  const attempt = replica!.propose({ author: 'x', number: machine.list.length + 1 });
  return cluster.settled(
    attempt.then(
      () => 'taken',
      (error) => errorCode(error),
    ),
  );
}

test('a follower whose disk is nearly full refuses its clients, reads on, and follows on', async (t) => {
  const { cluster, free } = await startCluster(t);
  const leader = await cluster.untilLed();
  const { id } = cluster.members.find((member) => member !== leader)!;
  free.set(id, 999);
  await cluster.clock.advance(300);
  t.is(await refusal(cluster, id), 'NO_SPACE');
  t.deepEqual(cluster.member(id).replica!.status().disk, { free: 999, reserve: 1000, low: true });
  t.is(await cluster.settled(cluster.propose(leader.id)), 'acknowledged');
  t.deepEqual(await cluster.settled(cluster.read(id)), []);
  await cluster.untilEqual();
  t.is(cluster.leader, leader);

  // At the edge it does not flap.
  free.set(id, 1100);
  await cluster.clock.advance(300);
  t.is(await refusal(cluster, id), 'NO_SPACE');
  free.set(id, 1300);
  await cluster.clock.advance(300);
  t.is(await cluster.settled(cluster.propose(id)), 'acknowledged');
  await cluster.untilEqual();
  t.deepEqual(cluster.violations(), []);
});

test('a leader whose disk is nearly full hands leadership over, until it comes to one with room', async (t) => {
  const { cluster, free } = await startCluster(t);
  const first = await cluster.untilLed();
  const roomy = cluster.members.filter((member) => member !== first).at(-1)!;
  for (const { id } of cluster.members) if (id !== roomy.id) free.set(id, 10);
  await cluster.until(() => cluster.leader?.id === roomy.id, 'the peer with room leads');
  await cluster.untilLed();
  t.is(await cluster.settled(cluster.propose(roomy.id)), 'acknowledged');
  await cluster.clock.advance(120_000);
  t.is(cluster.leader?.id, roomy.id);
  t.deepEqual(cluster.errors, []);
});

test('when no disk has room nobody writes, everybody reads, and all goes on when there is', async (t) => {
  const { cluster, free } = await startCluster(t);
  const leader = await cluster.untilLed();
  t.is(await cluster.settled(cluster.propose(leader.id)), 'acknowledged');
  for (const { id } of cluster.members) free.set(id, 10);
  await cluster.clock.advance(300);
  for (const { id } of cluster.members) {
    t.is(await refusal(cluster, id), 'NO_SPACE');
    t.deepEqual(await cluster.settled(cluster.read(id)), []);
  }
  free.clear();
  await cluster.clock.advance(300);
  await cluster.untilLed();
  for (const { id } of cluster.members) t.is(await cluster.settled(cluster.propose(id)), 'acknowledged');
  await cluster.untilEqual();
  t.deepEqual(cluster.violations(), []);
  t.deepEqual(cluster.errors, []);
});

test('a peer that starts on a full disk refuses from the beginning', async (t) => {
  const { cluster, free } = await startCluster(t, { peers: 1 });
  await cluster.untilLed();
  cluster.crash(1);
  free.set(1, 10);
  await cluster.boot(1);
  t.is(await refusal(cluster, 1), 'NO_SPACE');
});

test('what the disk last said holds while it says nothing', async (t) => {
  let answer: () => Promise<number> = async () => 10;
  const { cluster } = await startCluster(t, { peers: 1, free: () => answer() });
  t.is(await refusal(cluster, 1), 'NO_SPACE');
  answer = () => Promise.reject(new Error('no such file'));
  await cluster.clock.advance(1000);
  t.is(await refusal(cluster, 1), 'NO_SPACE');
  answer = async () => PLENTY;
  await cluster.clock.advance(300);
  t.is(await cluster.settled(cluster.propose(1)), 'acknowledged');
});

test('no snapshot is begun without room for it, and one is when there is', async (t) => {
  const limits = { snapshotBytes: 4000, keepBytes: 500, keepEntries: 5, maxBatchCommands: 4 };
  // More than the reserve, but not by as much as a snapshot would take.
  const { cluster, free } = await startCluster(t, { peers: 1, limits });
  free.set(1, 5000);
  await cluster.clock.advance(300);
  const proposeMany = async (): Promise<void> => {
    for (let i = 0; i < 20; i++) {
      const outcomes = await cluster.settled(Promise.all(Array.from({ length: 20 }, () => cluster.propose(1))));
      t.true(outcomes.every((outcome) => outcome === 'acknowledged'));
    }
  };
  await proposeMany();
  t.is(cluster.member(1).machine.snapshots, 0);
  free.set(1, PLENTY);
  await cluster.clock.advance(300);
  await proposeMany();
  t.true(cluster.member(1).machine.snapshots > 0);
});

test('a fast writer is stopped between two looks at the disk', async (t) => {
  let looks = 0;
  const free = async (): Promise<number> => {
    looks += 1;
    // The first look: then it takes longer than the writer.
    return looks === 1 ? 5000 : new Promise(() => {});
  };
  const { cluster } = await startCluster(t, { peers: 1, free });
  await cluster.untilLed();
  let taken = 0;
  while ((await cluster.settled(cluster.propose(1))) === 'acknowledged') taken += 1;
  t.is(await refusal(cluster, 1), 'NO_SPACE');
  t.true(taken > 5, `${taken} writes`);
});
