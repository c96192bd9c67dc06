import test from 'ava';
import type { Message } from '../../../src/raft/index.ts';
import { configurationOf } from '../harness/cluster.ts';
import { acknowledge, bytes, deliver, elect, newCore, newLeader, only } from '../harness/core.ts';

const alive = (from: number, readRound: number): Message => ({
  type: 'heartbeat-response',
  from,
  to: 1,
  term: 1,
  readRound,
});

test('a round of heartbeats confirms the leader, and answers all reads that came before it', (t) => {
  const raft = newLeader();
  const asked = raft.stepAll([
    { type: 'read-index', id: 1 },
    { type: 'read-index', id: 2 },
  ]);
  t.deepEqual(asked.reads, []);
  t.deepEqual(
    only(asked.messages, 'heartbeat').map(({ to, readRound }) => [to, readRound]),
    [
      [2, 1],
      [3, 1],
    ],
  );
  t.deepEqual(deliver(raft, alive(3, 1)).reads, [
    { id: 1, index: 1 },
    { id: 2, index: 1 },
  ]);
});

test('reads that come while a round is under way share the next', (t) => {
  const raft = newLeader();
  raft.step({ type: 'read-index', id: 1 });
  t.deepEqual(raft.step({ type: 'read-index', id: 2 }).messages, []);
  t.deepEqual(raft.step({ type: 'read-index', id: 3 }).messages, []);
  const first = deliver(raft, alive(2, 1));
  t.deepEqual(
    first.reads.map(({ id }) => id),
    [1],
  );
  // The answer that ended the first round can't confirm what was asked after it began.
  t.deepEqual(deliver(raft, alive(3, 1)).reads, []);
  t.is(raft.step({ type: 'tick' }).reads.length, 0);
  t.deepEqual(
    deliver(raft, alive(2, 2)).reads.map(({ id }) => id),
    [2, 3],
  );
});

test('a lost round is made up for by the next heartbeats', (t) => {
  const raft = newLeader();
  raft.step({ type: 'read-index', id: 1 });
  raft.step({ type: 'read-index', id: 2 });
  const beats = [raft.step({ type: 'tick' }), raft.step({ type: 'tick' })].flatMap(({ messages }) =>
    only(messages, 'heartbeat'),
  );
  t.true(beats.length > 0 && beats.every(({ readRound }) => readRound === 2));
  t.is(deliver(raft, alive(2, 2)).reads.length, 2);
});

test('a single voter answers at once, learners or not', (t) => {
  for (const learners of [[], [2]]) {
    const configuration = configurationOf([1], { learners });
    const raft = newCore({}, { snapshot: { index: 0, term: 0, configuration } });
    raft.step({ type: 'campaign' });
    raft.step({ type: 'persisted', index: 1, term: 1 });
    t.deepEqual(raft.step({ type: 'read-index', id: 7 }).reads, [{ id: 7, index: 1 }]);
  }
});

test('a new leader answers only when an entry of its own term is committed', (t) => {
  const raft = newCore();
  elect(raft);
  t.deepEqual(only(raft.step({ type: 'read-index', id: 1 }).messages, 'heartbeat'), []);
  deliver(raft, alive(2, 0));
  acknowledge(raft, 2, 1);
  const { messages } = raft.step({ type: 'persisted', index: 1, term: 1 });
  t.true(only(messages, 'heartbeat').every(({ readRound }) => readRound === 1));
  t.deepEqual(deliver(raft, alive(2, 1)).reads, [{ id: 1, index: 1 }]);
});

test('a leader that is deposed fails its own reads, those of open rounds and those waiting', (t) => {
  const raft = newLeader();
  raft.step({ type: 'read-index', id: 1 });
  raft.step({ type: 'read-index', id: 2 });
  deliver(raft, { type: 'read-index', from: 2, to: 1, term: 1, id: 1 });
  const { readsFailed } = deliver(raft, { type: 'heartbeat', from: 3, to: 1, term: 2, commit: 0, readRound: 0 });
  t.deepEqual(readsFailed, [1, 2]);
});

function follower(random = () => 0.5) {
  const raft = newCore({ random });
  deliver(raft, { type: 'heartbeat', from: 2, to: 1, term: 1, commit: 0, readRound: 0 });
  return raft;
}

test('a follower asks its leader, which answers when it is confirmed', (t) => {
  const raft = follower();
  const [question] = only(raft.step({ type: 'read-index', id: 4 }).messages, 'read-index');
  const leader = newLeader();
  deliver(leader, { ...question!, from: 3, to: 1 });
  const [answer] = only(deliver(leader, alive(2, 1)).messages, 'read-index-response');
  t.like(answer, { to: 3, id: question!.id, index: 1 });
  const response = { ...answer!, from: 2, to: 1 };
  t.deepEqual(deliver(raft, response).reads, [{ id: 4, index: 1 }]);
  t.deepEqual(deliver(raft, response).reads, [], 'the same answer again');
});

test('an answer meant for an earlier life of the process is not taken', (t) => {
  const before = follower(() => 0.25);
  const [question] = only(before.step({ type: 'read-index', id: 1 }).messages, 'read-index');
  const after = follower(() => 0.75);
  after.step({ type: 'read-index', id: 1 });
  const answer: Message = { type: 'read-index-response', from: 2, to: 1, term: 1, id: question!.id, index: 3 };
  t.deepEqual(deliver(after, answer).reads, []);
});

test('a forwarded read that stays unanswered for an election timeout fails', (t) => {
  const raft = follower();
  raft.step({ type: 'read-index', id: 1 });
  raft.step({ type: 'tick' });
  raft.step({ type: 'read-index', id: 2 });
  const failed: number[][] = [];
  for (let i = 0; i < 10; i++) {
    deliver(raft, { type: 'heartbeat', from: 2, to: 1, term: 1, commit: 0, readRound: 0 });
    failed.push([...raft.step({ type: 'tick' }).readsFailed]);
  }
  t.deepEqual(failed.slice(-2), [[1], [2]]);
});

test('forwarded reads fail when the leader changes, and when none is known', (t) => {
  const raft = follower();
  raft.step({ type: 'read-index', id: 1 });
  const change = deliver(raft, { type: 'heartbeat', from: 3, to: 1, term: 2, commit: 0, readRound: 0 });
  t.deepEqual(change.readsFailed, [1]);
  t.deepEqual(newCore().step({ type: 'read-index', id: 9 }).readsFailed, [9]);
});

test('the index covers what was committed before the read', (t) => {
  const raft = newLeader();
  raft.step({ type: 'propose', data: [bytes(1)] });
  acknowledge(raft, 2, 2);
  acknowledge(raft, 3, 2);
  raft.step({ type: 'read-index', id: 1 });
  t.deepEqual(deliver(raft, alive(2, 1)).reads, [{ id: 1, index: 2 }]);
});
