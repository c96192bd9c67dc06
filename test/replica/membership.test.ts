import test, { type ExecutionContext } from 'ava';
import { errorCode } from '../../src/base/index.ts';
import type { MemberStep } from '../../src/raft/index.ts';
import { formatAddress, parseAddress, peersToReach } from '../../src/replica/members.ts';
import { MembershipChanges } from '../../src/replica/membership-changes.ts';
import { Cluster, type ClusterOptions } from './cluster-harness.ts';

const learner = (peer: number): MemberStep => ({ type: 'add-learner', peer, autoPromote: true });

async function startCluster(t: ExecutionContext, options: Partial<ClusterOptions> = {}): Promise<Cluster> {
  const cluster = await Cluster.start({ seed: 3, peers: 5, founders: 3, ...options });
  t.teardown(() => cluster.stop());
  await cluster.until(() => cluster.leader !== undefined, 'somebody leads');
  return cluster;
}

function change(cluster: Cluster, at: number, ...steps: MemberStep[]): Promise<void> {
  return cluster.settled(cluster.member(at).replica!.changeMembership(steps));
}

function voters(cluster: Cluster, at: number): number[] {
  const members = cluster.member(at).replica!.members();
  return members.filter(({ role }) => role === 'voter').map(({ id }) => id);
}

test('a peer that was added gets everything, votes when it has it, and serves', async (t) => {
  const cluster = await startCluster(t, { limits: { snapshotEntries: 20, keepEntries: 5 } });
  for (let i = 0; i < 60; i++) await cluster.settled(cluster.propose(1));
  // A peer that nobody has added keeps still.
  t.is(cluster.member(4).replica!.status().term, 0);
  await change(cluster, 2, { type: 'add-learner', peer: 4, address: 'here:4', autoPromote: true });
  await cluster.until(() => voters(cluster, 4).length === 4, 'peer 4 votes');
  t.is(await cluster.settled(cluster.propose(4)), 'acknowledged');
  t.deepEqual(await cluster.settled(cluster.read(4)), []);
  t.is(cluster.member(4).machine.list.length, 61);
  t.deepEqual(
    cluster
      .member(4)
      .replica!.members()
      .map(({ id, role, address }) => [id, role, address]),
    [
      [1, 'voter', undefined],
      [2, 'voter', undefined],
      [3, 'voter', undefined],
      [4, 'voter', 'here:4'],
    ],
  );
});

test('membership survives snapshots and restarts', async (t) => {
  const cluster = await startCluster(t, { limits: { snapshotEntries: 20, keepEntries: 5 } });
  await change(cluster, 1, { type: 'add-voter', peer: 5, address: 'here:5' });
  for (let i = 0; i < 60; i++) await cluster.settled(cluster.propose(1));
  const ids = [1, 2, 3, 5];
  for (const id of ids) cluster.crash(id);
  for (const id of ids) await cluster.boot(id);
  for (const id of ids) t.deepEqual(voters(cluster, id), ids);
  t.is(cluster.member(5).replica!.members().at(-1)!.address, 'here:5');
  t.is(await cluster.settled(cluster.propose(5)), 'acknowledged');
});

test('all voters are replaced at once, the leader among them, while commands go on', async (t) => {
  const cluster = await startCluster(t, { peers: 6 });
  const leader = cluster.leader!.id;
  await change(cluster, 2, ...[4, 5, 6].map((peer): MemberStep => ({ type: 'add-learner', peer })));
  await cluster.until(() => cluster.leader!.replica!.members().every(({ behind }) => behind === 0), 'all caught up');
  const results = [cluster.propose(4), cluster.propose(5)];
  const steps = [4, 5, 6].map((peer): MemberStep => ({ type: 'add-voter', peer }));
  await change(cluster, leader, ...steps, ...[1, 2, 3].map((peer): MemberStep => ({ type: 'remove', peer })));
  for (const id of [1, 2, 3]) cluster.crash(id);
  await cluster.until(() => [4, 5, 6].includes(cluster.leader?.id ?? 0), 'one of the new ones leads');
  t.deepEqual(voters(cluster, 4), [4, 5, 6]);
  t.deepEqual(new Set(await cluster.settled(Promise.all(results))), new Set(['acknowledged']));
  t.is(await cluster.settled(cluster.propose(6)), 'acknowledged');
  await cluster.untilEqual();
  t.deepEqual(cluster.violations(), []);
});

test('what would lose the quorum is refused, on any peer, in one line that says why', async (t) => {
  const cluster = await startCluster(t);
  const leader = cluster.leader!.id;
  const [other, dead] = [1, 2, 3].filter((id) => id !== leader) as [number, number];
  cluster.crash(dead);
  await cluster.clock.advance(1000);
  const refused = await t.throwsAsync(change(cluster, other, { type: 'remove', peer: other }));
  t.is(errorCode(refused), 'QUORUM_LOST');
  t.regex(refused!.message, new RegExp(`of the voters .* 2 are needed, and ${dead} can't be reached: .*start them`));
  t.deepEqual(voters(cluster, leader), [1, 2, 3]);
  await change(cluster, other, { type: 'remove', peer: dead });
  t.deepEqual(voters(cluster, other), [leader, other].sort());
});

