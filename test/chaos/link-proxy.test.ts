import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import test from 'ava';
import { LinkProxy } from '../../chaos/network/link-proxy.ts';
import { pause } from '../../chaos/pause.ts';

/** A server that answers with what it gets, a proxy before it, and a client of the proxy. */
async function chain(there: { blocked: boolean; delayMs: number }, back: { blocked: boolean; delayMs: number }) {
  const server: Server = createServer((socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const weather = (state: { blocked: boolean; delayMs: number }) => ({
    blocked: () => state.blocked,
    delayMs: () => state.delayMs,
  });
  const { port } = server.address() as AddressInfo;
  const proxy = await LinkProxy.start({ host: '127.0.0.1', port }, weather(there), weather(back));
  const client: Socket = connect({ host: '127.0.0.1', port: proxy.port });
  client.on('error', () => {});
  let received = '';
  client.on('data', (data) => {
    received += data;
  });
  const until = async (text: string): Promise<void> => {
    while (received !== text) await pause(5);
  };
  const close = async (): Promise<void> => {
    client.destroy();
    await proxy.close();
    await new Promise((resolve) => server.close(resolve));
  };
  return { client, proxy, until, received: () => received, close };
}

test('passes on what comes, in order, however late', async (t) => {
  const { client, until, close } = await chain({ blocked: false, delayMs: 30 }, { blocked: false, delayMs: 10 });
  const begin = performance.now();
  const pieces = Array.from({ length: 50 }, (_, i) => `${i},`);
  for (const piece of pieces) {
    client.write(piece);
    await pause(1);
  }
  await until(pieces.join(''));
  t.true(performance.now() - begin >= 40);
  await close();
});

for (const direction of ['there', 'back'] as const) {
  test(`holds back what goes ${direction} while that is blocked`, async (t) => {
    const [there, back] = [
      { blocked: false, delayMs: 0 },
      { blocked: false, delayMs: 0 },
    ];
    const { client, until, received, close } = await chain(there, back);
    client.write('a');
    await until('a');
    const blocked = direction === 'there' ? there : back;
    blocked.blocked = true;
    client.write('b');
    await pause(100);
    t.is(received(), 'a');
    blocked.blocked = false;
    await until('ab');
    await close();
  });
}

test('connects only when both directions are open', async (t) => {
  const back = { blocked: true, delayMs: 0 };
  const { client, until, received, close } = await chain({ blocked: false, delayMs: 0 }, back);
  client.write('a');
  await pause(100);
  t.is(received(), '');
  back.blocked = false;
  await until('a');
  await close();
});

test('breaks connections', async (t) => {
  const { client, proxy, until, close } = await chain({ blocked: false, delayMs: 0 }, { blocked: false, delayMs: 0 });
  client.write('a');
  await until('a');
  const closed = new Promise((resolve) => client.once('close', resolve));
  proxy.reset();
  await closed;
  t.true(client.destroyed);
  await close();
});
