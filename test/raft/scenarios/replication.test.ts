import test from 'ava';
import { createRaft, type Message } from '../../../src/raft/index.ts';
import { Cluster, configurationOf } from '../harness/cluster.ts';
import { acknowledge, bytes, deliver, elect, logOf, newCore, newLeader, only } from '../harness/core.ts';

const proposal = (size = 1) => ({ type: 'propose', data: [bytes(size)] }) as const;

function persist(raft: ReturnType<typeof newLeader>) {
  const { lastIndex, term } = raft.status();
  return raft.step({ type: 'persisted', index: lastIndex, term });
}

test('what comes together goes out as one append to each follower and one write', (t) => {
  const raft = newLeader();
  const effects = raft.stepAll([proposal(), proposal(), { type: 'propose', data: [bytes(1), bytes(1)] }]);
  t.deepEqual(
    only(effects.messages, 'append').map(({ to, entries }) => [to, entries.length]),
    [
      [2, 4],
      [3, 4],
    ],
  );
  t.is(effects.entries.length, 4);
  t.deepEqual(effects.messagesAfterPersist, []);
});

test('appends overlap the leader’s own write; its log counts only when it is durable', (t) => {
  const raft = newLeader();
  const { messages } = raft.step(proposal());
  t.is(only(messages, 'append').length, 2);
  const term = 1;
  t.is(acknowledge(raft, 2, 2).committed.length, 0);
  // A report about other entries says nothing.
  raft.step({ type: 'persisted', index: 2, term: 0 });
  raft.step({ type: 'persisted', index: 9, term });
  t.is(raft.status().commit, 1);
  t.is(raft.step({ type: 'persisted', index: 2, term }).committed.length, 1);
});

test('two followers suffice, whatever the leader’s disk does', (t) => {
  const raft = newLeader();
  raft.step(proposal());
  acknowledge(raft, 2, 2);
  t.is(acknowledge(raft, 3, 2).committed.length, 1);
});

test('followers hear of a commit at once, without a tick', (t) => {
  const cluster = new Cluster(createRaft, { seed: 1, ids: [1, 2, 3], configuration: configurationOf([1, 2, 3]) });
  cluster.peer(1).feed([{ type: 'campaign' }]);
  cluster.settle();
  cluster.peer(2).feed([{ type: 'propose', data: [cluster.command()] }]);
  cluster.settle();
  t.deepEqual(
    [1, 2, 3].map((id) => cluster.peer(id).applied),
    [2, 2, 2],
  );
});

test('appends are pipelined up to a bound, each up to its bytes', (t) => {
  const raft = newLeader({ maxInflight: 3, maxAppendBytes: 250 });
  const { messages } = raft.step({ type: 'propose', data: Array.from({ length: 10 }, () => bytes(100)) });
  const sent = only(messages, 'append').filter(({ to }) => to === 2);
  t.deepEqual(
    sent.map(({ previousIndex, entries }) => [previousIndex, entries.length]),
    [
      [1, 2],
      [3, 2],
      [5, 2],
    ],
  );
  // Each answer makes room for more.
  const next = only(acknowledge(raft, 2, 5).messages, 'append').filter(({ to }) => to === 2);
  t.deepEqual(
    next.map(({ previousIndex, entries }) => [previousIndex, entries.length]),
    [
      [7, 2],
      [9, 2],
    ],
  );
  t.is(raft.progress().get(2)!.next, 12);
});

test('an entry larger than a message’s bound goes alone', (t) => {
  const raft = newLeader({ maxAppendBytes: 100 });
  const { messages } = raft.step({ type: 'propose', data: [bytes(10), bytes(5000), bytes(10)] });
  t.deepEqual(
    only(messages, 'append').flatMap(({ to, entries }) => (to === 3 ? [entries.map((e) => e.data.length)] : [])),
    [[10], [5000], [10]],
  );
});

test('a lost append is noticed when the follower next answers a heartbeat', (t) => {
  const raft = newLeader();
  raft.step(proposal());
  const alive: Message = { type: 'heartbeat-response', from: 2, to: 1, term: 1, readRound: 0 };
  const [check] = only(deliver(raft, alive).messages, 'append');
  t.like(check, { previousIndex: 2, entries: [] });
  const refusal: Message = {
    type: 'append-response',
    from: 2,
    to: 1,
    term: 1,
    rejected: true,
    match: 2,
    hintIndex: 1,
    hintTerm: 1,
  };
  const [again] = only(deliver(raft, refusal).messages, 'append');
  t.is(again!.previousIndex, 1);
  t.is(again!.entries.length, 1);
});

test('a pipeline’s worth of refusals makes one probe, not a hundred', (t) => {
  const raft = newLeader({ maxInflight: 100, maxAppendBytes: 1 });
  raft.step({ type: 'propose', data: Array.from({ length: 50 }, () => bytes(1)) });
  let probes = 0;
  for (let match = 2; match <= 50; match++) {
    const refusal = { type: 'append-response', from: 2, to: 1, term: 1, rejected: true, match } as const;
    probes += only(deliver(raft, { ...refusal, hintIndex: 1, hintTerm: 1 }).messages, 'append').length;
  }
  t.is(probes, 1);
  t.is(raft.progress().get(2)!.state, 'probe');
});

test('a follower that refuses what it has acknowledged is left alone till the next heartbeat', (t) => {
  const raft = newLeader();
  const refusal = { type: 'append-response', from: 2, to: 1, term: 1, rejected: true, match: 1 } as const;
  t.deepEqual(deliver(raft, { ...refusal, hintIndex: 0, hintTerm: 0 }).messages, []);
});

