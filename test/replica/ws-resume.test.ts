import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { errorCode, seededRandom } from '../../src/base/index.ts';
import { Net, type Peer, type PeerSettings, snapshotMessage } from './ws-harness.ts';

const random = seededRandom(6);
const chunks = Array.from({ length: 30 }, () => random.bytes(100_000));

/** A way from one peer to another that can be cut, and counts the bytes that pass. */
class Cable {
  readonly #sockets = new Set<Socket>();
  readonly #server: net.Server;
  bytes = 0;

  constructor(t: ExecutionContext, port: number) {
    this.#server = net.createServer((socket) => {
      const onward = net.connect(port, '127.0.0.1');
      socket.on('data', (data) => {
        this.bytes += data.length;
      });
      socket.pipe(onward).pipe(socket);
      for (const each of [socket, onward]) {
        this.#sockets.add(each);
        each.on('error', () => {});
        each.on('close', () => this.cut([socket, onward]));
      }
    });
    t.teardown(() => {
      this.#server.close();
      this.cut();
    });
  }

  async plugIn(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  cut(sockets: Iterable<Socket> = this.#sockets): void {
    for (const socket of sockets) socket.destroy();
  }
}

interface Taken {
  starts: number;
  received: Uint8Array[];
  ends: string[];
}

async function wired(t: ExecutionContext, settings: PeerSettings = {}) {
  const network = await Net.create(t);
  const one = await network.peer(1);
  const two = await network.peer(2, settings);
  const cable = new Cable(t, two.address.port);
  one.transport.setPeers([{ ...two.address, port: await cable.plugIn() }]);
  const taken: Taken = { starts: 0, received: [], ends: [] };
  two.handler.onSnapshot = async (_message, incoming) => {
    taken.starts += 1;
    taken.received.length = 0;
    try {
      for await (const chunk of incoming) {
        taken.received.push(Uint8Array.from(chunk));
        two.handler.changed();
      }
      taken.ends.push('complete');
    } catch (error) {
      taken.ends.push(errorCode(error)!);
      two.handler.changed();
      throw error;
    }
  };
  return { one, two, cable, taken };
}

/** Sends till the other side has taken `count` chunks, and cuts the cable. */
async function sendAndCut({ one, two, cable, taken }: Awaited<ReturnType<typeof wired>>, count: number): Promise<void> {
  const source = (async function* () {
    yield* chunks.slice(0, count);
    await two.handler.until(() => taken.received.length === count);
    cable.cut();
    // More is there, but nobody to take it.
    yield* chunks.slice(count);
  })();
  await one.transport.sendSnapshot(snapshotMessage(1, 2), source).then(
    () => Promise.reject(new Error('it arrived over a cut cable')),
    () => {},
  );
}

async function* whole(): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

function isWhole(t: ExecutionContext, { received }: Taken): void {
  t.true(Buffer.concat(received).equals(Buffer.concat(chunks)));
}

test('a snapshot whose connection breaks goes on where it stopped', async (t) => {
  const wire = await wired(t);
  await sendAndCut(wire, 20);
  wire.cable.bytes = 0;
  await wire.one.transport.sendSnapshot(snapshotMessage(1, 2), whole());
  t.like(wire.taken, { starts: 1, ends: ['complete'] });
  isWhole(t, wire.taken);
  t.true(wire.cable.bytes < 1_500_000, `${wire.cable.bytes} bytes for the last third of 3 000 000`);
});

test('it may break again and again', async (t) => {
  const wire = await wired(t);
  for (const count of [5, 12, 29]) await sendAndCut(wire, count);
  await wire.one.transport.sendSnapshot(snapshotMessage(1, 2), whole());
  t.like(wire.taken, { starts: 1, ends: ['complete'] });
  isWhole(t, wire.taken);
});

test('another snapshot, or another term’s, begins anew and ends the one that stands still', async (t) => {
  const wire = await wired(t);
  await sendAndCut(wire, 20);
  const later = snapshotMessage(1, 2);
  await wire.one.transport.sendSnapshot({ ...later, term: later.term + 1 }, whole());
  t.like(wire.taken, { starts: 2, ends: ['SNAPSHOT_BROKEN', 'complete'] });
  isWhole(t, wire.taken);
});

test('a snapshot that nobody goes on with is given up after a while', async (t) => {
  const wire = await wired(t, { limits: { stallMs: 150 } });
  await sendAndCut(wire, 20);
  const two: Peer = wire.two;
  await two.handler.until(() => wire.taken.ends.length > 0);
  t.deepEqual(wire.taken.ends, ['SNAPSHOT_BROKEN']);
});
