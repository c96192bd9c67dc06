import test from 'ava';
import { seededRandom } from '../../src/base/index.ts';
import type { Message } from '../../src/raft/index.ts';
import type { TransportHandler } from '../../src/replica/index.ts';
import {
  EventLoop,
  Life,
  MachineClock,
  MachineDisk,
  SimulatedNetwork,
  Trace,
} from '../../src/simulation/world/index.ts';

const identity = { clusterId: 'c', peerId: 1 };
const origin = {
  index: 0,
  term: 0,
  configuration: { voters: [1], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false },
};

/** Lets simulated time pass. */
async function pass(loop: EventLoop, ms: number): Promise<void> {
  const end = loop.now + ms;
  loop.after(ms, () => {});
  await loop.run(() => loop.now >= end);
}

test('events happen in order of time, and of their making', async (t) => {
  const loop = new EventLoop();
  const order: string[] = [];
  for (const [name, at] of [
    ['d', 3],
    ['a', 1],
    ['b', 1],
    ['c', 2],
  ] as const)
    loop.after(at, () => order.push(name));
  await pass(loop, 5);
  t.is(order.join(''), 'abcd');
  await t.throwsAsync(
    loop.run(() => false),
    { message: /standstill/ },
  );
  loop.after(1, () => {
    throw new Error('no');
  });
  await t.throwsAsync(
    loop.run(() => false),
    { message: 'no' },
  );
});

test('a clock runs at its rate; only its wall time jumps', async (t) => {
  const loop = new EventLoop();
  const machine = new MachineClock(loop, 2);
  const clock = machine.for(new Life('one'));
  const began = clock.now();
  let ticks = 0;
  const ticker = clock.setTicker(100, () => {
    ticks += 1;
  });
  await pass(loop, 275);
  t.is(ticks, 5);
  t.is(clock.monotonic(), 550);
  machine.offset = 1_000_000;
  t.is(clock.now() - began, 1_000_550);
  t.is(clock.monotonic(), 550);
  ticker.cancel();
  await pass(loop, 500);
  t.is(ticks, 5);
});

test('a process that stands still does later what comes, one that died never', (t) => {
  const life = new Life('one');
  const done: string[] = [];
  life.pause();
  life.do(() => done.push('a'));
  t.deepEqual(done, []);
  life.resume();
  t.deepEqual(done, ['a']);
  life.pause();
  life.do(
    () => done.push('b'),
    () => done.push('not b'),
  );
  life.end();
  life.resume();
  life.do(() => done.push('c'));
  t.deepEqual(done, ['a', 'not b']);
});

test('a crash loses what the disk had not got to; a flipped bit is found', async (t) => {
  const loop = new EventLoop();
  const disk = new MachineDisk(loop, seededRandom(1));
  const life = new Life('one');
  const storage = disk.open(life, () => {});
  const entry = { index: 1, term: 1, kind: 'command', data: new Uint8Array([1]) } as const;
  void storage.initialise(identity, 'store', origin);
  await pass(loop, 10);
  void storage.write({ entries: [entry] });
  await pass(loop, 10);
  void storage.write({ entries: [{ ...entry, index: 2 }] });
  life.end();
  await pass(loop, 10);
  const found = await disk.open(new Life('two'), () => {}).load(identity);
  t.deepEqual(found?.entries, [entry]);
  disk.isCorrupt = true;
  await t.throwsAsync(disk.open(new Life('three'), () => {}).load(identity), { code: 'DATA_CORRUPT' });
});

test('a process may die at any write: before it is durable or after', async (t) => {
  const ends = new Set<string>();
  for (let seed = 1; seed <= 20; seed++) {
    const loop = new EventLoop();
    const disk = new MachineDisk(loop, seededRandom(seed));
    const life = new Life('one');
    const storage = disk.open(life, () => life.end());
    void storage.initialise(identity, 'store', origin);
    await pass(loop, 10);
    disk.faults = { crash: 1, slow: 0, slowMs: 0 };
    let isKnown = false;
    void storage.write({ hardState: { term: 7, vote: 1, commit: 0 }, entries: [] }).then(() => {
      isKnown = true;
    });
    await pass(loop, 10);
    t.false(isKnown);
    t.false(life.isAlive);
    ends.add(disk.memory.hardState.term === 7 ? 'durable' : 'lost');
  }
  t.is(ends.size, 2);
});

test('a link may be cut one way; who comes first shows its credential', async (t) => {
  const loop = new EventLoop();
  const network = new SimulatedNetwork(loop, seededRandom(1), new Trace());
  const got: string[] = [];
  const join = async (id: number, admits: boolean): Promise<ReturnType<SimulatedNetwork['transport']>> => {
    const transport = network.transport(id, new Life(`${id}`));
    const handler: TransportHandler = {
      credential: { store: `s${id}`, founders: [1, 2], incarnation: 1, previous: 0 },
      admit: async (peer, { store }) => {
        got.push(`${id} meets ${peer} with ${store}`);
        return admits ? 'admitted' : 'disowned';
      },
      onDisowned: (peer) => got.push(`${id} disowned by ${peer}`),
      isRemoved: () => false,
      onRemoved: () => {},
      onMessages: (messages) => got.push(...messages.map(({ from }) => `${id} hears ${from}`)),
      onSnapshot: async () => {},
      onUnreachable: (peer) => got.push(`${id} misses ${peer}`),
    };
    await transport.start(handler);
    return transport;
  };
  const message = (from: number, to: number): Message => ({ type: 'timeout-now', from, to, term: 1 });
  const [one, two] = [await join(1, true), await join(2, false)];
  one.send([message(1, 2), message(1, 3)]);
  await pass(loop, 20);
  t.deepEqual(got.splice(0).sort(), ['1 disowned by 2', '1 misses 3', '2 meets 1 with s1']);
  network.block(1, 2);
  one.send([message(1, 2)]);
  two.send([message(2, 1)]);
  two.send([message(2, 1)]);
  await pass(loop, 20);
  t.deepEqual(got, ['1 meets 2 with s2', '1 hears 2', '1 hears 2']);
});
