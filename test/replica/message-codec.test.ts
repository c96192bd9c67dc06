import test from 'ava';
import fc from 'fast-check';
import { pack } from 'msgpackr';
import type { Entry, Message } from '../../src/raft/index.ts';
import { decodeMessages, encodeMessages } from '../../src/replica/message-codec.ts';

const number = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const bytes = fc.uint8Array({ maxLength: 300 }).map((each) => Buffer.from(each));
const ids = fc.uniqueArray(fc.integer({ min: 1, max: 9 })).map((list) => list.sort());
const configuration = fc.record({
  voters: ids,
  votersOutgoing: ids,
  learners: ids,
  learnersNext: ids,
  autoLeave: fc.boolean(),
});
const content = fc.record({
  term: number,
  kind: fc.constantFrom<Entry['kind']>('command', 'configuration', 'empty'),
  data: bytes,
});
const vote = fc.record({ granted: fc.boolean(), commit: number, commitTerm: number });
const step = fc.oneof(
  fc.record({ type: fc.constant('add-learner'), peer: number, address: fc.string(), autoPromote: fc.boolean() }),
  fc.record({ type: fc.constant('remove'), peer: number }),
);
const answer = fc.oneof(fc.record({ index: number }), fc.record({ refused: fc.string(), why: fc.string() }));
const bodies: { [T in Message['type']]: fc.Arbitrary<object> } = {
  'pre-vote': fc.record({ lastIndex: number, lastTerm: number }),
  'pre-vote-response': vote,
  vote: fc.record({ lastIndex: number, lastTerm: number, transfer: fc.boolean() }),
  'vote-response': vote,
  append: fc
    .record({ previousIndex: fc.nat(), previousTerm: number, commit: number, contents: fc.array(content) })
    .map(({ contents, ...rest }) => ({
      ...rest,
      entries: contents.map((each, i) => ({ index: rest.previousIndex + 1 + i, ...each })),
    })),
  'append-response': fc.record({ rejected: fc.boolean(), match: number, hintIndex: number, hintTerm: number }),
  heartbeat: fc.record({ commit: number, readRound: number }),
  'heartbeat-response': fc.record({ readRound: number }),
  snapshot: fc.record({ position: fc.record({ index: number, term: number, configuration }) }),
  propose: fc.record({ data: fc.array(bytes) }),
  'read-index': fc.record({ id: number }),
  'read-index-response': fc.record({ id: number, index: number }),
  'timeout-now': fc.record({}),
  'change-membership': fc.record({ id: number, steps: fc.array(step) }),
  'change-membership-response': fc.record({ id: number, answer }),
};
const message = fc.oneof(
  ...Object.entries(bodies).map(([type, body]) =>
    fc.tuple(number, body).map(([term, rest]) => ({ type, from: 4, to: 5, term, ...rest }) as Message),
  ),
);

test('messages of every type come out as they went in', (t) => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 8 }), (messages) => {
      t.deepEqual(decodeMessages(encodeMessages(messages), 4, 5), messages);
    }),
  );
});

test('entries share no memory with the frame', (t) => {
  const data = Buffer.alloc(50, 1);
  const frame = encodeMessages([{ type: 'propose', from: 1, to: 2, term: 1, data: [data] }]);
  const [decoded] = decodeMessages(frame, 1, 2) as [Extract<Message, { type: 'propose' }>];
  frame.fill(9);
  t.deepEqual(decoded.data, [data]);
});

/** What was done to a frame: bytes replaced, put in, taken out, or all of it random. */
const damage = fc.oneof(
  fc.record({ at: fc.nat(), take: fc.nat({ max: 8 }), put: fc.uint8Array({ maxLength: 8 }) }),
  fc.record({ at: fc.constant(0), take: fc.constant(1 << 30), put: fc.uint8Array({ maxLength: 60 }) }),
);

test('100 000 damaged frames give messages or an error of decoding, and take no more memory than they are long', (t) => {
  // The last two are msgpack's own: for data that ends too soon, and for regular expressions, which it knows as well.
  const known = new Set(['TypeError', 'RangeError', 'Error', 'SyntaxError']);
  let frames = 0;
  fc.assert(
    fc.property(
      fc.array(message, { minLength: 1, maxLength: 3 }),
      fc.array(damage, { minLength: 50, maxLength: 50 }),
      (messages, damages) => {
        const whole = encodeMessages(messages);
        for (const { at, take, put } of damages) {
          const begin = at % whole.length;
          const frame = Buffer.concat([whole.subarray(0, begin), put, whole.subarray(begin + take)]);
          frames += 1;
          try {
            const decoded = decodeMessages(frame, 4, 5);
            t.true(decoded.length <= frame.length);
          } catch (error) {
            t.true(known.has((error as Error).name), String(error));
          }
        }
      },
    ),
    { numRuns: 2000 },
  );
  t.is(frames, 100_000);
});

function frameOf(head: unknown, body = ''): Buffer {
  const packed = pack(head);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(packed.length);
  return Buffer.concat([length, packed, Buffer.from(body)]);
}

for (const [what, frame] of Object.entries({
  'no frame': Buffer.from('01'),
  'a head beyond the end': Buffer.from([9, 0, 0, 0, 0x90]),
  'no list': frameOf({ a: 1 }),
  'a list of numbers': frameOf([1]),
  'an unknown type': frameOf([[77, 1]]),
  'a type that is none': frameOf([['constructor', 1]]),
  'no term': frameOf([[12, 'x']]),
  'a field too few': frameOf([[6, 1, 1]]),
  'entries that are none': frameOf([[4, 1, 0, 0, 0, 7]]),
  'an entry that is none': frameOf([[4, 1, 0, 0, 0, [7]]]),
  'an entry of no kind': frameOf([[4, 1, 0, 0, 0, [[1, 3, 0]]]]),
  'an entry longer than the frame': frameOf([[4, 1, 0, 0, 0, [[1, 0, 5]]]], 'four'),
  'an entry of negative length': frameOf([[4, 1, 0, 0, 0, [[1, 0, -1]]]], 'four'),
  'bytes left over': frameOf([[9, 1, [3]]], 'four'),
})) {
  test(`${what} is refused`, (t) => {
    t.throws(() => decodeMessages(frame, 4, 5));
  });
}
