import { once } from 'node:events';
import net from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { errorCode } from '../../src/base/index.ts';
import type { Message } from '../../src/raft/index.ts';
import type { Admission } from '../../src/replica/index.ts';
import { heartbeat, Net, type Peer, rounds, sendUntilHeard } from './ws-harness.ts';

async function pair(t: ExecutionContext): Promise<{ network: Net; one: Peer; two: Peer }> {
  const network = await Net.create(t);
  const one = await network.peer(1);
  const two = await network.peer(2);
  one.transport.setPeers([one.address, two.address]);
  two.transport.setPeers([one.address, two.address]);
  return { network, one, two };
}

test('messages arrive in order, both ways, many in a frame', async (t) => {
  const { one, two } = await pair(t);
  for (let round = 1; round <= 100; round++) {
    one.transport.send([heartbeat(1, 2, round)]);
    two.transport.send([heartbeat(2, 1, round), heartbeat(2, 1, round + 1000)]);
  }
  await two.handler.until(() => two.handler.messages.length === 100);
  await one.handler.until(() => one.handler.messages.length === 200);
  t.deepEqual(
    rounds(two.handler),
    Array.from({ length: 100 }, (_, i) => i + 1),
  );
  t.deepEqual(two.handler.frames, [100]);
});

test('entries arrive byte for byte, and large ones in frames of bounded size', async (t) => {
  const { one, two } = await pair(t);
  const entries = Array.from({ length: 8 }, (_, i) => ({
    index: i + 1,
    term: 1,
    kind: 'command' as const,
    data: new Uint8Array(400_000).fill(i),
  }));
  const append = (entry: (typeof entries)[0]): Message => ({
    type: 'append',
    from: 1,
    to: 2,
    term: 1,
    previousIndex: entry.index - 1,
    previousTerm: 1,
    entries: [entry],
    commit: 0,
  });
  one.transport.send(entries.map(append));
  await two.handler.until(() => two.handler.messages.length === 8);
  t.true(two.handler.frames.length > 2);
  two.handler.messages.forEach((message, i) => {
    t.true(message.type === 'append' && Buffer.from(message.entries[0]!.data).equals(Buffer.alloc(400_000, i)));
  });
});

test('what does not fit the queue is dropped and reported', async (t) => {
  const network = await Net.create(t);
  const one = await network.peer(1, { limits: { queueBytes: 1000 } });
  const two = await network.peer(2);
  one.transport.setPeers([two.address]);
  one.transport.send(Array.from({ length: 20 }, (_, i) => heartbeat(1, 2, i)));
  t.true(one.handler.unreachable.length > 0);
  await two.handler.until(() => two.handler.messages.length > 0);
  t.true(two.handler.messages.length + one.handler.unreachable.length === 20);
});

test('a peer without an address is unreachable', async (t) => {
  const { one } = await pair(t);
  one.transport.send([heartbeat(1, 9, 1)]);
  t.deepEqual(one.handler.unreachable, [9]);
});

test('a peer that comes back is reached again', async (t) => {
  const { network, one, two } = await pair(t);
  await sendUntilHeard(one, two);
  await two.transport.close();
  await one.handler.until(() => one.handler.unreachable.includes(2));
  const again = await network.peer(2, { port: two.address.port });
  again.transport.setPeers([one.address]);
  await sendUntilHeard(one, again);
  await sendUntilHeard(again, one);
  t.pass();
});

test('a peer that comes back is dialled at once, however long the pause had grown', async (t) => {
  const network = await Net.create(t);
  const two = await network.peer(2);
  const one = await network.peer(1, { limits: { minBackoffMs: 3_600_000, maxBackoffMs: 3_600_000 } });
  one.transport.setPeers([two.address]);
  await sendUntilHeard(one, two);
  await two.transport.close();
  await one.handler.until(() => one.handler.unreachable.length > 0);
  const again = await network.peer(2, { port: two.address.port });
  again.transport.setPeers([one.address]);
  await sendUntilHeard(one, again);
  t.pass();
});

