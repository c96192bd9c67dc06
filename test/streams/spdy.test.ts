import { createHash } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { systemClock } from '../../src/base/index.ts';
import { headerDictionary } from '../../src/streams/spdy/dictionary.ts';
import { encodeFrame, type Frame, FrameReader } from '../../src/streams/spdy/frames.ts';
import { HeaderReader, HeaderWriter } from '../../src/streams/spdy/headers.ts';
import { SpdyConnection, type SpdyStream } from '../../src/streams/spdy/index.ts';
import { duplexPair, SpdyClient } from './spdy-client.ts';

interface Pair {
  client: SpdyClient;
  connection: SpdyConnection;
  streams: SpdyStream[];
}

function connect(t: ExecutionContext, refuse: (stream: SpdyStream) => string | undefined = () => undefined): Pair {
  const [ours, theirs] = duplexPair();
  const streams: SpdyStream[] = [];
  const connection = new SpdyConnection({
    socket: ours,
    clock: systemClock,
    onStream(stream) {
      streams.push(stream);
      return refuse(stream);
    },
  });
  t.teardown(() => ours.destroy());
  return { client: new SpdyClient(theirs), connection, streams };
}

async function textOf(stream: SpdyStream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

const id31 = fc.integer({ min: 0, max: 0x7fffffff });
const uint32 = fc.integer({ min: 0, max: 0xffffffff });
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const frames: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({ type: fc.constant('data' as const), streamId: id31, fin: fc.boolean(), data: bytes }),
  fc.record({
    type: fc.constant('syn-stream' as const),
    streamId: id31,
    fin: fc.boolean(),
    unidirectional: fc.boolean(),
    headers: bytes,
  }),
  fc.record({ type: fc.constant('syn-reply' as const), streamId: id31, fin: fc.boolean(), headers: bytes }),
  fc.record({ type: fc.constant('headers' as const), streamId: id31, fin: fc.boolean(), headers: bytes }),
  fc.record({ type: fc.constant('rst-stream' as const), streamId: id31, status: uint32 }),
  fc.record({
    type: fc.constant('settings' as const),
    values: fc.array(fc.tuple(fc.integer({ min: 0, max: 255 }), uint32), { maxLength: 5 }),
  }),
  fc.record({ type: fc.constant('ping' as const), id: uint32 }),
  fc.record({ type: fc.constant('goaway' as const), lastStreamId: id31, status: uint32 }),
  fc.record({ type: fc.constant('window-update' as const), streamId: id31, delta: id31 }),
);

/** Joins what was read of one data frame in parts; data frames of one test all have different streams. */
function joined(read: readonly Frame[]): Frame[] {
  const result: Frame[] = [];
  for (const frame of read) {
    const last = result.at(-1);
    if (frame.type === 'data' && last?.type === 'data' && last.streamId === frame.streamId && !last.fin) {
      result[result.length - 1] = { ...frame, data: Buffer.concat([last.data, frame.data]) };
    } else result.push(frame);
  }
  return result;
}

test('the dictionary is the one of the protocol', (t) => {
  const digest = createHash('sha256').update(headerDictionary).digest('hex');
  t.is(digest, '51d27341373f923f3cd88e1eb7162aeaa3723d7585ff2399201dc06498407f02');
});

test('frames are read as they were written, however the bytes come', (t) => {
  const unique = { selector: (frame: Frame) => ('streamId' in frame ? frame.streamId : frame) };
  fc.assert(
    fc.property(fc.uniqueArray(frames, { maxLength: 12, ...unique }), fc.integer({ min: 1, max: 64 }), (all, size) => {
      const whole = Buffer.concat(all.flatMap(encodeFrame));
      const reader = new FrameReader();
      const read: Frame[] = [];
      for (let at = 0; at < whole.length; at += size) read.push(...reader.read(whole.subarray(at, at + size)));
      t.deepEqual(joined(read), all);
    }),
  );
  t.pass();
});

test('headers are read as they were written', async (t) => {
  const headers = fc.dictionary(fc.stringMatching(/^[a-z-]{1,20}$/), fc.string({ unit: 'binary', maxLength: 100 }));
  await fc.assert(
    fc.asyncProperty(fc.array(headers, { maxLength: 8 }), async (blocks) => {
      const [writer, reader] = [new HeaderWriter(), new HeaderReader()];
      for (const block of blocks) {
        const expected = new Map(Object.entries(block));
        t.deepEqual(await reader.read(writer.write(expected)), expected);
      }
      reader.close();
    }),
  );
  t.pass();
});

test('a stream has headers, takes data and gives some, and ends on both sides', async (t) => {
  const { client, streams, connection } = connect(t);
  const id = await client.open({ StreamType: 'data', port: '80' });
  client.data(id, 'hello ');
  client.data(id, 'you', true);
  await client.until(() => client.frames.length > 0);
  const reply = client.frames[0]!;
  t.like(reply, { type: 'syn-reply', streamId: id, fin: false });
  t.deepEqual('read' in reply && reply.read, new Map());
  const [stream] = streams;
  t.deepEqual(
    [...stream!.headers],
    [
      ['streamtype', 'data'],
      ['port', '80'],
    ],
  );
  t.is(await textOf(stream!), 'hello you');
  stream!.end('and you');
  await client.until(() => client.finished(id));
  t.is(client.received(id).toString(), 'and you');
  connection.close();
  await client.until(() => client.frames.at(-1)?.type === 'goaway');
  t.deepEqual(client.frames.at(-1), { type: 'goaway', lastStreamId: id, status: 0 });
  // Who is told so closes first.
  client.socket.end();
  await client.ended;
  await connection.closed;
});

