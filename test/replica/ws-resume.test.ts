import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { errorCode, seededRandom } from '../../src/base/index.ts';
import { MemoryDisk, openMemoryStorage, type SnapshotPart } from '../../src/replica/index.ts';
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
  received: number;
  ends: string[];
}

interface Wire {
  one: Peer;
  two: Peer;
  cable: Cable;
  taken: Taken;
  disk: MemoryDisk;
}

/** Two peers on a cable; the second stores what it takes on a disk, which may hold something already. */
async function wired(t: ExecutionContext, settings: PeerSettings = {}): Promise<Wire> {
  const network = await Net.create(t);
  const one = await network.peer(1);
  const two = await network.peer(2, settings);
  const cable = new Cable(t, two.address.port);
  one.transport.setPeers([{ ...two.address, port: await cable.plugIn() }]);
  const wire: Wire = { one, two, cable, disk: new MemoryDisk(), taken: { starts: 0, received: 0, ends: [] } };
  storeOn(wire);
  return wire;
}

function storeOn({ two, disk, taken }: Wire): void {
  const storage = openMemoryStorage(disk);
  two.handler.onSnapshot = async ({ position }, { source, after }) => {
    taken.starts += 1;
    const counted = async function* (part: SnapshotPart): AsyncGenerator<Uint8Array> {
      taken.received = part.chunks;
      for await (const chunk of after(part)) {
        yield chunk;
        taken.received += 1;
        two.handler.changed();
      }
    };
    try {
      await storage.stageReceived(position, { source, after: counted });
      taken.ends.push('complete');
    } catch (error) {
      taken.ends.push(errorCode(error)!);
      throw error;
    } finally {
      two.handler.changed();
    }
  };
}

/** Sends till the other side has taken `count` chunks, and cuts the cable. */
async function sendAndCut({ one, two, cable, taken }: Wire, count: number): Promise<void> {
  const source = (async function* () {
    yield* chunks.slice(0, count);
    await two.handler.until(() => taken.received === count);
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

function isWhole(t: ExecutionContext, { disk }: Wire): void {
  t.true(Buffer.concat(disk.received!.chunks).equals(Buffer.concat(chunks)));
}

test('a snapshot whose connection breaks goes on where it stopped', async (t) => {
  const wire = await wired(t);
  await sendAndCut(wire, 20);
  wire.cable.bytes = 0;
  await wire.one.transport.sendSnapshot(snapshotMessage(1, 2), whole());
  t.like(wire.taken, { starts: 2, ends: ['SNAPSHOT_BROKEN', 'complete'] });
  isWhole(t, wire);
  t.true(wire.cable.bytes < 1_500_000, `${wire.cable.bytes} bytes for the last third of 3 000 000`);
});

test('it may break again and again', async (t) => {
  const wire = await wired(t);
  for (const count of [5, 12, 29]) await sendAndCut(wire, count);
  wire.cable.bytes = 0;
  await wire.one.transport.sendSnapshot(snapshotMessage(1, 2), whole());
  isWhole(t, wire);
  t.true(wire.cable.bytes < 300_000, `${wire.cable.bytes} bytes for one chunk of 100 000`);
});

test('it goes on after a restart of its receiver, and of its sender', async (t) => {
  const before = await wired(t);
  await sendAndCut(before, 20);
  await before.two.transport.close();
  const after = { ...(await wired(t)), disk: before.disk };
  storeOn(after);
  await after.one.transport.sendSnapshot(snapshotMessage(1, 2), whole());
  t.like(after.taken, { starts: 1, ends: ['complete'] });
  isWhole(t, after);
  t.true(after.cable.bytes < 1_500_000, `${after.cable.bytes} bytes for the last third of 3 000 000`);
});

test('another term’s leader may go on with it; another snapshot begins anew', async (t) => {
  const wire = await wired(t);
  await sendAndCut(wire, 20);
  const message = snapshotMessage(1, 2);
  await wire.one.transport.sendSnapshot({ ...message, term: message.term + 1 }, whole());
  isWhole(t, wire);
  wire.cable.bytes = 0;
  const position = { ...message.position, index: message.position.index + 1 };
  await wire.one.transport.sendSnapshot({ ...message, position }, whole());
  isWhole(t, wire);
  t.true(wire.cable.bytes > 3_000_000, `${wire.cable.bytes} bytes for 3 000 000`);
});

test('a snapshot that is not what its beginning was of is noticed, and begun anew', async (t) => {
  const wire = await wired(t);
  await sendAndCut(wire, 20);
  wire.disk.received!.chunks[7]![5]! ^= 1;
  const sending = wire.one.transport.sendSnapshot(snapshotMessage(1, 2), whole());
  t.is(errorCode(await t.throwsAsync(sending)), 'SNAPSHOT_BROKEN');
  t.deepEqual(wire.taken.ends, ['SNAPSHOT_BROKEN', 'SNAPSHOT_CORRUPT']);
  await wire.one.transport.sendSnapshot(snapshotMessage(1, 2), whole());
  isWhole(t, wire);
});

test('a snapshot that stands still is cut off', async (t) => {
  const wire = await wired(t, { limits: { stallMs: 150 } });
  const endless = (async function* () {
    yield* chunks.slice(0, 20);
    await new Promise(() => {});
  })();
  wire.one.transport.sendSnapshot(snapshotMessage(1, 2), endless).catch(() => {});
  await wire.two.handler.until(() => wire.taken.ends.length > 0);
  t.deepEqual(wire.taken.ends, ['SNAPSHOT_BROKEN']);
});

test('a sender that comes again does not wait till its broken connection is known to be', async (t) => {
  const wire = await wired(t);
  const never = (async function* () {
    yield* chunks.slice(0, 20);
    await new Promise(() => {});
  })();
  const lost = wire.one.transport.sendSnapshot(snapshotMessage(1, 2), never);
  lost.catch(() => {});
  await wire.two.handler.until(() => wire.taken.received === 20);
  await wire.one.transport.sendSnapshot(snapshotMessage(1, 2), whole());
  t.like(wire.taken, { starts: 2, ends: ['SNAPSHOT_BROKEN', 'complete'] });
  isWhole(t, wire);
});
