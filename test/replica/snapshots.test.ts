import test, { type ExecutionContext } from 'ava';
import { errorCode, KeelsonError } from '../../src/base/index.ts';
import type { SnapshotMessage, Transport } from '../../src/replica/index.ts';
import { Cluster, type ClusterOptions, type Member } from './cluster-harness.ts';

const limits = { snapshotBytes: 2000, keepBytes: 500, keepEntries: 5, maxBatchCommands: 4 };

async function startCluster(t: ExecutionContext, options: Partial<ClusterOptions> = {}): Promise<Cluster> {
  const cluster = await Cluster.start({ seed: 1, limits, ...options });
  t.teardown(() => cluster.stop());
  return cluster;
}

async function proposeMany(cluster: Cluster, id: number, count: number): Promise<void> {
  for (let done = 0; done < count; done += 20) {
    const results = Array.from({ length: 20 }, () => cluster.propose(id));
    const outcomes = await cluster.settled(Promise.all(results));
    if (outcomes.includes('unknown')) throw new Error('a command was not acknowledged');
  }
}

/** A follower that missed so much that the leader's log does not reach back to it. */
async function leaveBehind(cluster: Cluster): Promise<{ leader: Member; slow: Member }> {
  const leader = await cluster.untilLed();
  const slow = cluster.members.find(({ id }) => id !== leader.id)!;
  await proposeMany(cluster, leader.id, 20);
  await cluster.untilEqual();
  cluster.isolate(slow.id);
  await proposeMany(cluster, leader.id, 400);
  await cluster.until(() => leader.disk.firstIndex > slow.replica!.status().applied + 1, 'the log is compacted');
  return { leader, slow };
}

test('snapshots bound the log, and a restart resumes from one', async (t) => {
  const cluster = await startCluster(t);
  const leader = await cluster.untilLed();
  await proposeMany(cluster, leader.id, 600);
  await cluster.clock.advance(1000);
  for (const { machine, disk } of cluster.members) {
    t.true(machine.snapshots > 1);
    t.true(disk.entries.length < 400, `${disk.entries.length} entries kept`);
    t.true(disk.snapshot!.position.index > 50);
  }
  for (const { id } of cluster.members) cluster.crash(id);
  for (const { id } of cluster.members) await cluster.boot(id);
  await cluster.untilLed();
  await proposeMany(cluster, 2, 20);
  await cluster.untilEqual();
  t.deepEqual(cluster.violations(), []);
  t.true(cluster.members.every(({ machine }) => machine.restores === 1));
  t.is(cluster.member(1).machine.list.length, 620);
});

test('a follower left far behind catches up by a snapshot and goes on', async (t) => {
  const cluster = await startCluster(t);
  const { leader, slow } = await leaveBehind(cluster);
  cluster.heal();
  await cluster.untilEqual();
  t.true(slow.machine.restores > 0);
  await proposeMany(cluster, slow.id, 20);
  await proposeMany(cluster, leader.id, 20);
  await cluster.untilEqual();
  t.deepEqual(cluster.violations(), []);
  cluster.crash(slow.id);
  await cluster.boot(slow.id);
  await cluster.untilEqual();
  t.deepEqual(cluster.violations(), []);
});

test('a snapshot that is cut off is sent again', async (t) => {
  let broken = 0;
  const wrapTransport = (transport: Transport): Transport => ({
    ...bind(transport),
    async sendSnapshot(message: SnapshotMessage, chunks: AsyncIterable<Uint8Array>) {
      broken += 1;
      await transport.sendSnapshot(message, broken > 2 ? chunks : cutOff(chunks));
    },
  });
  const cluster = await startCluster(t, { wrapTransport });
  const { slow } = await leaveBehind(cluster);
  cluster.heal();
  await cluster.untilEqual();
  t.true(broken > 2);
  t.is(slow.machine.restores, 1);
  t.deepEqual(cluster.violations(), []);
});