test('many streams, opened with one compressor, keep apart', async (t) => {
  const { client, streams } = connect(t);
  const ids: number[] = [];
  for (let i = 0; i < 50; i++) ids.push(await client.open({ streamtype: 'data', requestid: String(i) }));
  for (const [i, id] of ids.entries()) client.data(id, `${i}`, true);
  await client.until(() => streams.length === 50);
  t.deepEqual(
    await Promise.all(streams.map(textOf)),
    streams.map((stream) => stream.headers.get('requestid')),
  );
});

test('pings are answered; settings, headers and unknown frames pass', async (t) => {
  const { client } = connect(t);
  client.say({ type: 'settings', values: [[4, 100]] });
  client.socket.write(Buffer.from([0x80, 3, 0, 42, 0, 0, 0, 1, 7]));
  client.say({ type: 'ping', id: 7 });
  await client.until(() => client.frames.length > 0);
  t.deepEqual(client.frames, [{ type: 'ping', id: 7 }]);
});

test('a stream that is refused or torn off, by either side', async (t) => {
  const { client, streams } = connect(t, ({ headers }) => (headers.has('bad') ? 'no' : undefined));
  const bad = await client.open({ bad: '1' });
  await client.until(() => client.frames.length > 0);
  t.deepEqual(client.frames, [{ type: 'rst-stream', streamId: bad, status: 5 }]);
  const first = await client.open({ good: '1' });
  client.say({ type: 'rst-stream', streamId: first, status: 5 });
  const second = await client.open({ good: '1' });
  await client.until(() => client.frames.length === 3);
  t.true(streams[1]!.destroyed);
  streams[2]!.destroy();
  await client.until(() => client.frames.length === 4);
  t.deepEqual(client.frames.at(-1), { type: 'rst-stream', streamId: second, status: 5 });
  // Late data for what is gone are passed over.
  client.data(second, 'late');
  client.say({ type: 'ping', id: 1 });
  await client.until(() => client.frames.length === 5);
});

test('more streams than allowed are refused', async (t) => {
  const { client, streams } = connect(t);
  for (let i = 0; i < 1_005; i++) await client.open({});
  await client.until(() => client.frames.filter(({ type }) => type === 'rst-stream').length === 5);
  t.is(streams.length, 1_000);
});

for (const [what, garbage] of Object.entries({
  'another version': Buffer.from([0x80, 2, 0, 1, 0, 0, 0, 0]),
  'a control frame that is too large': Buffer.from([0x80, 3, 0, 1, 0, 0xff, 0xff, 0xff]),
  'a stream with an even number': Buffer.from([0x80, 3, 0, 1, 0, 0, 0, 10, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0]),
  'headers that are not compressed': Buffer.concat([
    Buffer.from([0x80, 3, 0, 1, 0, 0, 0, 14, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
    Buffer.from([1, 2, 3, 4]),
  ]),
  'a short frame': Buffer.from([0x80, 3, 0, 3, 0, 0, 0, 1, 0]),
})) {
  test(`${what} ends the connection`, async (t) => {
    const { client, connection } = connect(t);
    client.socket.write(garbage);
    await connection.closed;
    await client.ended;
    t.pass();
  });
}

test('headers that grow without bound end the connection', async (t) => {
  const { client, connection } = connect(t);
  await client.open({ bomb: 'x'.repeat(1_000_000) });
  await connection.closed;
  t.pass();
});

test('random bytes never do worse than end the connection', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 20 }), async (chunks) => {
      const { client, connection } = connect(t);
      for (const chunk of chunks) client.socket.write(Buffer.concat([Buffer.from([0x80, 3, 0]), chunk]));
      client.socket.end();
      await connection.closed;
    }),
    { numRuns: 200 },
  );
  t.pass();
});

test('a stream that nobody reads holds back the sender, not the memory', async (t) => {
  const { client, streams } = connect(t);
  const id = await client.open({});
  await client.until(() => streams.length === 1);
  const chunk = Buffer.alloc(32 * 1024);
  let sent = 0;
  while (client.socket.writableLength < 200_000 && sent < 10_000_000) {
    client.data(id, chunk);
    sent += chunk.length;
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.true(sent < 1_000_000, `${sent} bytes were taken`);
  client.data(id, '', true);
  let received = 0;
  for await (const part of streams[0]!) received += (part as Buffer).length;
  t.is(received, sent);
  const granted = (): number =>
    client.frames.reduce((sum, f) => (f.type === 'window-update' && f.streamId === 0 ? sum + f.delta : sum), 0);
  await client.until(() => granted() > sent - 64 * 1024);
  t.true(granted() <= sent);
});

test('who keeps to windows is sent no more than it takes', async (t) => {
  const { client, streams } = connect(t);
  client.say({ type: 'settings', values: [[7, 1000]] });
  const id = await client.open({});
  await client.until(() => streams.length === 1);
  streams[0]!.end(Buffer.alloc(200_000, 'x'));
  await client.until(() => client.received(id).length === 1000);
  client.say({ type: 'window-update', streamId: id, delta: 99_000 });
  await client.until(() => client.received(id).length === 64 * 1024);
  client.say({ type: 'window-update', streamId: 0, delta: 1_000_000 });
  await client.until(() => client.received(id).length === 100_000);
  t.false(client.finished(id));
  client.say({ type: 'window-update', streamId: id, delta: 1_000_000 });
  await client.until(() => client.finished(id));
  t.is(client.received(id).length, 200_000);
});

test('who does not know of windows is sent all', async (t) => {
  const { client, streams } = connect(t);
  const id = await client.open({});
  await client.until(() => streams.length === 1);
  streams[0]!.end(Buffer.alloc(500_000, 'x'));
  await client.until(() => client.finished(id));
  t.is(client.received(id).length, 500_000);
});
