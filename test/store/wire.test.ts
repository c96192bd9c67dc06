import { once } from 'node:events';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { Packr, Unpackr } from 'msgpackr';
import { WebSocket } from 'ws';
import { LEASE_GRANT, PUT, RANGE, TXN } from '../../src/store/command.ts';
import { createMemoryStore, type ServeStoreOptions, STORE_PROTOCOL } from '../../src/store/index.ts';
import { BARRIER, ERROR, EVENTS, OK, PROGRESS, STATUS, UNWATCH, WATCH } from '../../src/store/wire/protocol.ts';
import { isPlainMsgpack } from '../../src/store/wire/scan.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';
import { bytes } from './helpers.ts';
import { startStoreServer } from './wire-subject.ts';

const packr = new Packr({ useRecords: false });
const unpackr = new Unpackr({ useRecords: false });

type Message = [id: number, kind: number, ...rest: unknown[]];

/** A client that says what it likes. */
class RawClient {
  readonly socket: WebSocket;
  readonly messages: Message[] = [];
  readonly closed: Promise<number>;
  #wake: () => void = () => {};

  constructor(url: string) {
    this.socket = new WebSocket(url.replace('http', 'ws'), STORE_PROTOCOL);
    this.socket.on('message', (data) => {
      this.messages.push(...(unpackr.unpack(data as Buffer) as Message[]));
      this.#wake();
    });
    this.closed = once(this.socket, 'close').then(([code]) => code as number);
  }

  async send(...requests: unknown[]): Promise<void> {
    if (this.socket.readyState !== WebSocket.OPEN) await once(this.socket, 'open');
    this.socket.send(packr.pack(requests));
  }

