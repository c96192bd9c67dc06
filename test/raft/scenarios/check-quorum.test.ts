import test from 'ava';
import { createRaft } from '../../../src/raft/index.ts';
import { Cluster, configurationOf } from '../harness/cluster.ts';
import { newLeader } from '../harness/core.ts';

function led(ids: number[], configuration = configurationOf(ids)): Cluster {
  const cluster = new Cluster(createRaft, { seed: 3, ids, configuration });
  cluster.peer(1).feed([{ type: 'campaign' }]);
  cluster.settle();
  return cluster;
}

const roleOf = (cluster: Cluster, id: number): string => cluster.peer(id).raft!.status().role;

test('a leader cut off from the majority steps down within an election timeout', (t) => {
  const cluster = led([1, 2, 3]);
  cluster.network.partition([1, 2, 3], [1]);
  cluster.tick(9);
  t.is(roleOf(cluster, 1), 'leader');
  cluster.tick(2);
  t.not(roleOf(cluster, 1), 'leader');
  t.is(cluster.peer(1).raft!.status().leader, 0);
});

test('so does one that can send but hears nothing: its followers would wait for ever', (t) => {
  const cluster = led([1, 2, 3]);
  for (const id of [2, 3]) cluster.network.block(id, 1);
  t.true(cluster.tickUntil(() => roleOf(cluster, 1) !== 'leader', 11));
  t.true(cluster.tickUntil(() => cluster.leader !== undefined && cluster.leader.id !== 1, 60));
});

test('a leader in touch with a majority stays', (t) => {
  const cluster = led([1, 2, 3, 4, 5]);
  cluster.network.partition([1, 2, 3, 4, 5], [4, 5]);
  cluster.tick(100);
  t.is(roleOf(cluster, 1), 'leader');
  t.is(cluster.peer(1).raft!.status().term, 1);
});

test('learners don’t make a quorum', (t) => {
  const cluster = led([1, 2, 3, 4, 5], configurationOf([1, 2, 3], { learners: [4, 5] }));
  cluster.network.partition([1, 2, 3, 4, 5], [2, 3]);
  t.true(cluster.tickUntil(() => roleOf(cluster, 1) !== 'leader', 11));
});

test('a joint configuration needs a quorum of both halves', (t) => {
  const cluster = led([1, 2, 3, 4, 5], configurationOf([1, 2, 3], { votersOutgoing: [1, 4, 5] }));
  cluster.network.partition([1, 2, 3, 4, 5], [4, 5]);
  t.true(cluster.tickUntil(() => roleOf(cluster, 1) !== 'leader', 11));
});

test('a peer with a later term, come by in vain elections, gets back in', (t) => {
  const cluster = led([1, 2, 3]);
  // Peer 3 won a pre-vote, but nobody heard of its election.
  cluster.peer(3).crash(0);
  cluster.tick(3);
  cluster.peer(3).start();
  const isolated = cluster.peer(3);
  cluster.network.partition([1, 2, 3], [3]);
  isolated.feed([{ type: 'campaign' }]);
  const term = isolated.raft!.status().term + 1;
  isolated.feed([{ type: 'message', message: { type: 'pre-vote-response', from: 2, to: 3, term, granted: true } }]);
  t.is(isolated.raft!.status().role, 'candidate');
  cluster.settle();
  cluster.network.heal();
  const isWell = (): boolean => {
    const statuses = cluster.running.map((peer) => peer.raft!.status());
    return statuses.every((s) => s.leader !== 0 && s.leader === statuses[0]!.leader && s.term === statuses[0]!.term);
  };
  t.true(cluster.tickUntil(isWell, 80));
});

test('a leader does not believe a stranger that its time is over', (t) => {
  const raft = newLeader();
  for (const type of ['heartbeat-response', 'vote-response'] as const) {
    raft.step({
      type: 'message',
      message: { type, from: 9, to: 1, term: 50, readRound: 0, granted: false } as never,
    });
  }
  t.is(raft.status().role, 'leader');
  t.is(raft.status().term, 1);
});
