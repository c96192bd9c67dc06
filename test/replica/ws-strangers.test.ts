import { once } from 'node:events';
import net from 'node:net';
import test, { type ExecutionContext } from 'ava';
import type { WsLimits } from '../../src/replica/index.ts';
import { encodeMessages } from '../../src/replica/message-codec.ts';
import { PROTOCOL } from '../../src/replica/wire.ts';
import { createAuthority } from '../support/certificates.ts';
import {
  closed,
  closing,
  connectRaw,
  connectTls,
  heartbeat,
  Net,
  type Peer,
  sendUntilHeard,
  snapshotMessage,
} from './ws-harness.ts';

const credential = { store: '5a'.repeat(16), founders: [1, 2], incarnation: 1, previous: 0 };
const hello = { protocol: PROTOCOL, clusterId: 'blue', from: 2, to: 1, instance: 'x', credential };

async function setUp(t: ExecutionContext, limits: Partial<WsLimits> = {}): Promise<{ network: Net; one: Peer }> {
  const network = await Net.create(t);
  return { network, one: await network.peer(1, { limits }) };
}

/** Whatever happened: a proper peer is still served, and nobody got a message through before. */
async function checkService(t: ExecutionContext, network: Net, one: Peer): Promise<void> {
  t.deepEqual(one.handler.messages, []);
  const three = await network.peer(3);
  three.transport.setPeers([one.address]);
  await sendUntilHeard(three, one);
}

async function refused(one: Peer): Promise<string> {
  const find = () => one.lines.find(({ level }) => level === 'warn');
  await one.handler.until(() => find() !== undefined);
  return String(find()!.fields['reason']);
}

test('garbage on the port is refused and logged once', async (t) => {
  const { network, one } = await setUp(t);
  for (let round = 0; round < 5; round++) {
    const socket = net.connect(one.address.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.end('GET / HTTP/1.1\r\n\r\n\0\0garbage');
    await closed(socket);
  }
  await refused(one);
  await checkService(t, network, one);
  t.is(one.lines.filter(({ level }) => level === 'warn').length, 1);
});

test('half a TLS handshake is given up after a while', async (t) => {
  const { network, one } = await setUp(t, { handshakeMs: 1000 });
  const socket = net.connect(one.address.port, '127.0.0.1');
  socket.on('error', () => {});
  // A TLS record header that promises more than ever comes.
  socket.write(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]));
  await closed(socket);
  t.regex(await refused(one), /handshake/i);
  await checkService(t, network, one);
});

test('a connection that never says hello is given up after a while', async (t) => {
  const { network, one } = await setUp(t, { handshakeMs: 1000 });
  const tls = await network.authority.issue('keelson:peer:2');
  const silent = await connectRaw(one.address.port, tls);
  await closing(silent);
  const wordless = connectTls(one.address.port, tls);
  await once(wordless, 'secureConnect');
  await closed(wordless);
  await checkService(t, network, one);
});

test('a certificate of another authority, or none, is refused', async (t) => {
  const { network, one } = await setUp(t);
  const foreign = await (await createAuthority('other')).issue('keelson:peer:2');
  for (const tls of [foreign, {}]) {
    const socket = connectTls(one.address.port, tls);
    await closed(socket);
  }
  await refused(one);
  await checkService(t, network, one);
});

test('a certificate of the cluster that is no peer’s is refused', async (t) => {
  const { network, one } = await setUp(t);
  for (const name of ['kubernetes-admin', 'keelson:peer:0', 'keelson:peer:2 ', 'keelson:peer:02']) {
    const tls = await network.authority.issue(name);
    await t.throwsAsync(connectRaw(one.address.port, tls), { message: /403/ });
  }
  t.regex(await refused(one), /kubernetes-admin/);
  await checkService(t, network, one);
});

test('plain HTTP requests get a status', async (t) => {
  const { network, one } = await setUp(t);
  const socket = connectTls(one.address.port, await network.authority.issue('keelson:peer:2'));
  socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
  const [data] = await once(socket, 'data');
  t.regex(String(data), /^HTTP\/1.1 426/);
  socket.destroy();
  await checkService(t, network, one);
});

