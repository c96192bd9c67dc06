import test from 'ava';
import { createRaft } from '../../../src/raft/index.ts';
import { Cluster, configurationOf } from '../harness/cluster.ts';
import { acknowledge, bytes, deliver, newCore, newLeader, only } from '../harness/core.ts';

function led(): Cluster {
  const configuration = configurationOf([1, 2, 3], { learners: [4] });
  const cluster = new Cluster(createRaft, { seed: 5, ids: [1, 2, 3, 4], configuration });
  cluster.peer(1).feed([{ type: 'campaign' }]);
  cluster.settle();
  return cluster;
}

test('leadership is handed over at once, without a timeout passing', (t) => {
  const cluster = led();
  cluster.peer(1).feed([{ type: 'transfer-leadership', to: 3 }]);
  cluster.settle();
  t.is(cluster.leader, cluster.peer(3));
  t.is(cluster.peer(1).raft!.status().role, 'follower');
});

test('without a name it goes to the most up-to-date voter', (t) => {
  const cluster = led();
  cluster.network.partition([1, 2, 3, 4], [2]);
  cluster.peer(1).feed([{ type: 'propose', data: [cluster.command()] }]);
  cluster.settle();
  cluster.peer(1).feed([{ type: 'transfer-leadership', to: 0 }]);
  cluster.settle();
  t.is(cluster.leader, cluster.peer(3));
});

test('a target that is behind gets the log first', (t) => {
  const raft = newLeader();
  raft.step({ type: 'propose', data: [bytes(1)] });
  t.deepEqual(only(raft.step({ type: 'transfer-leadership', to: 2 }).messages, 'timeout-now'), []);
  t.deepEqual(only(acknowledge(raft, 3, 2).messages, 'timeout-now'), []);
  t.deepEqual(only(acknowledge(raft, 2, 2).messages, 'timeout-now'), [
    { type: 'timeout-now', from: 1, to: 2, term: 1 },
  ]);
  // Asked once.
  t.deepEqual(only(acknowledge(raft, 2, 2).messages, 'timeout-now'), []);
});

test('no proposals meanwhile; after an election timeout without success they are taken again', (t) => {
  const raft = newLeader();
  raft.step({ type: 'transfer-leadership', to: 2 });
  t.is(raft.step({ type: 'propose', data: [bytes(1)] }).rejected?.reason, 'transferring');
  for (let i = 0; i < 10; i++) {
    raft.step({ type: 'tick' });
    for (const from of [2, 3]) deliver(raft, { type: 'heartbeat-response', from, to: 1, term: 1, readRound: 0 });
  }
  const { rejected, entries } = raft.step({ type: 'propose', data: [bytes(1)] });
  t.is(rejected, undefined);
  t.is(entries.length, 1);
});

test('nobody takes over who must not: a learner, a stranger, the leader itself', (t) => {
  const cluster = led();
  for (const to of [1, 4, 9]) {
    cluster.peer(1).feed([{ type: 'transfer-leadership', to }]);
    cluster.settle();
    t.is(cluster.leader, cluster.peer(1));
    t.is(cluster.peer(1).rejected.length, 0);
    cluster.peer(1).feed([{ type: 'propose', data: [cluster.command()] }]);
    t.is(cluster.peer(1).rejected.length, 0);
  }
  cluster.peer(2).feed([{ type: 'transfer-leadership', to: 2 }]);
  cluster.settle();
  t.is(cluster.leader, cluster.peer(1));
});

test('only its own leader can have a follower stand', (t) => {
  const raft = newCore();
  deliver(raft, { type: 'heartbeat', from: 2, to: 1, term: 1, commit: 0, readRound: 0 });
  deliver(raft, { type: 'timeout-now', from: 3, to: 1, term: 1 });
  t.is(raft.status().role, 'follower');
  const { messagesAfterPersist } = deliver(raft, { type: 'timeout-now', from: 2, to: 1, term: 1 });
  t.is(raft.status().role, 'candidate');
  t.true(only(messagesAfterPersist, 'vote').every(({ transfer }) => transfer));
  t.is(only(messagesAfterPersist, 'vote').length, 2);
});
