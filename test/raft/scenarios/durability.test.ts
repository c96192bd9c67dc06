import test from 'ava';
import { encodeConfiguration, LogLostError } from '../../../src/raft/index.ts';
import { configurationOf } from '../harness/cluster.ts';
import { acknowledge, bytes, deliver, logOf, newCore, newLeader, only } from '../harness/core.ts';

test('a candidate asks for votes only when its own is durable', (t) => {
  const raft = newCore();
  raft.step({ type: 'campaign' });
  const won = deliver(raft, { type: 'pre-vote-response', from: 2, to: 1, term: 1, granted: true });
  t.deepEqual(won.hardState, { term: 1, vote: 1, commit: 0 });
  t.deepEqual(won.messages, []);
  t.is(only(won.messagesAfterPersist, 'vote').length, 2);
  t.like(won.status, { role: 'candidate', term: 1 });
});

test('a vote is told only when it is durable, and given once in a term', (t) => {
  const raft = newCore();
  const request = { type: 'vote', to: 1, term: 1, lastIndex: 0, lastTerm: 0, transfer: false } as const;
  const first = deliver(raft, { ...request, from: 2 });
  t.deepEqual(first.hardState, { term: 1, vote: 2, commit: 0 });
  t.deepEqual(first.messages, []);
  t.like(first.messagesAfterPersist[0], { type: 'vote-response', granted: true });
  const second = deliver(raft, { ...request, from: 3 });
  t.like(second.messagesAfterPersist[0], { granted: false });
  // The same candidate may ask again.
  const again = deliver(raft, { ...request, from: 2 });
  t.like(again.messagesAfterPersist[0], { granted: true });
  t.is(again.hardState, undefined);
});

test('a follower whose log lacks what it has acknowledged stops', (t) => {
  const raft = newCore({}, { hardState: { term: 2, vote: 0, commit: 1 }, entries: logOf([1, 1]) });
  const heartbeat = { type: 'heartbeat', from: 2, to: 1, term: 2, readRound: 0 } as const;
  t.is(deliver(raft, { ...heartbeat, commit: 2 }).messages.length, 1);
  t.throws(() => deliver(raft, { ...heartbeat, commit: 3 }), { instanceOf: LogLostError, message: /entry 3/ });
});

test('a follower acknowledges when its log is durable; heartbeats it answers at once', (t) => {
  const raft = newCore();
  const base = { from: 2, to: 1, term: 1 };
  const joined = deliver(raft, { type: 'heartbeat', ...base, commit: 0, readRound: 0 });
  t.deepEqual(joined.messages, [], 'the first tells of a term not yet written');
  t.is(joined.messagesAfterPersist.length, 1);
  const append = { type: 'append', ...base, previousIndex: 0, previousTerm: 0, commit: 0 } as const;
  const appended = deliver(raft, { ...append, entries: logOf([1, 1]) });
  t.deepEqual(appended.messages, []);
  t.like(appended.messagesAfterPersist[0], { type: 'append-response', match: 2, rejected: false });
  t.is(deliver(raft, { type: 'heartbeat', ...base, commit: 0, readRound: 0 }).messages.length, 1);
});

test('a new commit index alone causes no write, but goes along with the next', (t) => {
  const raft = newLeader();
  raft.step({ type: 'propose', data: [bytes(1)] });
  acknowledge(raft, 2, 2);
  const { committed, hardState } = acknowledge(raft, 3, 2);
  t.is(committed.length, 1);
  t.is(hardState, undefined);
  t.like(raft.step({ type: 'propose', data: [bytes(1)] }).hardState, { commit: 2 });
});

test('a step with nothing to say says so without making anything', (t) => {
  const raft = newCore();
  t.is(raft.step({ type: 'tick' }), raft.step({ type: 'tick' }));
});

test('a single voter with learners tells them nothing before its vote is durable', (t) => {
  const configuration = configurationOf([1], { learners: [2] });
  const raft = newCore({}, { snapshot: { index: 0, term: 0, configuration } });
  const elected = raft.step({ type: 'campaign' });
  t.like(elected.status, { role: 'leader', term: 1 });
  t.is(elected.entries.length, 1);
  t.is(raft.status().commit, 0);
  const beats = [raft.step({ type: 'tick' }), raft.step({ type: 'tick' })];
  t.deepEqual(
    [elected, ...beats].flatMap(({ messages }) => messages),
    [],
  );
  t.true(elected.messagesAfterPersist.length > 0);
  raft.step({ type: 'persisted', index: 1, term: 1 });
  t.is(raft.status().commit, 1);
  t.true(
    raft.step({ type: 'propose', data: [bytes(1)] }).messages.length > 0 || raft.progress().get(2)!.state === 'probe',
  );
});

test('after a restart, what was committed and not applied is handed out first', (t) => {
  const snapshot = { index: 2, term: 1, configuration: configurationOf([1, 2, 3]) };
  const raft = newCore(
    {},
    { snapshot, entries: logOf([1, 1, 1], 3), hardState: { term: 1, vote: 0, commit: 4 }, applied: 2 },
  );
  t.like(raft.status(), { role: 'follower', leader: 0, term: 1, commit: 4, firstIndex: 3, lastIndex: 5 });
  t.deepEqual(
    raft.step({ type: 'tick' }).committed.map(({ index }) => index),
    [3, 4],
  );
});

test('a log written without the term it proves still counts for it', (t) => {
  const raft = newCore({}, { entries: logOf([1, 4]), hardState: { term: 1, vote: 2, commit: 0 } });
  t.is(raft.status().term, 4);
  // The vote was another term's.
  const request = { type: 'vote', from: 3, to: 1, term: 4, lastIndex: 9, lastTerm: 4, transfer: false } as const;
  t.like(deliver(raft, request).messagesAfterPersist[0], { granted: true });
});

test('a log that ends before what was committed is refused', (t) => {
  t.throws(() => newCore({}, { entries: logOf([1]), hardState: { term: 1, vote: 0, commit: 2 } }), {
    message: /the log ends at 1, before commit 2/,
  });
});

test('a configuration takes effect when it is committed, here and after a restart', (t) => {
  const next = configurationOf([1, 2], { learners: [4] });
  const entry = { index: 1, term: 1, kind: 'configuration', data: encodeConfiguration(next) } as const;
  const raft = newCore();
  const append = { type: 'append', from: 2, to: 1, term: 1, previousIndex: 0, previousTerm: 0 } as const;
  deliver(raft, { ...append, entries: [entry], commit: 0 });
  t.deepEqual(raft.status().configuration.voters, [1, 2, 3]);
  deliver(raft, { ...append, entries: [entry], commit: 1 });
  t.deepEqual(raft.status().configuration, next);
  const hardState = { term: 1, vote: 0, commit: 1 };
  t.deepEqual(newCore({}, { entries: [entry], hardState, applied: 1 }).status().configuration, next);

  // A leader serves those who come, and forgets those who go.
  const leader = newLeader({}, { entries: [entry], hardState: { term: 1, vote: 0, commit: 0 } });
  t.deepEqual(leader.status().configuration, next);
  t.deepEqual([...leader.progress().keys()].sort(), [2, 4]);
});
