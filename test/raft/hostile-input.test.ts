import test from 'ava';
import fc from 'fast-check';
import { type Effects, type Input, LogLostError, type Message, type Raft } from '../../src/raft/index.ts';
import { configurationOf } from './harness/cluster.ts';
import { logOf, newCore, newLeader } from './harness/core.ts';

const number = fc.oneof(
  fc.integer({ min: 0, max: 8 }),
  fc.constantFrom(
    -1,
    0.5,
    Number.NaN,
    Number.MAX_SAFE_INTEGER,
    Number.POSITIVE_INFINITY,
    undefined as never,
    '3' as never,
  ),
);
const small = fc.integer({ min: 0, max: 8 });
const boolean = fc.boolean();
const peer = fc.integer({ min: 0, max: 5 });
const data = fc.oneof(fc.uint8Array({ maxLength: 3 }), fc.constantFrom(undefined as never, 'text' as never));
const entry = fc.record({
  index: fc.oneof(small, number),
  term: fc.oneof(small, number),
  kind: fc.constantFrom('command', 'configuration', 'empty', 'other' as never),
  data,
});
const position = fc.record({
  index: number,
  term: number,
  configuration: fc.constantFrom(configurationOf([1, 2, 3]), configurationOf([2]), {} as never, null as never),
});

const step = fc.record({
  type: fc.constantFrom('add-voter', 'add-learner', 'remove', 'update', 'other'),
  peer: number,
  address: fc.constantFrom(undefined, 'host:1', 7, 'x'.repeat(1000)),
  autoPromote: fc.constantFrom(undefined, true, 'yes'),
});

/** Entries in order, as a real sender would have them. */
const log = fc
  .array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 })
  .chain((terms) => fc.record({ first: fc.integer({ min: 1, max: 8 }), terms: fc.constant(terms.sort()) }));

function record<T extends Message['type']>(type: T, fields: Record<string, fc.Arbitrary<unknown>>) {
  return fc.record({
    type: fc.constant(type),
    from: fc.oneof(peer, number),
    to: fc.constant(1),
    term: fc.oneof(fc.integer({ min: 0, max: 5 }), number),
    ...fields,
  }) as unknown as fc.Arbitrary<Message>;
}

const message: fc.Arbitrary<Message> = fc.oneof(
  record('pre-vote', { lastIndex: number, lastTerm: number }),
  record('pre-vote-response', { granted: boolean, commit: number, commitTerm: number }),
  record('vote', { lastIndex: number, lastTerm: number, transfer: boolean }),
  record('vote-response', { granted: boolean, commit: number, commitTerm: number }),
  record('change-membership', { id: number, steps: fc.oneof(fc.array(step, { maxLength: 2 }), data) }),
  record('change-membership-response', { id: number, answer: fc.constantFrom(null, {}, { refused: 1 }, { index: 2 }) }),
  record('append', {
    previousIndex: number,
    previousTerm: number,
    entries: fc.array(entry, { maxLength: 3 }),
    commit: number,
  }),
  fc.tuple(log, record('append', { previousTerm: small, commit: small })).map(([{ first, terms }, rest]) => ({
    ...(rest as Extract<Message, { type: 'append' }>),
    previousIndex: first - 1,
    entries: logOf(terms, first),
  })),
  record('append-response', { rejected: boolean, match: number, hintIndex: number, hintTerm: number }),
  record('heartbeat', { commit: number, readRound: number }),
  record('heartbeat-response', { readRound: number }),
  record('snapshot', { position }),
  record('propose', { data: fc.array(data, { maxLength: 2 }) }),
  record('read-index', { id: number }),
  record('read-index-response', { id: number, index: number }),
  record('timeout-now', {}),
  record('nonsense' as never, {}),
);

const input: fc.Arbitrary<Input> = fc.oneof(
  { weight: 10, arbitrary: message.map((each): Input => ({ type: 'message', message: each })) },
  { weight: 2, arbitrary: fc.constant<Input>({ type: 'tick' }) },
  fc.record({ type: fc.constant('persisted' as const), index: small, term: small }),
  fc.record({ type: fc.constant('snapshot-sent' as const), peer, ok: boolean }),
  fc.record({ type: fc.constant('unreachable' as const), peer }),
  fc.record({ type: fc.constant('transfer-leadership' as const), to: peer }),
  fc.constant<Input>({ type: 'campaign' }),
  fc.constant<Input>({ type: 'propose', data: [new Uint8Array(3)] }),
);

/** Undefined when the core stops because a peer claims that it has lost its log; nothing else may be thrown. */
function stepOrStop(raft: Raft, each: Input): Effects | undefined {
  try {
    return raft.step(each);
  } catch (error) {
    if (error instanceof LogLostError) return undefined;
    throw error;
  }
}

test('whatever other peers send, the core neither breaks nor loses its order', (t) => {
  fc.assert(
    fc.property(fc.array(input, { maxLength: 60 }), boolean, (inputs, leads) => {
      const raft = leads
        ? newLeader()
        : newCore({}, { entries: logOf([1, 1, 2]), hardState: { term: 2, vote: 0, commit: 1 } });
      for (const each of inputs) {
        const before = raft.status();
        const effects = stepOrStop(raft, each);
        if (effects === undefined) return true;
        const { committed } = effects;
        const after = raft.status();
        if (after.term < before.term || after.commit < before.commit || after.commit > after.lastIndex) return false;
        if (committed.some(({ index }, at) => index !== committed[0]!.index + at)) return false;
      }
      return true;
    }),
    { numRuns: 3000 },
  );
  t.pass();
});

test('a message for somebody else, or from itself, is not taken', (t) => {
  const raft = newCore();
  const beat = { type: 'heartbeat', term: 9, commit: 0, readRound: 0 } as const;
  for (const [from, to] of [
    [2, 3],
    [1, 1],
    [0, 1],
  ] as const) {
    raft.step({ type: 'message', message: { ...beat, from, to } });
    t.is(raft.status().term, 0);
  }
});