test('commands whose results came inside a snapshot are of unknown outcome, and applied once', async (t) => {
  const cluster = await startCluster(t);
  const leader = await cluster.untilLed();
  const slow = cluster.members.find(({ id }) => id !== leader.id)!;
  // Its commands reach the leader, but nothing reaches it.
  for (const { id } of cluster.members) cluster.cut.add(`${id}>${slow.id}`);
  const results = [
    slow.replica!.propose({ author: 'slow', number: 1 }),
    slow.replica!.propose({ author: 'slow', number: 2 }),
  ];
  const outcomes = results.map((result) => t.throwsAsync(result));
  await cluster.until(() => cluster.leader!.machine.list.includes('slow#2'), 'the leader has it');
  await proposeMany(cluster, (await cluster.untilLedByOthers(slow.id)).id, 400);
  cluster.heal();
  await cluster.untilEqual();
  for (const error of await cluster.settled(Promise.all(outcomes))) t.is(errorCode(error), 'TIMEOUT');
  t.true(slow.machine.restores > 0);
  t.is(slow.machine.list.filter((command) => command === 'slow#1').length, 1);
  t.is(await cluster.settled(cluster.propose(slow.id)), 'acknowledged');
  t.deepEqual(cluster.violations(), []);
});

test('a snapshot that is not needed is refused, and nothing of it stays', async (t) => {
  const cluster = await startCluster(t);
  const leader = await cluster.untilLed();
  await proposeMany(cluster, leader.id, 400);
  await cluster.untilEqual();
  const other = cluster.members.find(({ id }) => id !== leader.id)!;
  const { position } = leader.disk.snapshot!;
  const { term } = leader.replica!.status();
  const before = other.machine.list.length;
  const unneeded: SnapshotMessage = { type: 'snapshot', from: leader.id, to: other.id, term, position };
  const error = await t.throwsAsync(cluster.network.deliverSnapshot(unneeded, (async function* () {})()));
  t.is(errorCode(error), 'SNAPSHOT_REFUSED');
  t.is(other.machine.list.length, before);
  await proposeMany(cluster, other.id, 20);
  t.deepEqual(cluster.violations(), []);
});

test('a snapshot of one’s own that a newer one overtakes is dropped', async (t) => {
  const cluster = await startCluster(t);
  const leader = await cluster.untilLed();
  const slow = cluster.members.find(({ id }) => id !== leader.id)!;
  const gate = Promise.withResolvers<void>();
  let began = false;
  const takeSnapshot = slow.machine.snapshot;
  slow.machine.snapshot = async function* () {
    began = true;
    // Later ones are real.
    slow.machine.snapshot = takeSnapshot;
    await gate.promise;
    yield Buffer.from('["never to be seen"]');
  };
  while (!began) await proposeMany(cluster, leader.id, 20);
  cluster.isolate(slow.id);
  await proposeMany(cluster, leader.id, 400);
  cluster.heal();
  await cluster.untilEqual();
  const { position } = slow.disk.snapshot!;
  const { restores } = slow.machine;
  t.true(restores > 0);
  gate.resolve();
  await cluster.clock.advance(200);
  t.true(slow.disk.snapshot!.position.index >= position.index);
  t.is(slow.machine.restores, restores);
  await proposeMany(cluster, slow.id, 20);
  await cluster.untilEqual();
  cluster.crash(slow.id);
  await cluster.boot(slow.id);
  await cluster.untilEqual();
  t.deepEqual(cluster.violations(), []);
});

function bind(transport: Transport): Transport {
  return {
    start: (handler) => transport.start(handler),
    send: (messages) => transport.send(messages),
    sendSnapshot: (message, chunks) => transport.sendSnapshot(message, chunks),
    setPeers: (peers) => transport.setPeers(peers),
    disconnect: (peer) => transport.disconnect(peer),
    close: () => transport.close(),
  };
}

async function* cutOff(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    yield chunk;
    throw new KeelsonError('SNAPSHOT_BROKEN', 'connection reset');
  }
}

test('where little is written the log is cut after less of it, but not soon after the last time', async (t) => {
  const limits = { snapshotBytes: 1_000_000, idleSnapshotBytes: 2000, idleSnapshotMs: 30_000, keepEntries: 8 };
  const cluster = await startCluster(t, { limits });
  const leader = await cluster.untilLed();
  await proposeMany(cluster, leader.id, 300);
  t.is(leader.machine.snapshots, 0);
  await cluster.clock.advance(30_000);
  await proposeMany(cluster, leader.id, 1);
  await cluster.until(() => leader.machine.snapshots === 1, 'a snapshot');
  await proposeMany(cluster, leader.id, 300);
  await cluster.clock.advance(1000);
  t.is(leader.machine.snapshots, 1);
});