test('a connection that dies without a word is found and replaced', async (t) => {
  const network = await Net.create(t);
  const two = await network.peer(2);
  const frozen = new Set<net.Socket>();
  let proxied = 0;
  const proxy = net.createServer((socket) => {
    proxied += 1;
    const onward = net.connect(two.address.port, '127.0.0.1');
    for (const each of [socket, onward]) {
      each.on('error', () => {});
      frozen.add(each);
    }
    socket.pipe(onward).pipe(socket);
    socket.on('close', () => onward.destroy());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  t.teardown(() => {
    for (const socket of frozen) socket.destroy();
    proxy.close();
  });
  const one = await network.peer(1, { limits: { pingMs: 50 } });
  one.transport.setPeers([{ id: 2, host: '127.0.0.1', port: (proxy.address() as net.AddressInfo).port }]);
  await sendUntilHeard(one, two);
  for (const socket of frozen) {
    socket.unpipe();
    socket.pause();
  }
  await one.handler.until(() => one.handler.unreachable.includes(2));
  await sendUntilHeard(one, two);
  t.true(proxied >= 2);
});

test('a change of address is followed, a removed peer is let go', async (t) => {
  const { network, one, two } = await pair(t);
  await sendUntilHeard(one, two);
  const moved = await network.peer(2);
  one.transport.setPeers([moved.address]);
  await sendUntilHeard(one, moved);
  one.transport.setPeers([]);
  one.transport.send([heartbeat(1, 2, 1)]);
  t.is(one.handler.unreachable.at(-1), 2);
});

test('a busy port and an address that is not here are one-line errors', async (t) => {
  const network = await Net.create(t);
  const one = await network.peer(1);
  const busy = await t.throwsAsync(network.peer(2, { port: one.address.port }));
  t.is(errorCode(busy), 'PORT_BUSY');
  t.regex(busy!.message, /^port \d+ on 127.0.0.1, for Raft, is in use by another process: [^\n]+$/);
  const elsewhere = await t.throwsAsync(network.peer(3, { host: '203.0.113.1' }));
  t.is(errorCode(elsewhere), 'PORT_REFUSED');
  t.regex(elsewhere!.message, /^port 0 on 203.0.113.1, for Raft, can't be used \(EADDRNOTAVAIL: [^\n]+$/);
});

test('nothing is delivered after close, and close may be called twice', async (t) => {
  const { one, two } = await pair(t);
  await sendUntilHeard(one, two);
  await two.transport.close();
  await two.transport.close();
  const heard = two.handler.messages.length;
  one.transport.send([heartbeat(1, 2, 1)]);
  await one.handler.until(() => one.handler.unreachable.includes(2));
  t.is(two.handler.messages.length, heard);
});

test('a peer shows its credential; one that is not admitted is told so, and not heard', async (t) => {
  const { one, two } = await pair(t);
  await sendUntilHeard(two, one);
  t.deepEqual(one.handler.credentials[0], [2, two.handler.credential]);
  const network = await Net.create(t);
  const strict = await network.peer(1);
  strict.handler.onAdmit = async () => 'disowned';
  const changed = await network.peer(2);
  changed.transport.setPeers([strict.address]);
  changed.transport.send([heartbeat(2, 1, 1)]);
  await changed.handler.until(() => changed.handler.disownedBy.length > 0);
  t.deepEqual(changed.handler.disownedBy, [1]);
  t.deepEqual(strict.handler.messages, []);
});

test('a peer whose software is too old is told so, and not heard', async (t) => {
  const network = await Net.create(t);
  const strict = await network.peer(1);
  strict.handler.onAdmit = async () => 'too-old';
  const old = await network.peer(2);
  old.transport.setPeers([strict.address]);
  old.transport.send([heartbeat(2, 1, 1)]);
  const refusals = (): string[] => old.lines.map(({ fields }) => String(fields['reason']));
  await old.handler.until(() => refusals().some((reason) => /upgrade it/.test(reason)));
  t.deepEqual(strict.handler.messages, []);
});

test('a peer that is to come again is not heard before it was admitted again', async (t) => {
  const { one, two } = await pair(t);
  await sendUntilHeard(two, one);
  const times = one.handler.credentials.length;
  one.handler.onAdmit = async () => 'disowned';
  one.transport.disconnect(2);
  one.handler.messages.length = 0;
  for (let round = 1; round <= 20; round++) two.transport.send([heartbeat(2, 1, round)]);
  await two.handler.until(() => two.handler.disownedBy.length > 0);
  t.true(one.handler.credentials.length > times);
  t.deepEqual(one.handler.messages, []);
  // Of whom nothing came there is nothing to end.
  t.notThrows(() => one.transport.disconnect(7));
});

test('what is sent while the other side makes up its mind arrives, in order', async (t) => {
  const network = await Net.create(t);
  const slow = await network.peer(1);
  const decision = Promise.withResolvers<Admission>();
  slow.handler.onAdmit = () => decision.promise;
  const two = await network.peer(2);
  two.transport.setPeers([slow.address]);
  for (let round = 1; round <= 50; round++) two.transport.send([heartbeat(2, 1, round)]);
  await slow.handler.until(() => slow.handler.credentials.length > 0);
  await new Promise((resolve) => setTimeout(resolve, 20));
  t.deepEqual(slow.handler.messages, []);
  decision.resolve('admitted');
  two.transport.send([heartbeat(2, 1, 51)]);
  await slow.handler.until(() => slow.handler.messages.length === 51);
  t.deepEqual(
    rounds(slow.handler),
    Array.from({ length: 51 }, (_, i) => i + 1),
  );
});

test('a peer that was removed is told so, when it comes and when it is there already', async (t) => {
  const { one, two } = await pair(t);
  await sendUntilHeard(two, one);
  one.handler.removed.add(2);
  const heard = one.handler.messages.length;
  one.transport.setPeers([]);
  await two.handler.until(() => two.handler.removedBy.length > 0);
  t.deepEqual(two.handler.removedBy, [1]);
  t.is(one.handler.messages.length, heard);
});