test('other refusals', async (t) => {
  const cluster = await startCluster(t);
  const { replica } = cluster.leader!;
  const codeOf = async (...steps: MemberStep[]): Promise<string | undefined> =>
    errorCode(await t.throwsAsync(cluster.settled(replica!.changeMembership(steps))));
  t.is(await codeOf({ type: 'remove', peer: 9 }), 'NO_SUCH_PEER');
  t.is(await codeOf(...[1, 2, 3].map((peer): MemberStep => ({ type: 'remove', peer }))), 'NO_VOTERS_LEFT');
  await change(cluster, 1, { type: 'add-learner', peer: 5 });
  t.is(await codeOf(learner(4)), 'ID_USED');
  t.is(errorCode(await t.throwsAsync(replica!.transferLeadership(5))), 'NOT_A_VOTER');
  const first = replica!.changeMembership([{ type: 'remove', peer: 5 }]);
  t.is(await codeOf(learner(6)), 'CHANGE_UNDER_WAY');
  await cluster.settled(first);
});

test('without a leader a change waits, and says in the end that nothing was changed', async (t) => {
  const cluster = await startCluster(t);
  for (const id of [2, 3]) cluster.crash(id);
  await cluster.clock.advance(3000);
  t.is(errorCode(await t.throwsAsync(change(cluster, 1, learner(4)))), 'NO_LEADER');
});

test('a peer that was removed says so and stops, also one that did not hear of it', async (t) => {
  const cluster = await startCluster(t);
  const leader = cluster.leader!.id;
  const others = [1, 2, 3].filter((id) => id !== leader);
  const { replica } = cluster.member(others[0]!);
  await change(cluster, leader, { type: 'remove', peer: others[0]! });
  await cluster.clock.advance(1500);
  t.is(errorCode(await t.throwsAsync(replica!.failed)), 'REMOVED');
  cluster.member(others[0]!).replica = undefined;

  const failed = t.throwsAsync(cluster.leader!.replica!.failed);
  await change(cluster, leader, { type: 'remove', peer: leader });
  await cluster.clock.advance(1500);
  t.is(errorCode(await failed), 'REMOVED');
  cluster.member(leader).replica = undefined;
  t.is(await cluster.settled(cluster.propose(others[1]!)), 'acknowledged');
});

test('a leader that stops hands over first, without a time in which nobody leads', async (t) => {
  const cluster = await startCluster(t);
  await cluster.untilEqual().catch(() => {});
  const { id, replica } = cluster.leader!;
  const before = cluster.clock.monotonic();
  await cluster.settled(replica!.stop());
  cluster.member(id).replica = undefined;
  t.true(cluster.leader !== undefined);
  t.is(await cluster.settled(cluster.propose(cluster.leader!.id)), 'acknowledged');
  t.true(cluster.clock.monotonic() - before < 300);
});

test('a leader whom nobody answers stops all the same', async (t) => {
  const cluster = await startCluster(t);
  const { id, replica } = cluster.leader!;
  for (const other of [1, 2, 3]) if (other !== id) cluster.crash(other);
  const before = cluster.clock.monotonic();
  await cluster.settled(replica!.stop());
  cluster.member(id).replica = undefined;
  t.true(cluster.clock.monotonic() - before <= 500);
});

test('with leases a read asks nobody, and is fresh; without them each asks', async (t) => {
  for (const reads of ['lease', 'index'] as const) {
    const cluster = await startCluster(t, { reads });
    const leader = cluster.leader!;
    await cluster.settled(cluster.propose(leader.id));
    await cluster.clock.advance(500);
    let beats = 0;
    const { route } = cluster.network;
    cluster.network.route = (message, deliver) => {
      if (message.type === 'heartbeat') beats += 1;
      route(message, deliver);
    };
    const before = cluster.clock.monotonic();
    t.deepEqual(await cluster.settled(cluster.read(leader.id)), []);
    if (cluster.clock.monotonic() === before) t.is(beats > 0, reads === 'index');
    // A leader that hears nobody has no lease any more.
    cluster.isolate(leader.id);
    await cluster.clock.advance(350);
    const read = t.throwsAsync(leader.replica!.readBarrier());
    await cluster.clock.advance(6000);
    t.is(errorCode(await read), 'TIMEOUT');
    cluster.heal();
  }
});

test('changes that are never answered end with an unknown outcome; late answers change nothing', async (t) => {
  const asked: number[] = [];
  const changes = new MembershipChanges(100, 3, (id) => asked.push(id));
  const lost = t.throwsAsync(changes.change([learner(4)]));
  const slow = changes.change([learner(5)]);
  changes.answered(101, { index: 7 });
  for (let i = 0; i < 3; i++) changes.tick();
  t.is(errorCode(await lost), 'TIMEOUT');
  // In effect, although this peer has not come so far.
  await slow;
  changes.answered(100, { index: 7 });
  const stopped = t.throwsAsync(changes.change([learner(6)]));
  changes.stop();
  t.is(errorCode(await stopped), 'STOPPED');
  t.is(errorCode(await t.throwsAsync(changes.change([]))), 'STOPPED');
  t.deepEqual(asked, [100, 101, 102]);
});

test('addresses', (t) => {
  for (const address of ['host:1', '10.0.0.1:7443', '[::1]:65535']) {
    t.is(formatAddress(parseAddress(address)!), address);
  }
  for (const address of ['host', 'host:0', 'host:65536', '::1:5', '[::1]', 'a b:1', '']) {
    t.is(parseAddress(address), undefined, address);
  }
  const configuration = {
    voters: [1, 2, 4],
    votersOutgoing: [],
    learners: [],
    learnersNext: [],
    autoLeave: false,
    addresses: { 1: 'old:1', 4: 'new:4' },
  };
  const known = [1, 2, 3].map((id) => ({ id, host: 'told', port: id }));
  t.deepEqual(peersToReach(known, configuration), [
    { id: 1, host: 'told', port: 1 },
    { id: 4, host: 'new', port: 4 },
    { id: 2, host: 'told', port: 2 },
  ]);
});