test('an unreachable follower gets nothing until it shows itself', (t) => {
  const raft = newLeader();
  raft.step({ type: 'unreachable', peer: 2 });
  t.deepEqual(
    raft.step(proposal()).messages.map(({ to }) => to),
    [3],
  );
  const { messages } = deliver(raft, { type: 'heartbeat-response', from: 2, to: 1, term: 1, readRound: 0 });
  t.like(messages[0], { type: 'append', to: 2, previousIndex: 1 });
});

test('a follower with a long wrong tail agrees after one refusal a term', (t) => {
  const shared = [1, 1, 1];
  const wrong = [2, 3, 5].flatMap((term) => Array<number>(300).fill(term));
  const right = [4, 6, 7].flatMap((term) => Array<number>(300).fill(term));
  const hardState = { term: 7, vote: 0, commit: 0 };
  const leader = newCore({ maxAppendBytes: 1e6 }, { hardState, entries: logOf([...shared, ...right]) });
  const follower = newCore({ id: 2 }, { hardState, entries: logOf([...shared, ...wrong]) });
  let refusals = 0;
  let [append] = only(elect(leader).messages, 'append');
  while (append) {
    const [answer] = only(deliver(follower, append).messagesAfterPersist, 'append-response');
    if (answer!.rejected) refusals++;
    append = only(deliver(leader, answer!).messages, 'append').find(({ to }) => to === 2);
  }
  t.true(refusals > 0 && refusals <= 4, `${refusals} refusals`);
  t.is(follower.status().lastIndex, 904);
  t.is(leader.progress().get(2)!.match, 904);
});

test('a follower commits no further than what it was sent: the rest of its log may be wrong', (t) => {
  const raft = newCore({}, { hardState: { term: 2, vote: 0, commit: 0 }, entries: logOf([1, 1, 2, 2]) });
  const [, second] = logOf([1, 1]);
  const { committed } = deliver(raft, {
    type: 'append',
    from: 2,
    to: 1,
    term: 3,
    previousIndex: 1,
    previousTerm: 1,
    entries: [second!],
    commit: 4,
  });
  t.deepEqual(
    committed.map(({ index }) => index),
    [1, 2],
  );
});

test('an append that comes late, and ends before the log does, cuts nothing', (t) => {
  const raft = newCore({}, { hardState: { term: 1, vote: 0, commit: 3 }, entries: logOf([1, 1, 1, 1]), applied: 3 });
  const append = { type: 'append', from: 2, to: 1, term: 1, previousTerm: 0, previousIndex: 0, commit: 0 } as const;
  const late = deliver(raft, { ...append, entries: logOf([1, 1]) });
  t.deepEqual(late.entries, []);
  t.is(raft.status().lastIndex, 4);
  // All that is committed is known to agree.
  t.like(late.messagesAfterPersist[0], { rejected: false, match: 3 });
});

test('the bound on uncommitted bytes: beyond it proposals are refused, below it taken again', (t) => {
  const raft = newLeader({ maxUncommittedBytes: 1000 });
  const { rejected } = raft.step(proposal(5000));
  t.is(rejected, undefined, 'whatever its size, one is taken when nothing is under way');
  const refused = raft.stepAll([proposal(1), proposal(2)]).rejected!;
  t.is(refused.reason, 'overloaded');
  t.deepEqual(
    refused.data.map(({ length }) => length),
    [1, 2],
  );
  acknowledge(raft, 2, 2);
  persist(raft);
  t.is(raft.step(proposal(900)).rejected, undefined);
  t.is(raft.step(proposal(900)).rejected?.reason, 'overloaded');
});

test('a follower forwards proposals to its leader, and refuses them when it knows none', (t) => {
  const raft = newCore();
  t.is(raft.step(proposal()).rejected?.reason, 'no-leader');
  deliver(raft, { type: 'heartbeat', from: 3, to: 1, term: 1, commit: 0, readRound: 0 });
  const { messages, rejected } = raft.step(proposal());
  t.is(rejected, undefined);
  t.like(messages[0], { type: 'propose', to: 3 });
  // A leader not heard for an election timeout is none.
  for (let i = 0; i < 11; i++) raft.step({ type: 'tick' });
  t.is(raft.step(proposal()).rejected?.reason, 'no-leader');
});

test('only entries of the leader’s own term are committed by counting (§5.4.2)', (t) => {
  const raft = newCore({}, { hardState: { term: 2, vote: 0, commit: 0 }, entries: logOf([1, 2]) });
  elect(raft);
  acknowledge(raft, 2, 2);
  t.is(acknowledge(raft, 3, 2).committed.length, 0);
  acknowledge(raft, 2, 3);
  t.is(acknowledge(raft, 3, 3).committed.length, 3);
});

test('a deposed leader is told so when it sends', (t) => {
  const raft = newCore({}, { hardState: { term: 5, vote: 0, commit: 0 } });
  const stale = { from: 2, to: 1, term: 3 };
  const { messages } = deliver(raft, { type: 'heartbeat', ...stale, commit: 0, readRound: 0 });
  t.like(messages[0], { type: 'heartbeat-response', to: 2, term: 5 });
  const leader = newLeader();
  const told = deliver(leader, { type: 'heartbeat-response', from: 2, to: 1, term: 5, readRound: 0 });
  t.like(told.status, { role: 'follower', term: 5, leader: 0 });
  t.like(told.hardState, { term: 5, vote: 0 });
});
