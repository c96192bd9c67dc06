import test from 'ava';
import { createRaft } from '../../../src/raft/index.ts';
import { Cluster, configurationOf } from '../harness/cluster.ts';
import { deliver, newCore, only } from '../harness/core.ts';

function threePeers(seed = 1): Cluster {
  const cluster = new Cluster(createRaft, { seed, ids: [1, 2, 3], configuration: configurationOf([1, 2, 3]) });
  cluster.peer(1).feed([{ type: 'campaign' }]);
  cluster.settle();
  return cluster;
}

test('a peer that is cut off keeps its term, and disturbs nobody when it comes back', (t) => {
  const cluster = threePeers();
  cluster.network.partition([1, 2, 3], [3]);
  cluster.tick(100);
  t.is(cluster.peer(3).raft!.status().role, 'pre-candidate');
  t.is(cluster.peer(3).raft!.status().term, 1);
  cluster.network.heal();
  cluster.tick(30);
  t.deepEqual(
    [1, 2, 3].map((id) => cluster.peer(id).raft!.status().role),
    ['leader', 'follower', 'follower'],
  );
  t.is(cluster.leader!.raft!.status().term, 1);
});

test('a follower of a live leader neither wins nor changes anything by standing', (t) => {
  const cluster = threePeers();
  cluster.peer(2).feed([{ type: 'campaign' }]);
  cluster.tick(5);
  t.is(cluster.leader, cluster.peer(1));
  t.is(cluster.leader!.raft!.status().term, 1);
  t.is(cluster.peer(2).raft!.status().leader, 1);
});

test('a vote request of a later term is not heard while the leader lives, unless the leader wished it', (t) => {
  const follower = newCore();
  deliver(follower, { type: 'heartbeat', from: 2, to: 1, term: 5, commit: 0, readRound: 0 });
  const request = { type: 'vote', from: 3, to: 1, term: 9, lastIndex: 99, lastTerm: 8 } as const;
  const effects = deliver(follower, { ...request, transfer: false });
  t.is(follower.status().term, 5);
  t.deepEqual(effects.messages, []);
  t.deepEqual(effects.messagesAfterPersist, []);
  // Once the leader has been silent for an election timeout, it is.
  for (let i = 0; i < 9; i++) follower.step({ type: 'tick' });
  deliver(follower, { ...request, transfer: false });
  t.is(follower.status().term, 5);
  const { messagesAfterPersist } = deliver(follower, { ...request, transfer: true });
  t.like(messagesAfterPersist[0], { type: 'vote-response', to: 3, term: 9, granted: true });
});

test('a candidate with an older log fails before it begins a term', (t) => {
  const cluster = threePeers();
  cluster.network.partition([1, 2, 3], [3]);
  cluster.peer(1).feed([{ type: 'propose', data: [cluster.command()] }]);
  cluster.settle();
  cluster.peer(1).crash(0);
  cluster.network.heal();
  t.true(cluster.tickUntil(() => cluster.leader !== undefined, 60));
  t.is(cluster.leader, cluster.peer(2));
});

test('a candidate whose request got lost, or met a lease about to end, asks again soon', (t) => {
  const raft = newCore();
  const first = raft.step({ type: 'campaign' });
  t.deepEqual(
    first.messages.map(({ type, to, term }) => [type, to, term]),
    [
      ['pre-vote', 2, 1],
      ['pre-vote', 3, 1],
    ],
  );
  t.deepEqual(first.messagesAfterPersist, []);
  t.is(first.hardState, undefined);
  deliver(raft, { type: 'pre-vote-response', from: 2, to: 1, term: 0, granted: false });
  t.deepEqual(raft.step({ type: 'tick' }).messages, []);
  // Only whoever hasn't answered.
  t.deepEqual(
    raft.step({ type: 'tick' }).messages.map(({ to }) => to),
    [3],
  );
});

test('a pre-vote answer counts only for the term that was asked about', (t) => {
  const raft = newCore();
  raft.step({ type: 'campaign' });
  deliver(raft, { type: 'pre-vote-response', from: 2, to: 1, term: 7, granted: true });
  t.is(raft.status().role, 'pre-candidate');
  deliver(raft, { type: 'pre-vote-response', from: 2, to: 1, term: 1, granted: true });
  t.is(raft.status().role, 'candidate');
});

test('a candidate that is refused by a majority goes back to waiting', (t) => {
  const raft = newCore();
  raft.step({ type: 'campaign' });
  for (const from of [2, 3]) deliver(raft, { type: 'pre-vote-response', from, to: 1, term: 0, granted: false });
  t.is(raft.status().role, 'follower');
});

test('a candidate behind its voters learns of their term', (t) => {
  const raft = newCore({}, { hardState: { term: 4, vote: 0, commit: 0 } });
  const preVote = deliver(raft, { type: 'pre-vote', from: 2, to: 1, term: 2, lastIndex: 0, lastTerm: 0 });
  t.like(only(preVote.messages, 'pre-vote-response')[0], { to: 2, term: 4, granted: false });
  const vote = deliver(raft, { type: 'vote', from: 2, to: 1, term: 2, lastIndex: 0, lastTerm: 0, transfer: false });
  t.like(only(vote.messages, 'vote-response')[0], { to: 2, term: 4, granted: false });
});

test('a leader that dies is replaced, mostly within two election timeouts', (t) => {
  const ticks: number[] = [];
  for (let seed = 1; seed <= 200; seed++) {
    const cluster = threePeers(seed);
    cluster.tick(seed % 7);
    cluster.peer(1).crash(0);
    let waited = 0;
    while (!cluster.leader && waited < 100) {
      cluster.tick();
      waited++;
    }
    ticks.push(waited);
  }
  ticks.sort((a, b) => a - b);
  t.log(`median ${ticks[100]}, 95 % ${ticks[190]}, at most ${ticks[199]} ticks`);
  t.true(ticks[190]! <= 20);
  t.true(ticks[199]! < 100);
});

test('of two that stand together with equal logs, one gives way instead of splitting the vote', (t) => {
  const cluster = threePeers();
  cluster.peer(1).crash(0);
  for (const id of [2, 3]) for (let i = 0; i < 10; i++) cluster.peer(id).feed([{ type: 'tick' }]);
  for (const id of [2, 3]) cluster.peer(id).feed([{ type: 'campaign' }]);
  cluster.settle();
  t.is(cluster.leader, cluster.peer(3));
  t.is(cluster.peer(3).raft!.status().term, 2);
});
