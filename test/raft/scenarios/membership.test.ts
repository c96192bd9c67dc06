import test from 'ava';
import { type ChangeAnswer, createRaft, type MemberStep, noMembers } from '../../../src/raft/index.ts';
import { Cluster, configurationOf } from '../harness/cluster.ts';
import { acknowledge, bytes, deliver, newCore, newLeader, only } from '../harness/core.ts';

/** Peers 1 to 3 are the cluster, and 1 leads; the others wait to be added. */
function led(count = 5, configuration = configurationOf([1, 2, 3])): Cluster {
  const ids = Array.from({ length: count }, (_, i) => i + 1);
  const cluster = new Cluster(createRaft, { seed: 5, ids, configuration });
  cluster.peer(1).feed([{ type: 'campaign' }]);
  cluster.settle();
  cluster.tick(2);
  return cluster;
}

function change(cluster: Cluster, ...steps: MemberStep[]): void {
  cluster.leader!.feed([{ type: 'change-membership', id: 1, steps }]);
  cluster.settle();
}

function configurationAt(cluster: Cluster, id: number) {
  const { voters, votersOutgoing, learners } = cluster.peer(id).raft!.status().configuration;
  return { voters, votersOutgoing, learners };
}

/** What a leader of 1, 2 and 3, which hear it, says to a change. */
function asked(steps: MemberStep[], prepare: (raft: ReturnType<typeof newLeader>) => void = () => {}): ChangeAnswer {
  const raft = newLeader();
  prepare(raft);
  const { changes } = raft.step({ type: 'change-membership', id: 7, steps });
  return changes[0]?.answer ?? { index: raft.status().lastIndex };
}

test('a learner is added, gets the log, and becomes a voter by itself when it has it', (t) => {
  const cluster = led();
  for (let i = 0; i < 20; i++) cluster.peer(1).feed([{ type: 'propose', data: [cluster.command()] }]);
  change(cluster, { type: 'add-learner', peer: 4, address: 'here:4', autoPromote: true });
  for (const id of [1, 2, 3, 4]) t.deepEqual(configurationAt(cluster, id).learners, [4]);
  t.true(cluster.tickUntil(() => configurationAt(cluster, 4).voters.length === 4, 20));
  t.deepEqual(cluster.peer(4).raft!.status().configuration.addresses, { 4: 'here:4' });
  t.is(cluster.peer(4).applied, cluster.peer(1).applied);
});

test('a learner that didn’t ask for it stays one, and never stands', (t) => {
  const cluster = led();
  change(cluster, { type: 'add-learner', peer: 4 });
  cluster.tick(10);
  t.deepEqual(configurationAt(cluster, 4), { voters: [1, 2, 3], votersOutgoing: [], learners: [4] });
  cluster.network.partition([1, 2, 3, 4, 5], [4]);
  cluster.peer(4).feed([{ type: 'campaign' }]);
  cluster.tick(100);
  t.is(cluster.peer(4).raft!.status().role, 'follower');
  t.is(cluster.peer(4).raft!.status().term, cluster.peer(1).raft!.status().term);
});

test('a peer that was told nothing waits: it neither stands nor counts', (t) => {
  const raft = newCore({}, { snapshot: { index: 0, term: 0, configuration: noMembers } });
  for (let i = 0; i < 100; i++) t.deepEqual(raft.step({ type: 'tick' }).messages, []);
  raft.step({ type: 'campaign' });
  t.is(raft.status().role, 'follower');
});

