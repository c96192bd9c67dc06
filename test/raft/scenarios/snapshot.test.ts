import test from 'ava';
import { createRaft, type Message, type SnapshotPosition } from '../../../src/raft/index.ts';
import { Cluster, configurationOf } from '../harness/cluster.ts';
import { bytes, deliver, elect, logOf, newCore, newLeader, only } from '../harness/core.ts';

const position = (index: number, term: number): SnapshotPosition => ({
  index,
  term,
  configuration: configurationOf([1, 2, 3]),
});

test('a follower behind the log’s beginning gets the snapshot, then the rest', (t) => {
  const cluster = new Cluster(createRaft, { seed: 2, ids: [1, 2, 3], configuration: configurationOf([1, 2, 3]) });
  cluster.peer(1).feed([{ type: 'campaign' }]);
  cluster.settle();
  cluster.network.partition([1, 2, 3], [3]);
  for (let i = 0; i < 10; i++) {
    cluster.peer(1).feed([{ type: 'propose', data: [cluster.command()] }]);
    cluster.settle();
  }
  cluster.peer(1).takeSnapshot(0);
  cluster.settle();
  cluster.peer(1).feed([{ type: 'propose', data: [cluster.command()] }]);
  cluster.tick(5);
  t.is(cluster.peer(1).raft!.status().firstIndex, 12);
  cluster.network.heal();
  cluster.tick(25);
  t.is(cluster.peer(3).applied, 12);
  t.is(cluster.peer(3).state, cluster.peer(1).state);
  t.is(cluster.peer(3).raft!.status().firstIndex, 12);
  t.is(cluster.peer(1).raft!.progress().get(3)!.state, 'replicate');
});

/** Leads, with a log that begins after 5, and a follower 2 that has nothing. */
function compactedLeader() {
  const snapshot = position(5, 1);
  const raft = newCore({}, { snapshot, entries: logOf([1], 6), hardState: { term: 1, vote: 0, commit: 5 } });
  elect(raft);
  const refusal = { type: 'append-response', from: 2, to: 1, term: 2, rejected: true, match: 6 } as const;
  const effects = deliver(raft, { ...refusal, hintIndex: 0, hintTerm: 0 });
  return { raft, effects };
}

const alive: Message = { type: 'heartbeat-response', from: 2, to: 1, term: 2, readRound: 0 };

test('while a snapshot is under way the follower gets no entries', (t) => {
  const { raft, effects } = compactedLeader();
  t.deepEqual(effects.snapshotsToSend, [{ type: 'snapshot', from: 1, to: 2, term: 2, position: position(5, 1) }]);
  t.deepEqual(effects.messages, []);
  t.is(raft.progress().get(2)!.state, 'snapshot');
  t.deepEqual(deliver(raft, alive).messages, []);
  t.deepEqual(
    raft.step({ type: 'propose', data: [bytes(1)] }).messages.filter(({ to }) => to === 2),
    [],
  );
});

test('a failed snapshot is tried again, but not before the follower shows itself', (t) => {
  const { raft } = compactedLeader();
  const failed = raft.step({ type: 'snapshot-sent', peer: 2, ok: false });
  t.deepEqual([...failed.snapshotsToSend, ...failed.messages], []);
  t.is(raft.progress().get(2)!.state, 'probe');
  t.is(deliver(raft, alive).snapshotsToSend.length, 1);
});

test('a snapshot that arrived is followed by the entries after it', (t) => {
  const { raft } = compactedLeader();
  raft.step({ type: 'snapshot-sent', peer: 2, ok: true });
  const [append] = only(deliver(raft, alive).messages, 'append');
  t.like(append, { previousIndex: 5, previousTerm: 1 });
  t.is(append!.entries.length, 2);
});

test('the follower’s own answer may come before the transport’s', (t) => {
  const { raft } = compactedLeader();
  const answer = { type: 'append-response', from: 2, to: 1, term: 2, rejected: false, match: 5 } as const;
  const { messages } = deliver(raft, { ...answer, hintIndex: 0, hintTerm: 0 });
  t.like(only(messages, 'append')[0], { previousIndex: 5 });
  raft.step({ type: 'snapshot-sent', peer: 2, ok: false });
  t.is(raft.progress().get(2)!.state, 'replicate');
});

test('a snapshot replaces a log that knows nothing of it', (t) => {
  const raft = newCore({}, { entries: logOf([1, 1]), hardState: { term: 1, vote: 0, commit: 0 } });
  const configuration = configurationOf([1, 2, 3], { learners: [4] });
  const at = { index: 9, term: 2, configuration };
  const effects = deliver(raft, { type: 'snapshot', from: 2, to: 1, term: 3, position: at });
  t.deepEqual(effects.snapshot, at);
  t.deepEqual(effects.hardState, { term: 3, vote: 0, commit: 9 });
  t.deepEqual(effects.entries, []);
  t.like(effects.messagesAfterPersist[0], { type: 'append-response', match: 9, rejected: false });
  t.like(raft.status(), { firstIndex: 10, lastIndex: 9, commit: 9, configuration });
});

test('a snapshot never drops entries beyond it that the log holds in agreement: they may be acknowledged', (t) => {
  const raft = newCore({}, { entries: logOf([1, 1, 1, 1]), hardState: { term: 1, vote: 0, commit: 1 } });
  const effects = deliver(raft, { type: 'snapshot', from: 2, to: 1, term: 1, position: position(3, 1) });
  t.is(effects.snapshot, undefined);
  t.deepEqual(
    effects.committed.map(({ index }) => index),
    [1, 2, 3],
  );
  t.like(effects.messagesAfterPersist[0], { match: 3 });
  t.is(raft.status().lastIndex, 4);
});

test('a snapshot that comes late changes nothing', (t) => {
  const raft = newCore({}, { entries: logOf([1, 1, 1, 1]), hardState: { term: 1, vote: 0, commit: 4 } });
  const effects = deliver(raft, { type: 'snapshot', from: 2, to: 1, term: 1, position: position(2, 1) });
  t.is(effects.snapshot, undefined);
  t.like(effects.messagesAfterPersist[0], { match: 4 });
});

test('the log is kept as far back as asked', (t) => {
  const raft = newLeader();
  raft.step({ type: 'propose', data: [bytes(1), bytes(1), bytes(1)] });
  for (const from of [2, 3]) {
    const answer = { type: 'append-response', from, to: 1, term: 1, rejected: false, match: 4 } as const;
    deliver(raft, { ...answer, hintIndex: 0, hintTerm: 0 });
  }
  raft.step({ type: 'applied', index: 4 });
  raft.step({ type: 'snapshot-taken', position: position(4, 1), compactIndex: 2 });
  t.is(raft.status().firstIndex, 3);
  t.is(raft.status().applied, 4);
  // An older one, reported late, takes nothing back.
  raft.step({ type: 'snapshot-taken', position: position(3, 1), compactIndex: 1 });
  t.is(raft.status().firstIndex, 3);
  t.throws(() => raft.step({ type: 'snapshot-taken', position: position(9, 1), compactIndex: 9 }), {
    name: 'AssertionError',
  });
  t.throws(() => raft.step({ type: 'applied', index: 9 }), { name: 'AssertionError' });
});
