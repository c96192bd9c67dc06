import test, { type ExecutionContext } from 'ava';
import { errorCode, seededRandom } from '../../src/base/index.ts';
import { heartbeat, Net, type Peer, snapshotMessage, takes } from './ws-harness.ts';

async function pair(t: ExecutionContext): Promise<{ one: Peer; two: Peer }> {
  const network = await Net.create(t);
  const one = await network.peer(1);
  const two = await network.peer(2);
  one.transport.setPeers([two.address]);
  two.transport.setPeers([one.address]);
  return { one, two };
}

const random = seededRandom(5);
const chunks = Array.from({ length: 40 }, () => random.bytes(100_000));

async function* source(onChunk: (i: number) => void = () => {}): AsyncGenerator<Uint8Array> {
  for (const [i, chunk] of chunks.entries()) {
    onChunk(i);
    yield chunk;
  }
}

test('a snapshot arrives whole, chunk by chunk, and is confirmed only when stored', async (t) => {
  const { one, two } = await pair(t);
  const received: Uint8Array[] = [];
  let stored = false;
  two.handler.onSnapshot = takes(async (message, incoming) => {
    t.deepEqual(message, snapshotMessage(1, 2));
    for await (const chunk of incoming) received.push(Uint8Array.from(chunk));
    await new Promise((resolve) => setImmediate(resolve));
    stored = true;
  });
  await one.transport.sendSnapshot(snapshotMessage(1, 2), source());
  t.true(stored);
  t.true(Buffer.concat(received).equals(Buffer.concat(chunks)));
  t.is(received.length, chunks.length);
});

test('an empty snapshot arrives too', async (t) => {
  const { one, two } = await pair(t);
  let count = 0;
  two.handler.onSnapshot = takes(async (_message, incoming) => {
    for await (const _ of incoming) count += 1;
  });
  await one.transport.sendSnapshot(snapshotMessage(1, 2), (async function* () {})());
  t.is(count, 0);
});

test('a slow receiver slows the sender down', async (t) => {
  const { one, two } = await pair(t);
  let sent = 0;
  const resume = Promise.withResolvers<void>();
  two.handler.onSnapshot = takes(async (_message, incoming) => {
    let first = true;
    for await (const _ of incoming) {
      if (first) await resume.promise;
      first = false;
    }
  });
  const big = (async function* () {
    for (let i = 0; i < 400; i++) {
      sent += 1;
      yield chunks[0]!;
    }
  })();
  const done = one.transport.sendSnapshot(snapshotMessage(1, 2), big);
  let last = -1;
  while (last !== sent || sent === 0) {
    last = sent;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  t.true(sent < 400, `${sent} of 400 chunks went out to a receiver that takes none`);
  resume.resolve();
  await done;
  t.is(sent, 400);
});

test('a refusal comes with its reason, at the start and in the middle', async (t) => {
  const { one, two } = await pair(t);
  for (const taken of [0, 3]) {
    two.handler.onSnapshot = takes(async (_message, incoming) => {
      let count = 0;
      if (taken > 0) for await (const _ of incoming) if (++count >= taken) break;
      throw new Error('no room');
    });
    const error = await t.throwsAsync(one.transport.sendSnapshot(snapshotMessage(1, 2), source()));
    t.is(errorCode(error), 'SNAPSHOT_BROKEN');
    t.regex(error!.message, /no room/);
  }
});

test('a source that fails leaves the receiver with an error', async (t) => {
  const { one, two } = await pair(t);
  const outcome = Promise.withResolvers<unknown>();
  two.handler.onSnapshot = takes(async (_message, incoming) => {
    try {
      for await (const _ of incoming);
      outcome.resolve('complete');
    } catch (error) {
      outcome.resolve(errorCode(error));
      throw error;
    }
  });
  const failing = source((i) => {
    if (i === 5) throw new Error('disk gone');
  });
  await t.throwsAsync(one.transport.sendSnapshot(snapshotMessage(1, 2), failing), { message: 'disk gone' });
  t.is(await outcome.promise, 'SNAPSHOT_BROKEN');
});

test('closing either end breaks a snapshot under way', async (t) => {
  for (const side of ['one', 'two'] as const) {
    const peers = await pair(t);
    const began = Promise.withResolvers<void>();
    peers.two.handler.onSnapshot = takes(async (_message, incoming) => {
      for await (const _ of incoming) began.resolve();
    });
    const endless = (async function* () {
      for (;;) yield chunks[0]!;
    })();
    const sending = peers.one.transport.sendSnapshot(snapshotMessage(1, 2), endless);
    await began.promise;
    await peers[side].transport.close();
    t.is(errorCode(await t.throwsAsync(sending)), 'SNAPSHOT_BROKEN');
  }
});

test('messages pass while a snapshot stands still; a standstill is given up', async (t) => {
  const network = await Net.create(t);
  const one = await network.peer(1, { limits: { stallMs: 100 } });
  const two = await network.peer(2);
  one.transport.setPeers([two.address]);
  two.handler.onSnapshot = () => new Promise(() => {});
  const sending = one.transport.sendSnapshot(snapshotMessage(1, 2), source());
  one.transport.send([heartbeat(1, 2, 1)]);
  await two.handler.until(() => two.handler.messages.length === 1);
  t.is(errorCode(await t.throwsAsync(sending)), 'SNAPSHOT_BROKEN');
});

test('nobody to send to is an error', async (t) => {
  const { one } = await pair(t);
  t.is(errorCode(await t.throwsAsync(one.transport.sendSnapshot(snapshotMessage(1, 9), source()))), 'PEER_UNKNOWN');
});