test('several voters change by way of a joint configuration, which the leader leaves by itself', (t) => {
  const cluster = led();
  change(cluster, { type: 'add-learner', peer: 4 }, { type: 'add-learner', peer: 5 });
  cluster.tick(2);
  const seen: string[] = [];
  const { observe } = cluster.checker;
  cluster.checker.observe = (peer, before, after, effects) => {
    seen.push(`${after.configuration.voters}/${after.configuration.votersOutgoing}`);
    observe.call(cluster.checker, peer, before, after, effects);
  };
  change(
    cluster,
    { type: 'add-voter', peer: 4 },
    { type: 'add-voter', peer: 5 },
    { type: 'remove', peer: 2 },
    { type: 'add-learner', peer: 3 },
  );
  t.true(seen.includes('1,4,5/1,2,3'), seen.join(' '));
  for (const id of [1, 3, 4, 5]) {
    t.deepEqual(configurationAt(cluster, id), { voters: [1, 4, 5], votersOutgoing: [], learners: [3] });
  }
});

test('a change is answered when a majority of the new configuration follows it, on whichever peer it was asked', (t) => {
  const raft = newLeader();
  t.deepEqual(raft.step({ type: 'change-membership', id: 7, steps: [{ type: 'remove', peer: 3 }] }).changes, []);
  raft.step({ type: 'persisted', index: 2, term: 1 });
  t.deepEqual(acknowledge(raft, 2, 2).changes, []);
  t.deepEqual(raft.status().configuration.voters, [1, 2]);
  raft.step({ type: 'persisted', index: 3, term: 1 });
  t.deepEqual(acknowledge(raft, 2, 3).changes, [{ id: 7, answer: { index: 3 } }]);

  const other = newLeader();
  const steps: MemberStep[] = [{ type: 'remove', peer: 3 }];
  deliver(other, { type: 'change-membership', from: 2, to: 1, term: 0, id: 9, steps });
  other.step({ type: 'persisted', index: 2, term: 1 });
  acknowledge(other, 2, 2);
  other.step({ type: 'persisted', index: 3, term: 1 });
  t.deepEqual(only(acknowledge(other, 2, 3).messages, 'change-membership-response'), [
    { type: 'change-membership-response', from: 1, to: 2, term: 1, id: 9, answer: { index: 3 } },
  ]);
});

test('what is refused, and why', (t) => {
  const remove = (peer: number): MemberStep => ({ type: 'remove', peer });
  const voter = (peer: number): MemberStep => ({ type: 'add-voter', peer });
  t.like(asked([remove(9)]), { refused: 'unknown-member', why: 'there is no member 9' });
  t.like(asked([remove(1), remove(2), remove(3)]), { refused: 'no-voters-left' });
  t.like(
    asked([voter(4)], (raft) => raft.step({ type: 'transfer-leadership', to: 2 })),
    { refused: 'not-ready', why: 'leadership is being handed over' },
  );
  t.like(
    asked([voter(4)], (raft) => raft.step({ type: 'change-membership', id: 1, steps: [voter(5)] })),
    { refused: 'under-way' },
  );
  t.like(asked([voter(4), voter(5), voter(6), voter(7)]), {
    refused: 'quorum-lost',
    why: "of the voters 1, 2, 3, 4, 5, 6, 7 4 are needed, and 4, 5, 6, 7 can't be reached",
  });
  t.like(newCore().step({ type: 'change-membership', id: 1, steps: [voter(4)] }).changes[0]!.answer, {
    refused: 'not-ready',
    why: 'no leader is known',
  });
});

test('a voter that answers can’t be removed if too few would be left that do; one that is silent can', (t) => {
  const cluster = led();
  cluster.peer(3).crash(0);
  cluster.tick(15);
  change(cluster, { type: 'remove', peer: 2 });
  t.is(cluster.peer(1).changesRefused, 1);
  t.deepEqual(configurationAt(cluster, 1).voters, [1, 2, 3]);
  change(cluster, { type: 'remove', peer: 3 });
  t.deepEqual(configurationAt(cluster, 2).voters, [1, 2]);
});

