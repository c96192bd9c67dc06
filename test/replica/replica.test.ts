import test, { type ExecutionContext } from 'ava';
import { errorCode } from '../../src/base/index.ts';
import type { Message } from '../../src/raft/index.ts';
import { openMemoryStorage, type ReplicaStatus } from '../../src/replica/index.ts';
import { Cluster, type ClusterOptions } from './cluster-harness.ts';

async function startCluster(t: ExecutionContext, options: Partial<ClusterOptions> = {}): Promise<Cluster> {
  const cluster = await Cluster.start({ seed: 1, ...options });
  t.teardown(() => cluster.stop());
  return cluster;
}

function countMessages(cluster: Cluster, type: Message['type']): () => number {
  let count = 0;
  const { route } = cluster.network;
  cluster.network.route = (message, deliver) => {
    if (message.type === type) count += 1;
    route(message, deliver);
  };
  return () => count;
}

test('commands proposed on any peer are applied on all, and answered', async (t) => {
  const cluster = await startCluster(t);
  await cluster.untilLed();
  const results = cluster.members.flatMap(({ id }) => [cluster.propose(id), cluster.propose(id)]);
  t.deepEqual(await cluster.settled(Promise.all(results)), Array(6).fill('acknowledged'));
  await cluster.untilEqual();
  t.deepEqual(cluster.violations(), []);
  t.is(cluster.member(3).machine.list.length, 6);
});

test('a new cluster has a leader within a few ticks, and commands that came before wait for it', async (t) => {
  const cluster = await startCluster(t);
  t.is(await cluster.settled(cluster.propose(2)), 'acknowledged');
  t.true(cluster.clock.monotonic() < 400, `took ${cluster.clock.monotonic()} ms`);
});

test('a single peer serves at once', async (t) => {
  const cluster = await startCluster(t, { peers: 1 });
  t.is(await cluster.settled(cluster.propose(1)), 'acknowledged');
  t.deepEqual(await cluster.settled(cluster.read(1)), []);
  t.true(cluster.clock.monotonic() < 200);
});

test('commands that come together share log entries', async (t) => {
  const cluster = await startCluster(t);
  const leader = await cluster.untilLed();
  const before = leader.replica!.status().commit;
  await cluster.settled(Promise.all(Array.from({ length: 1000 }, () => cluster.propose(leader.id))));
  t.true(leader.replica!.status().commit - before < 10);
  t.deepEqual(cluster.violations(), []);
});

test('reads that come together share a question to the leader', async (t) => {
  const cluster = await startCluster(t);
  const leader = await cluster.untilLed();
  const follower = cluster.members.find(({ id }) => id !== leader.id)!;
  await cluster.settled(cluster.propose(leader.id));
  const questions = countMessages(cluster, 'read-index');
  const stale = await cluster.settled(Promise.all(Array.from({ length: 100 }, () => cluster.read(follower.id))));
  t.deepEqual(stale.flat(), []);
  t.is(questions(), 1);
});

test('a read on a peer that is cut off waits, and gives up', async (t) => {
  const cluster = await startCluster(t);
  const leader = await cluster.untilLed();
  cluster.isolate(leader.id);
  const read = leader.replica!.readBarrier();
  const outcome = t.throwsAsync(read);
  await cluster.clock.advance(6000);
  t.is(errorCode(await outcome), 'TIMEOUT');
});

test('a command that is not answered in time may still be applied, once', async (t) => {
  const cluster = await startCluster(t, { limits: { timeoutMs: 1000 } });
  const leader = await cluster.untilLed();
  cluster.isolate(leader.id);
  const outcome = t.throwsAsync(leader.replica!.propose({ author: 'x', number: 1 }));
  await cluster.clock.advance(2000);
  t.is(errorCode(await outcome), 'TIMEOUT');
  cluster.heal();
  await cluster.untilLed();
  t.is(await cluster.settled(cluster.propose(leader.id)), 'acknowledged');
  await cluster.untilEqual();
  t.deepEqual(cluster.member(1).machine.list, ['x#1', `${leader.id}.1#1`]);
});

test('commands under way survive the death of the leader without a timeout', async (t) => {
  const cluster = await startCluster(t);
  const leader = await cluster.untilLed();
  const followers = cluster.members.filter(({ id }) => id !== leader.id);
  const results = followers.flatMap(({ id }) => Array.from({ length: 20 }, () => cluster.propose(id)));
  cluster.crash(leader.id);
  t.deepEqual(new Set(await cluster.settled(Promise.all(results))), new Set(['acknowledged']));
  t.true(cluster.clock.monotonic() < 3000);
  await cluster.untilEqual();
  t.deepEqual(cluster.violations(), []);
});

test('commands that are too large or too many are refused, and nothing is proposed', async (t) => {
  const cluster = await startCluster(t, { limits: { maxCommandBytes: 1000, maxPendingBytes: 3000 } });
  const leader = await cluster.untilLed();
  const { replica } = leader;
  const big = { author: 'x'.repeat(900), number: 1 };
  const refused = await t.throwsAsync(replica!.propose({ author: 'x'.repeat(1100), number: 1 }));
  t.is(errorCode(refused), 'TOO_LARGE');
  const outcomes = Promise.allSettled(Array.from({ length: 5 }, (_, i) => replica!.propose({ ...big, number: i })));
  const codes = (await cluster.settled(outcomes)).map((each) =>
    each.status === 'rejected' ? errorCode(each.reason) : 'ok',
  );
  t.deepEqual(codes, ['ok', 'ok', 'ok', 'OVERLOADED', 'OVERLOADED']);
  t.is(leader.machine.list.length, 3);
  t.is((await cluster.settled(Promise.allSettled([replica!.propose(big)])))[0]!.status, 'fulfilled');
});