for (const [what, frame] of Object.entries({
  'no JSON': '{',
  null: 'null',
  'of another cluster': { ...hello, clusterId: 'green' },
  'of another protocol': { ...hello, protocol: PROTOCOL + 1 },
  'with the name of another': { ...hello, from: 3 },
  'meant for another': { ...hello, to: 3 },
  'without a credential': { ...hello, credential: undefined },
  'with a credential that is none': { ...hello, credential: { store: 'x', incarnation: 1, previous: 0 } },
  'with a credential of no lives': { ...hello, credential: { ...credential, lives: ['1'] } },
  'with a credential of too many lives': { ...hello, credential: { ...credential, lives: Array(1001).fill(1) } },
  'with a credential of no version': { ...hello, credential: { ...credential, version: 'new' } },
  'with a credential of no previous start': { ...hello, credential: { ...credential, previous: undefined } },
  'for a snapshot of another': { ...hello, snapshot: snapshotMessage(3, 1) },
  'for a snapshot that is none': { ...hello, snapshot: heartbeat(2, 1, 1) },
})) {
  test(`a hello ${what} is refused with a reason`, async (t) => {
    const { network, one } = await setUp(t);
    const socket = await connectRaw(one.address.port, await network.authority.issue('keelson:peer:2'));
    socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
    const [code, reason] = await closing(socket);
    t.is(code, 4000);
    t.truthy(reason);
    t.is(await refused(one), reason);
    await checkService(t, network, one);
  });
}

test('a binary frame is no hello', async (t) => {
  const { network, one } = await setUp(t);
  const socket = await connectRaw(one.address.port, await network.authority.issue('keelson:peer:2'));
  socket.send(encodeMessages([heartbeat(2, 1, 1)]));
  t.is((await closing(socket))[0], 4000);
  await checkService(t, network, one);
});

test('two peers with one identity don’t talk', async (t) => {
  const { network, one } = await setUp(t);
  const socket = await connectRaw(one.address.port, await network.authority.issue('keelson:peer:1'));
  socket.send(JSON.stringify({ ...hello, from: 1 }));
  t.regex((await closing(socket))[1], /two peers/);
  await checkService(t, network, one);
});

for (const [what, frame] of Object.entries({
  garbage: Buffer.from('c1c1c1c1', 'hex'),
  'a message cut short': encodeMessages([heartbeat(2, 1, 1)]).subarray(0, -1),
  text: 'hello again',
})) {
  test(`${what} after the hello ends the connection`, async (t) => {
    const { network, one } = await setUp(t);
    const socket = await connectRaw(one.address.port, await network.authority.issue('keelson:peer:2'));
    socket.send(JSON.stringify(hello));
    await once(socket, 'message');
    socket.send(frame);
    t.is((await closing(socket))[0], 4000);
    await checkService(t, network, one);
  });
}

test('a frame that is too large ends the connection', async (t) => {
  const { network, one } = await setUp(t);
  const socket = await connectRaw(one.address.port, await network.authority.issue('keelson:peer:2'));
  socket.send(JSON.stringify(hello));
  await once(socket, 'message');
  socket.send(Buffer.alloc(17 * 1024 * 1024));
  t.is((await closing(socket))[0], 1009);
  await checkService(t, network, one);
});

test('who dials finds out that the other is somebody else', async (t) => {
  const { network, one } = await setUp(t);
  const dialler = await network.peer(2);
  dialler.transport.setPeers([{ ...one.address, id: 7 }]);
  t.regex(await refused(dialler), /is 'keelson:peer:1', not peer 7/);
  dialler.transport.send([heartbeat(2, 7, 1)]);
  await checkService(t, network, one);
});

test('who dials another cluster is told so, and the failures are logged once', async (t) => {
  const { network, one } = await setUp(t);
  const dialler = await network.peer(2, { clusterId: 'green' });
  dialler.transport.setPeers([one.address]);
  t.regex(await refused(dialler), /another cluster, blue/);
  await dialler.handler.until(() => dialler.handler.unreachable.length > 3);
  t.is(dialler.lines.filter(({ level }) => level === 'warn').length, 1);
  await checkService(t, network, one);
});