test('a learner that is behind is not made a voter', (t) => {
  const configuration = configurationOf([1, 2, 3], { learners: [4], promotable: [4] });
  const raft = newLeader({}, { snapshot: { index: 0, term: 0, configuration } });
  for (let i = 0; i < 20; i++) raft.step({ type: 'propose', data: [bytes(1)] });
  acknowledge(raft, 2, 21);
  acknowledge(raft, 3, 21);
  acknowledge(raft, 4, 5);
  const steps: MemberStep[] = [{ type: 'add-voter', peer: 4 }];
  t.deepEqual(raft.step({ type: 'change-membership', id: 7, steps }).changes[0]!.answer, {
    refused: 'not-caught-up',
    why: 'learner 4 holds 5 of 21 log entries',
  });
  t.deepEqual(raft.step({ type: 'tick' }).entries, []);
  acknowledge(raft, 4, 19);
  const [entry] = raft.step({ type: 'tick' }).entries;
  t.is(entry!.kind, 'configuration');
});

test('numbers are never used again', (t) => {
  const cluster = led();
  change(cluster, { type: 'add-voter', peer: 4 });
  change(cluster, { type: 'remove', peer: 4 });
  t.deepEqual(configurationAt(cluster, 1).voters, [1, 2, 3]);
  change(cluster, { type: 'add-learner', peer: 4 });
  t.is(cluster.peer(1).changesRefused, 1);
  change(cluster, { type: 'add-learner', peer: 5 });
  t.deepEqual(configurationAt(cluster, 1).learners, [5]);
});

test('a removed leader hands over at once; the rest need it no more, not even of two', (t) => {
  for (const voters of [
    [1, 2, 3],
    [1, 2],
  ]) {
    const cluster = led(voters.length, configurationOf(voters));
    change(cluster, { type: 'remove', peer: 1 });
    cluster.peer(1).crash(0);
    t.is(cluster.running.filter((peer) => peer.raft!.status().role === 'leader').length, 1);
    cluster.leader!.feed([{ type: 'propose', data: [cluster.command()] }]);
    cluster.settle();
    for (const { raft } of cluster.running) t.is(raft!.status().commit, raft!.status().lastIndex);
  }
});

test('one who was removed hears of it; one who didn’t hear disturbs nobody', (t) => {
  const cluster = led();
  change(cluster, { type: 'remove', peer: 2 });
  t.false(cluster.peer(2).raft!.status().configuration.voters.includes(2));

  const other = led();
  other.network.partition([1, 2, 3], [2]);
  change(other, { type: 'remove', peer: 2 });
  other.network.heal();
  const { term } = other.peer(1).raft!.status();
  other.tick(200);
  t.true(other.peer(2).raft!.status().configuration.voters.includes(2));
  t.is(other.peer(1).raft!.status().term, term);
  t.is(other.peer(1).raft!.status().role, 'leader');
});

test('a configuration that its holder doesn’t know to be committed is learnt from a voter’s refusal', (t) => {
  const cluster = led(2, configurationOf([1, 2]));
  // Peer 2 holds the entry that removes its leader, and hears no more from it.
  cluster.leader!.feed([{ type: 'change-membership', id: 1, steps: [{ type: 'remove', peer: 1 }] }]);
  while (cluster.peer(1).raft!.status().configuration.voters.length === 2) {
    const packet = cluster.network.packets.shift();
    if (packet) cluster.deliver(packet);
    for (const peer of cluster.running) peer.persist(9);
  }
  cluster.network.packets.length = 0;
  cluster.network.partition([1, 2], [2]);
  cluster.tick(30);
  t.deepEqual(configurationAt(cluster, 2).voters, [1, 2]);
  cluster.network.heal();
  t.true(cluster.tickUntil(() => cluster.leader?.id === 2, 60));
  t.deepEqual(configurationAt(cluster, 2).voters, [2]);
});

test('who asks for a change is told when its leader is lost meanwhile', (t) => {
  const raft = newLeader();
  raft.step({ type: 'change-membership', id: 7, steps: [{ type: 'remove', peer: 3 }] });
  const { changes } = deliver(raft, { type: 'heartbeat', from: 2, to: 1, term: 2, commit: 0, readRound: 0 });
  t.like(changes, [{ id: 7, answer: { refused: 'outcome-unknown' } }]);
});