  async until(isIt: (message: Message) => boolean): Promise<Message> {
    for (;;) {
      const found = this.messages.find(isIt);
      if (found !== undefined) return found;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
  }

  async answer(id: number): Promise<Message> {
    return this.until((message) => message[0] === id);
  }
}

async function serve(t: ExecutionContext, options: ServeStoreOptions = {}) {
  const store = createMemoryStore();
  const server = await startStoreServer(store, options);
  const client = new RawClient(server.url);
  await once(client.socket, 'open');
  t.teardown(async () => {
    client.socket.terminate();
    await server.close();
    await store.close();
  });
  return { store, server, client };
}

const garbage: [string, Buffer | string, number][] = [
  ['text', 'hello', 1003],
  ['nothing', Buffer.alloc(0), 1008],
  ['a number', Buffer.from([5]), 1008],
  ['a map', packr.pack([{ a: 1 }]), 1008],
  ['a date', packr.pack([[1, [STATUS, new Date()]]]), 1008],
  ['an array of four billion', Buffer.from('ddffffffff', 'hex'), 1008],
  ['arrays within arrays', Buffer.alloc(100_000, 0x91), 1008],
  ['half a frame', packr.pack([[1, [STATUS]]]).subarray(0, -1), 1008],
  ['two frames in one', Buffer.concat([packr.pack([[1, [STATUS]]]), packr.pack(1)]), 1008],
  ['no list', packr.pack([7]), 1008],
  ['no id', packr.pack([['one', [STATUS]]]), 1008],
  ['an id of zero', packr.pack([[0, [STATUS]]]), 1008],
  ['no operation', packr.pack([[1, []]]), 1008],
  ['too much', Buffer.alloc(3 * 1024 * 1024, 0xc0), 1009],
  ['a million nothings', Buffer.concat([Buffer.from('dd000f4240', 'hex'), Buffer.alloc(1_000_000, 0xc0)]), 1008],
];
for (const [name, frame, code] of garbage) {
  test(`a frame with ${name} closes the connection, and only this one`, async (t) => {
    const { client, server } = await serve(t);
    client.socket.send(frame);
    t.is(await client.closed, code);
    const other = new RawClient(server.url);
    await other.send([1, [STATUS]]);
    t.is((await other.answer(1))[1], OK);
  });
}

test('a frame larger than allowed is refused even where the WebSocket server lets it through', async (t) => {
  const { client } = await serve(t, { limits: { maxFrameBytes: 1000 } });
  client.socket.send(Buffer.alloc(1001, 0xc0));
  t.is(await client.closed, 1009);
});

test('a request that makes no sense is answered, whatever it is', async (t) => {
  const { client, store } = await serve(t);
  const anything = fc.anything({
    maxDepth: 3,
    withBigInt: false,
    withNullPrototype: false,
    values: [fc.integer(), fc.double(), fc.string(), fc.constant(null), fc.boolean(), fc.uint8Array()],
  });
  const lists = fc.array(fc.oneof(anything, fc.array(anything)), { maxLength: 6 });
  let id = 0;
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 45 }), lists, async (op, rest) => {
      const command = [op, ...(JSON.parse(JSON.stringify(rest)) as unknown[]).filter((item) => !holdsMap(item))];
      if (op === UNWATCH || op === WATCH) return;
      await client.send([++id, command]);
      const [, kind, code] = await client.answer(id);
      client.messages.length = 0;
      if (kind === ERROR && code === 'INTERNAL') throw new Error(`${JSON.stringify(command)} broke something`);
    }),
    { numRuns: 300 },
  );
  const cases: unknown[][] = [
    [PUT, 5, bytes('v'), 0, 0],
    [PUT, 'k', 'no bytes', 0, 0],
    [PUT, 'k', bytes('v'), 'lease', 0],
    [TXN, [], [[PUT, 'k', bytes('v'), 0, 99]], []],
    [TXN, [['k', null, 9, 0, 0]], [], []],
    [TXN, [['k', null, 0, 9, 0]], [], []],
    [TXN, [['k', null, 4, 0, 0]], [], []],
    [TXN, [['k', null, 0, 0, bytes('v')]], [], []],
    [TXN, [[7, null, 0, 0, 0]], [], []],
    [TXN, [5], [], []],
    [TXN, [], [5], []],
    [TXN, [], []],
    [TXN, 1, 2, 3],
    [TXN, [], [[RANGE, 'k', 7, 0, 0, 0]], []],
    [TXN, [], [[RANGE, 'k', null, 0, -1, 0]], []],
    [RANGE, 'k'],
    [LEASE_GRANT, 0, 'ttl'],
    [WATCH, 5, null, 0, false],
    [WATCH, 'k', null, -5, false],
    [99],
  ];
  for (const command of cases) {
    await client.send([++id, command]);
    t.deepEqual((await client.answer(id)).slice(1, 3), [ERROR, 'INVALID'], JSON.stringify(command));
  }
  let deep: unknown[] = [TXN, [], [], []];
  for (let i = 0; i < 9; i++) deep = [TXN, [], [deep], []];
  await client.send([++id, deep]);
  t.deepEqual((await client.answer(id)).slice(1, 3), [ERROR, 'INVALID']);
  await client.send([++id, [TXN, [], Array(5000).fill([RANGE, 'k', null, 0, 0, 0]), []]]);
  t.deepEqual((await client.answer(id)).slice(1, 3), [ERROR, 'TOO_LARGE']);
  t.is((await store.status()).leader, 1);
});

function holdsMap(item: unknown): boolean {
  if (Array.isArray(item)) return item.some(holdsMap);
  return item !== null && typeof item === 'object';
}

test('the scan accepts what it should, and what it accepts can be decoded', (t) => {
  const plainValue = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.oneof(
        fc.integer(),
        fc.double(),
        fc.maxSafeInteger(),
        fc.string({ maxLength: 300 }),
        fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)),
        fc.boolean(),
        fc.constant(null),
      ),
      fc.array(tie('value'), { maxLength: 20 }),
    ),
  })).value;
  fc.assert(fc.property(plainValue, (value) => isPlainMsgpack(packr.pack(value))));
  fc.assert(
    fc.property(plainValue, fc.nat(), fc.nat({ max: 255 }), (value, position, byte) => {
      const frame = Buffer.from(packr.pack(value));
      frame[position % frame.length] = byte;
      if (isPlainMsgpack(frame)) unpackr.unpack(frame);
    }),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (random) => {
      const frame = Buffer.from(random);
      if (isPlainMsgpack(frame)) unpackr.unpack(frame);
    }),
    { numRuns: 5000 },
  );
  t.pass();
});

