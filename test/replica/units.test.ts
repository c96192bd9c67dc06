import test from 'ava';
import fc from 'fast-check';
import { KeelsonError } from '../../src/base/index.ts';
import type { Entry, Message } from '../../src/raft/index.ts';
import { decodeBatch, decodeNote, encodeBatch, encodeNote, estimateBytes } from '../../src/replica/batch.ts';
import { ChunkChannel } from '../../src/replica/chunk-channel.ts';
import { MemoryNetwork, openMemoryStorage, type StoredState } from '../../src/replica/index.ts';
import { LogWriter, type WriteRequest } from '../../src/replica/log-writer.ts';
import { MessageSender } from '../../src/replica/message-sender.ts';
import { OutgoingQueue } from '../../src/replica/outgoing-queue.ts';
import { SessionTable } from '../../src/replica/sessions.ts';
import { ThrottledLog } from '../../src/replica/throttled-log.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';
import { entries, identity, position, STORE } from './storage-suite.ts';
import { heartbeat, recordingLogger } from './ws-harness.ts';

test('a batch carries plain data unchanged, in memory of its own', (t) => {
  const command = fc.oneof(
    fc.record({ key: fc.string(), value: fc.uint8Array().map((each) => Buffer.from(each)), lease: fc.integer() }),
    fc.tuple(fc.nat(), fc.string(), fc.boolean(), fc.constant(null)),
  );
  fc.assert(
    fc.property(fc.array(command), fc.nat(), fc.nat(), fc.nat(), (commands, origin, incarnation, sequence) => {
      const batch = { origin, incarnation, sequence, commands };
      const data = encodeBatch(batch);
      const decoded = decodeBatch(data);
      data.fill(0);
      encodeBatch({ ...batch, commands: ['something else'] });
      t.deepEqual(decoded, batch);
    }),
  );
});

test('a note is told from every other batch', (t) => {
  const number = fc.nat({ max: Number.MAX_SAFE_INTEGER });
  fc.assert(
    fc.property(number, number, fc.nat(), fc.array(fc.jsonValue()), (origin, incarnation, sequence, commands) => {
      t.deepEqual(decodeNote(encodeNote({ origin, incarnation })), { origin, incarnation });
      t.is(decodeNote(encodeBatch({ origin, incarnation, sequence: sequence + 1, commands })), undefined);
    }),
  );
  t.is(decodeNote(new Uint8Array()), undefined);
});

test('the estimate of a command’s size is near what it takes', (t) => {
  const command = {
    type: 'put',
    key: '/registry/pods/default/nginx',
    value: new Uint8Array(10_000),
    flags: [true, 7, null],
  };
  const actual = encodeBatch({ origin: 1, incarnation: 1, sequence: 1, commands: [command] }).length;
  t.true(Math.abs(estimateBytes(command) - actual) < 100);
});

