import test, { type ExecutionContext } from 'ava';
import { errorCode } from '../../src/base/index.ts';
import { decodeNote } from '../../src/replica/index.ts';
import { Cluster, type ClusterOptions, type Member } from './cluster-harness.ts';

async function startCluster(t: ExecutionContext, options: Partial<ClusterOptions> = {}): Promise<Cluster> {
  const cluster = await Cluster.start({ seed: 11, ...options });
  t.teardown(() => cluster.stop());
  await cluster.untilLed();
  await lead(cluster, 2);
  return cluster;
}

async function lead(cluster: Cluster, id: number): Promise<void> {
  const leader = await cluster.untilLed();
  if (leader.id !== id) await cluster.settled(leader.replica!.transferLeadership(id));
  await cluster.untilLed();
}

const life = ({ disk }: Member): number => disk.lives.at(-1)!;

/** Whether a member's log tells of another's present life. */
function knows(member: Member, of: Member): boolean {
  return member.disk.entries.some(({ kind, data }) => {
    const note = kind === 'command' ? decodeNote(data) : undefined;
    return note?.origin === of.id && note.incarnation === life(of);
  });
}

function cut(cluster: Cluster, one: number, other: number): void {
  cluster.cut.add(`${one}>${other}`);
  cluster.cut.add(`${other}>${one}`);
}

async function propose(t: ExecutionContext, cluster: Cluster, at: number): Promise<void> {
  t.is(await cluster.settled(cluster.propose(at)), 'acknowledged');
}

/** Peer 1 starts anew and never meets peer 3, which hears of it from the leader; then 1 and 2 go on without 3. */
async function goOnApart(t: ExecutionContext, cluster: Cluster): Promise<void> {
  const [one, , three] = cluster.members as [Member, Member, Member];
  cluster.crash(1);
  cut(cluster, 1, 3);
  await cluster.boot(1);
  await cluster.until(() => knows(three, one), 'peer 3 knows of the life by its log');
  cluster.isolate(3);
  for (let i = 0; i < 5; i++) await propose(t, cluster, 2);
}

test('a peer refuses an older copy of another’s store although it never met its last life', async (t) => {
  const cluster = await startCluster(t);
  const copy = cluster.member(1).disk.copy();
  await goOnApart(t, cluster);
  cluster.crash(1);
  cluster.crash(2);
  cluster.heal();
  cluster.member(1).disk = copy;
  await cluster.boot(1);
  await cluster.until(() => cluster.errors.length > 0, 'the copy is found out');
  t.is(errorCode(cluster.errors[0]), 'DATA_LOST');
  t.is(cluster.leader, undefined);
  cluster.crash(1);
  // What the two acknowledged is there.
  await cluster.boot(2);
  await lead(cluster, 3);
  await propose(t, cluster, 3);
  await cluster.untilEqual();
  t.deepEqual(cluster.violations(), []);
});

test('so it does after a restart, before it knows what of its log is committed, and with the log in a snapshot', async (t) => {
  for (const limits of [{}, { snapshotEntries: 1, keepEntries: 0, keepBytes: 1 }]) {
    const cluster = await startCluster(t, { limits });
    const copy = cluster.member(1).disk.copy();
    await goOnApart(t, cluster);
    for (const id of [1, 2, 3]) cluster.crash(id);
    cluster.heal();
    cluster.member(1).disk = copy;
    await cluster.boot(3);
    await cluster.boot(1);
    await cluster.until(() => cluster.errors.length > 0, 'the copy is found out');
    t.is(errorCode(cluster.errors[0]), 'DATA_LOST');
    t.is(cluster.leader, undefined);
  }
});

test('an older copy that starts many times before anybody hears of it is found out all the same', async (t) => {
  const cluster = await startCluster(t);
  const copy = cluster.member(1).disk.copy();
  await goOnApart(t, cluster);
  cluster.crash(1);
  cluster.heal();
  cluster.isolate(1);
  cluster.member(1).disk = copy;
  for (let i = 0; i < 5; i++) {
    await cluster.boot(1);
    cluster.crash(1);
  }
  cluster.heal();
  await cluster.boot(1);
  await cluster.until(() => cluster.errors.length > 0, 'the copy is found out');
  t.is(errorCode(cluster.errors[0]), 'DATA_LOST');
});

test('a peer that starts many times before anybody hears of it is no older copy', async (t) => {
  const cluster = await startCluster(t);
  const [one, two, three] = cluster.members as [Member, Member, Member];
  cluster.isolate(1);
  for (let i = 0; i < 5; i++) {
    cluster.crash(1);
    await cluster.boot(1);
  }
  t.true(one.disk.lives.length > 5);
  cluster.heal();
  await cluster.until(() => knows(two, one) && knows(three, one), 'all know its last life');
  await cluster.until(() => one.disk.lives.length === 1, 'it knows that they do');
  cluster.crash(2);
  await cluster.untilLed();
  await propose(t, cluster, 1);
  t.deepEqual(cluster.errors, []);
});

test('nothing waits for notes: all start at once, or two of three apart from each other', async (t) => {
  const cluster = await startCluster(t);
  await propose(t, cluster, 1);
  for (const id of [1, 2, 3]) cluster.crash(id);
  for (const id of [1, 2, 3]) await cluster.boot(id);
  await cluster.untilLed();
  await propose(t, cluster, 3);
  cluster.crash(3);
  cluster.crash(1);
  await cluster.boot(1);
  await lead(cluster, 2);
  await propose(t, cluster, 1);
  await cluster.untilEqual();
  // Peer 1 has all that was acknowledged; peer 3 never heard of its present life.
  cluster.crash(1);
  cluster.crash(2);
  await cluster.boot(3);
  await cluster.boot(1);
  await cluster.untilLed();
  await propose(t, cluster, 3);
  await cluster.boot(2);
  await cluster.untilLed();
  await cluster.untilEqual();
  t.deepEqual(cluster.violations(), []);
  t.deepEqual(cluster.errors, []);
});

test('lives are noted once each by each leader', async (t) => {
  const cluster = await startCluster(t);
  await lead(cluster, 3);
  for (let i = 0; i < 20; i++) await propose(t, cluster, 1 + (i % 3));
  await cluster.clock.advance(2000);
  const { entries } = cluster.member(2).disk;
  const notes = entries.flatMap(({ kind, term, data }) => {
    const note = kind === 'command' ? decodeNote(data) : undefined;
    return note === undefined || note.origin === 0 ? [] : [`term ${term}: ${note.origin} lives ${note.incarnation}`];
  });
  const lastTerm = notes.filter((note) => note.startsWith(`term ${cluster.leader!.replica!.status().term}:`));
  t.is(lastTerm.length, 3);
  t.is(new Set(notes).size, notes.length);
});