test('many watches of one range on a connection share one message', async (t) => {
  const { client, store } = await serve(t);
  for (let id = 1; id <= 5; id++) await client.send([id, [WATCH, 'k', null, 0, false]]);
  await client.answer(5);
  await store.put('k', bytes('v'));
  await client.until(([, kind]) => kind === EVENTS);
  const events = client.messages.filter(([, kind]) => kind === EVENTS);
  t.is(events.length, 1);
  t.deepEqual(events[0]![3], [1, 2, 3, 4, 5]);
  await client.send([6, [UNWATCH, 2]], [7, [BARRIER]]);
  await client.answer(7);
  client.messages.length = 0;
  await store.put('k', bytes('w'));
  t.deepEqual((await client.until(([, kind]) => kind === EVENTS))[3], [1, 3, 4, 5]);
});

test('an id can be used for one watch at a time, and there is an end to their number', async (t) => {
  const { client } = await serve(t, { limits: { maxWatches: 2 } });
  for (const id of [1, 2, 3]) await client.send([id, [WATCH, 'k', null, 0, false]]);
  t.deepEqual((await client.answer(3)).slice(1, 3), [ERROR, 'OVERLOADED']);
  client.messages.length = 0;
  await client.send([1, [WATCH, 'k', null, 0, false]]);
  t.deepEqual((await client.answer(1)).slice(1, 3), [ERROR, 'INVALID']);
});

test('a reader that does not read loses its watch, is told where to resume, and holds up nobody', async (t) => {
  const { client, store } = await serve(t, { limits: { maxBufferedBytes: 100_000 } });
  await client.send([1, [WATCH, 'k', null, 0, false]]);
  await client.answer(1);
  client.socket.pause();
  const value = Buffer.alloc(100_000);
  // More than the kernel takes.
  let revision = 0;
  for (let i = 0; i < 100; i++) ({ revision } = await store.put('k', value));
  client.socket.resume();
  const [, , code, message] = await client.until(([id, kind]) => id === 1 && kind === ERROR);
  t.is(code, 'OVERLOADED');
  const resume = Number(/revision (\d+)/.exec(message as string)![1]);
  const delivered = client.messages.filter(([, kind]) => kind === EVENTS).map(([, , at]) => at as number);
  t.is(delivered.at(-1)! + 1, resume);
  t.true(resume < revision);
});

test('a client with too much under way is not read until the store has caught up', async (t) => {
  const { client, server, store } = await serve(t, { limits: { maxRequests: 10 } });
  const [socket] = server.sockets.clients;
  const gate = Promise.withResolvers<void>();
  store.readBarrier = () => gate.promise;
  await client.send(...Array.from({ length: 20 }, (_, i) => [i + 1, [BARRIER]]));
  while (!socket!.isPaused) await settle();
  await client.send([21, [STATUS]]);
  gate.resolve();
  t.is((await client.answer(21))[1], OK);
  t.deepEqual(
    client.messages.map(([id]) => id),
    Array.from({ length: 21 }, (_, i) => i + 1),
  );
  t.false(socket!.isPaused);
});

test('watches learn how far they are though nothing happens to them', async (t) => {
  const clock = new FakeClock();
  const { client, store } = await serve(t, { clock });
  await client.send([1, [WATCH, 'quiet', null, 0, false]]);
  await client.answer(1);
  const { revision } = await store.put('busy', bytes('v'));
  await clock.advance(10_000);
  t.deepEqual(await client.until(([, kind]) => kind === PROGRESS), [0, PROGRESS, revision]);
});

test('a client that no longer answers pings is given up', async (t) => {
  const clock = new FakeClock();
  const { client, server } = await serve(t, { clock });
  await client.send([1, [WATCH, 'k', null, 0, false]]);
  await client.answer(1);
  const [socket] = server.sockets.clients;
  const closed = once(socket!, 'close');
  client.socket.pause();
  await clock.advance(20_000);
  await closed;
  t.is(server.sockets.clients.size, 0);
});

test('a revision too large for a frame ends the watch instead of the connection', async (t) => {
  const { client, store } = await serve(t);
  await client.send([1, [WATCH, 'k', 'l', 0, true]]);
  await client.answer(1);
  const value = Buffer.alloc(1_500_000);
  for (let i = 0; i < 25; i++) {
    const { revision } = await store.put(`k${i}`, value);
    await client.until(([, kind, at]) => kind === EVENTS && at === revision);
  }
  await store.delete('k', 'l');
  t.is((await client.until(([id, kind]) => id === 1 && kind === ERROR))[2], 'TOO_LARGE');
  await client.send([2, [BARRIER]]);
  t.is((await client.answer(2))[1], OK);
});