test('a session takes each batch once and in order, whatever comes, notes of lives included', (t) => {
  const step = fc.record({
    origin: fc.integer({ min: 1, max: 2 }),
    incarnation: fc.integer({ min: 1, max: 3 }),
    sequence: fc.integer({ min: 0, max: 5 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), fc.nat(), (steps, restoreAt) => {
      let table = new SessionTable();
      const taken = new Map<number, { incarnation: number; sequence: number }>();
      steps.forEach((each, i) => {
        if (i === restoreAt) {
          const copy = new SessionTable();
          copy.restore(table.encode());
          table = copy;
        }
        const last = taken.get(each.origin) ?? { incarnation: 0, sequence: 0 };
        const isNext =
          (each.incarnation === last.incarnation && each.sequence === last.sequence + 1) ||
          (each.incarnation > last.incarnation && each.sequence === 1);
        const verdict = table.accept({ ...each, commands: [] });
        t.is(verdict === 'next', isNext);
        const begins = each.sequence === 0 && each.incarnation > last.incarnation;
        if (isNext || begins) taken.set(each.origin, each);
        if (verdict === 'gap') t.true(each.incarnation >= last.incarnation && each.sequence > 1);
        t.is(
          table.lastSequence(each.origin, each.incarnation),
          takenSequence(taken.get(each.origin), each.incarnation),
        );
        t.is(table.incarnationOf(each.origin), taken.get(each.origin)?.incarnation ?? 0);
      });
    }),
  );
});

function takenSequence(session: { incarnation: number; sequence: number } | undefined, incarnation: number): number {
  return session?.incarnation === incarnation ? session.sequence : 0;
}

test('the log writer gathers what comes during a write, and tells only what is durable', async (t) => {
  const gates: (() => void)[] = [];
  const disk = openMemoryStorage(undefined, { beforeSync: () => new Promise((resolve) => gates.push(resolve)) });
  const initialised = disk.initialise(identity, STORE, position(0, 0));
  gates.shift()!();
  await initialised;
  const told: (readonly [number, number | undefined])[] = [];
  const writer = new LogWriter(
    disk,
    ({ messages, last }) => told.push([messages.length, last?.index]),
    (error) => t.fail(String(error)),
  );
  const message: Message = heartbeat(1, 2, 1);
  writer.push({ messages: [message] });
  t.deepEqual(told, [[1, undefined]], 'nothing to write: at once');
  writer.push({ entries: entries(1, 3), messages: [message] });
  writer.push({ entries: entries(4, 6), messages: [message] });
  writer.push({ messages: [message] });
  writer.push({ hardState: { term: 2, vote: 0, commit: 0 }, entries: entries(5, 5, 2), messages: [message] });
  t.is(told.length, 1);
  t.is(gates.length, 1);
  gates.shift()!();
  await settle();
  t.deepEqual(told.at(-1), [1, 3]);
  t.is(gates.length, 1, 'one write for all that came meanwhile');
  const stopped = writer.stop();
  writer.push({ messages: [message] });
  gates.shift()!();
  await stopped;
  t.is(told.length, 2, 'a stopped writer tells nothing more');
  const state = (await disk.load(identity)) as StoredState;
  t.deepEqual(
    state.entries.map(({ index, term }) => `${index}/${term}`),
    ['1/1', '2/1', '3/1', '4/1', '5/2'],
  );
});

test('the log writer merges to what one by one would have come to', async (t) => {
  const request = fc.record({ from: fc.integer({ min: 1, max: 12 }), count: fc.integer({ min: 0, max: 4 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(request, { maxLength: 12 }), async (requests) => {
      const disk = openMemoryStorage(undefined, { beforeSync: () => new Promise((resolve) => setImmediate(resolve)) });
      await disk.initialise(identity, STORE, position(0, 0));
      const writer = new LogWriter(
        disk,
        () => {},
        (error) => t.fail(String(error)),
      );
      let expected: Entry[] = [];
      for (const [i, { from, count }] of requests.entries()) {
        const first = Math.min(from, expected.length + 1);
        const added = entries(first, first + count - 1, i + 1);
        if (added.length > 0) expected = [...expected.slice(0, first - 1), ...added];
        writer.push({ entries: added } satisfies WriteRequest);
      }
      await new Promise<void>((resolve) => writer.push({ onDurable: resolve }));
      t.deepEqual((await disk.load(identity))!.entries, expected);
    }),
    { numRuns: 40 },
  );
});

test('a queue takes what fits, in order, and gives it out in frames', (t) => {
  const queue = new OutgoingQueue(3 * 1024 * 1024);
  const big = (index: number): Message => ({
    type: 'propose',
    from: 1,
    to: 2,
    term: index,
    data: [new Uint8Array(400_000)],
  });
  t.true(queue.isEmpty);
  const taken = Array.from({ length: 10 }, (_, i) => queue.push(big(i)));
  t.deepEqual(taken, [...Array(7).fill(true), false, false, false]);
  const frames: number[][] = [];
  while (!queue.isEmpty) frames.push(queue.takeFrame().map(({ term }) => term));
  t.deepEqual(frames, [[0, 1], [2, 3], [4, 5], [6]]);
  const huge: Message = { ...big(0), data: [new Uint8Array(4_000_000)] } as Message;
  t.true(queue.push(huge), 'an empty queue takes anything');
  t.false(queue.push(big(1)));
  queue.clear();
  t.true(queue.push(big(1)));
});

test('a channel hands chunks on in order, with back-pressure, up to its end or error', async (t) => {
  const calls: string[] = [];
  const channel = new ChunkChannel({ pause: () => calls.push('pause'), resume: () => calls.push('resume') });
  const read: number[] = [];
  const reader = (async () => {
    for await (const chunk of channel) read.push(chunk[0]!);
  })();
  channel.push(Uint8Array.of(1));
  channel.push(Uint8Array.of(2));
  t.deepEqual(calls, ['pause']);
  await settle();
  t.deepEqual(calls, ['pause', 'resume']);
  channel.push(Uint8Array.of(3));
  channel.end(new KeelsonError('CUT', 'cut off'));
  channel.end();
  await t.throwsAsync(reader, { message: 'cut off' });
  t.deepEqual(read, [1, 2, 3]);
});

test('a throttled log lets one line of a subject pass in ten seconds, and counts the rest', async (t) => {
  const clock = new FakeClock();
  const { logger, lines } = recordingLogger(() => {});
  const log = new ThrottledLog(logger, clock);
  for (let i = 0; i < 5; i++) log.warn('a', { i }, 'line');
  log.warn('b', {}, 'line');
  t.deepEqual(
    lines.map(({ fields }) => fields),
    [{ i: 0 }, {}],
  );
  await clock.advance(10_000);
  log.warn('a', { i: 9 }, 'line');
  t.deepEqual(lines.at(-1)!.fields, { i: 9, suppressed: 4 });
  for (let i = 0; i < 5000; i++) log.warn(`subject ${i}`, {}, 'line');
  t.true(lines.length > 5000);
});

function append(to: number, count: number, commit: number): Message {
  return {
    type: 'append',
    from: 1,
    to,
    term: 1,
    previousIndex: 5,
    previousTerm: 1,
    entries: entries(6, 5 + count),
    commit,
  };
}

test('news of a commit wait for entries that tell of it as well, but not for long', async (t) => {
  const sent: Message[] = [];
  const transport = {
    ...new MemoryNetwork().transport(1),
    send: (messages: readonly Message[]) => sent.push(...messages),
  };
  const sender = new MessageSender(transport as never);
  sender.send([append(2, 0, 5), append(3, 0, 5), heartbeat(1, 2, 1)]);
  t.deepEqual(sent.splice(0), [heartbeat(1, 2, 1)]);
  sender.send([append(2, 1, 6)]);
  t.deepEqual(sent.splice(0), [append(2, 1, 6)]);
  sender.send([append(3, 0, 6)]);
  await settle();
  t.deepEqual(sent.splice(0), [append(3, 0, 6)]);
  sender.send([append(2, 0, 7)]);
  await settle();
  t.deepEqual(sent.splice(0), [append(2, 0, 7)]);
});
