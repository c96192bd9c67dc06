import test, { type ExecutionContext } from 'ava';
import { errorCode } from '../../src/base/index.ts';
import { createStore } from '../../src/store/index.ts';
import { StoreStateMachine } from '../../src/store/state-machine.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { FakeCluster } from './fake-cluster.ts';

const CHECK_MS = 70_000;

interface Setup {
  clock: FakeClock;
  cluster: FakeCluster;
  /** Peers that had to stop, with the code of why. */
  stopped: [peer: number, code: string | undefined][];
}

/** Peers of one log, led by the first, with some keys and some history. */
async function setUp(t: ExecutionContext, size: number): Promise<Setup> {
  const clock = new FakeClock();
  const cluster = new FakeCluster(size, () => ({ clock, history: false }));
  const stopped: Setup['stopped'] = [];
  for (const [i, machine] of cluster.machines.entries()) {
    const apply = machine.apply.bind(machine);
    machine.apply = (commands, index) => {
      if (stopped.some(([peer]) => peer === i + 1)) return [];
      try {
        return apply(commands, index);
      } catch (error) {
        stopped.push([i + 1, errorCode(error)]);
        return [];
      }
    };
  }
  const members = Array.from({ length: size }, (_, i) => i + 1);
  for (const replica of cluster.replicas) replica.become({ members });
  cluster.elect(1, 1);
  const [store] = cluster.stores;
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 50; i++) await store!.put(`key-${i}`, Buffer.from(`${round} of ${i}`));
  }
  await store!.delete('key-7');
  await store!.compact(60);
  t.teardown(() => Promise.all(cluster.stores.map((each) => each.close())));
  return { clock, cluster, stopped };
}

/** Damages what a peer holds, as a flipped bit in its memory would. */
function damage(cluster: FakeCluster, peer: number, revision?: number): void {
  const { keyspace } = cluster.machines[peer - 1] as StoreStateMachine;
  let version = keyspace.get('key-3');
  if (revision !== undefined) version = version?.previous;
  Object.assign(version!, { value: 'flipped' });
}

test('peers that hold the same go on', async (t) => {
  const { clock, cluster, stopped } = await setUp(t, 3);
  let checks = 0;
  const [machine] = cluster.machines;
  const apply = machine!.apply;
  machine!.apply = (commands, index) => {
    checks += commands.filter((command) => (command as unknown[])[0] === 10).length;
    return apply(commands, index);
  };
  for (let i = 0; i < 3; i++) {
    await clock.advance(CHECK_MS);
    await cluster.stores[i]!.put('more', Buffer.from(`${i}`));
  }
  t.deepEqual(stopped, []);
  t.is(checks, 3);
});

test('nothing is checked while a peer would not know what a check is', async (t) => {
  const { clock, cluster } = await setUp(t, 3);
  cluster.automatic = false;
  for (const replica of cluster.replicas) replica.become({ version: 1 });
  await clock.advance(3 * CHECK_MS);
  t.deepEqual(cluster.waiting, []);
  for (const replica of cluster.replicas) replica.become({ version: 2 });
  await clock.advance(CHECK_MS);
  t.is((cluster.waiting[0] as unknown[])[0], 10);
});

for (const [who, peer] of [
  ['a follower', 2],
  ['the leader', 1],
] as const) {
  test(`${who} whose state is not that of the others stops, alone`, async (t) => {
    const { clock, cluster, stopped } = await setUp(t, 3);
    damage(cluster, peer);
    await clock.advance(CHECK_MS);
    t.deepEqual(stopped, [[peer, 'STATE_DIVERGED']]);
    const other = peer === 1 ? 2 : 1;
    cluster.elect(other, 2);
    await cluster.stores[other - 1]!.put('after', Buffer.from('x'));
    await clock.advance(2 * CHECK_MS);
    t.is(stopped.length, 1);
  });
}

test('what nobody reads any more but at an old revision counts too', async (t) => {
  const { clock, cluster, stopped } = await setUp(t, 3);
  damage(cluster, 3, 1);
  await clock.advance(CHECK_MS);
  t.deepEqual(stopped, [[3, 'STATE_DIVERGED']]);
});

test('without a majority for one state nobody is called the odd one', async (t) => {
  const { clock, cluster, stopped } = await setUp(t, 2);
  damage(cluster, 2);
  await clock.advance(CHECK_MS);
  t.deepEqual(stopped, []);
});

test('writes between check and reports don’t matter', async (t) => {
  const { clock, cluster, stopped } = await setUp(t, 3);
  cluster.automatic = false;
  await clock.advance(CHECK_MS);
  void cluster.stores[1]!.put('between', Buffer.from('x'));
  void cluster.stores[1]!.compact(120);
  cluster.deliver();
  for (let i = 0; i < 20; i++) {
    await clock.advance(10);
    cluster.deliver();
  }
  t.deepEqual(stopped, []);
});

test('a state machine that is no store’s yet takes checks from the log as nothing', (t) => {
  const { stateMachine } = createStore();
  t.true(stateMachine instanceof StoreStateMachine);
  t.deepEqual(
    stateMachine.apply(
      [
        [10, 1],
        [11, 1, 2, 3],
      ],
      1,
    ),
    [undefined, undefined],
  );
});