test('a stopped peer refuses everything, and what was under way is of unknown outcome', async (t) => {
  const cluster = await startCluster(t);
  const { replica } = await cluster.untilLed();
  const outcomes = [replica!.propose({ author: 'x', number: 1 }), replica!.readBarrier()].map((each) =>
    t.throwsAsync(each),
  );
  await cluster.settled(replica!.stop());
  await replica!.stop();
  outcomes.push(t.throwsAsync(replica!.propose({})), t.throwsAsync(replica!.readBarrier()));
  outcomes.push(t.throwsAsync(replica!.transferLeadership()));
  for (const error of await Promise.all(outcomes)) t.is(errorCode(error), 'STOPPED');
});

test('leadership passes on request, to the one asked or the nearest', async (t) => {
  const cluster = await startCluster(t);
  const leader = await cluster.untilLed();
  const [one, other] = cluster.members.filter(({ id }) => id !== leader.id);
  await cluster.settled(leader.replica!.transferLeadership(one!.id));
  t.is((await cluster.untilLed()).id, one!.id);
  t.is(errorCode(await t.throwsAsync(other!.replica!.transferLeadership())), 'NOT_LEADER');
  t.is(errorCode(await t.throwsAsync(one!.replica!.transferLeadership(9))), 'NO_SUCH_PEER');
  await one!.replica!.transferLeadership(one!.id);
  cluster.crash(other!.id);
  const late = t.throwsAsync(one!.replica!.transferLeadership(other!.id));
  await cluster.clock.advance(2000);
  t.is(errorCode(await late), 'TIMEOUT');
  await cluster.settled(one!.replica!.transferLeadership());
  t.is((await cluster.untilLed()).id, leader.id);
});

test('status is told on each change', async (t) => {
  const cluster = await startCluster(t);
  const leader = await cluster.untilLed();
  const seen: ReplicaStatus[] = [];
  const unsubscribe = leader.replica!.onStatus((status) => seen.push(status));
  const [other] = cluster.members.filter(({ id }) => id !== leader.id);
  await cluster.settled(leader.replica!.transferLeadership(other!.id));
  t.is(seen.at(-1)!.leader, other!.id);
  t.is(seen.at(-1)!.role, 'follower');
  t.deepEqual(seen.at(-1)!.members, [1, 2, 3]);
  unsubscribe();
  const before = seen.length;
  await cluster.settled(other!.replica!.transferLeadership(leader.id));
  t.is(seen.length, before);
});

test('a peer whose disk fails stops and says so; the others go on', async (t) => {
  let broken = false;
  const cluster = await startCluster(t, {
    openStorage: async ({ id, disk }) =>
      openMemoryStorage(disk, {
        beforeSync: async () => {
          if (id === 1 && broken) throw new Error('no space left on device');
        },
      }),
  });
  await cluster.untilLed();
  t.is(await cluster.settled(cluster.propose(1)), 'acknowledged');
  broken = true;
  t.is(await cluster.settled(cluster.propose(1)), 'unknown');
  t.is(errorCode(await t.throwsAsync(cluster.member(1).replica!.failed)), 'DATA_FAILED');
  t.is(errorCode(await t.throwsAsync(cluster.member(1).replica!.propose({}))), 'STOPPED');
  t.is(await cluster.settled(cluster.propose(2)), 'acknowledged');
});

test('a start with another identity is refused', async (t) => {
  const cluster = await startCluster(t);
  await cluster.settled(cluster.member(1).replica!.stop());
  cluster.member(1).disk.identity!.clusterId = 'other';
  t.is(errorCode(await t.throwsAsync(cluster.boot(1))), 'DATA_FOREIGN');
  cluster.member(1).replica = undefined;
});

test('a long backlog is applied in turns between which others are served', async (t) => {
  const cluster = await startCluster(t, { limits: { applyPerTurn: 20, maxBatchCommands: 10 } });
  const leader = await cluster.untilLed();
  const slow = cluster.members.find(({ id }) => id !== leader.id)!;
  cluster.isolate(slow.id);
  await cluster.settled(Promise.all(Array.from({ length: 400 }, () => cluster.propose(leader.id))));
  const turns: number[] = [];
  const { apply } = slow.machine;
  let turn = 0;
  const counter = setInterval(() => {}, 1 << 30);
  const count = (): void => {
    turn += 1;
    if (slow.machine.list.length < 400) setImmediate(count);
  };
  slow.machine.apply = (commands) => {
    turns[turn] = (turns[turn] ?? 0) + commands.length;
    return apply.call(slow.machine, commands);
  };
  count();
  cluster.heal();
  await cluster.untilEqual();
  clearInterval(counter);
  t.is(slow.machine.list.length, 400);
  t.true(Math.max(...turns.filter(Boolean)) <= 40, `a turn applied ${Math.max(...turns.filter(Boolean))}`);
});
