import test, { type ExecutionContext } from 'ava';
import { errorCode } from '../../src/base/index.ts';
import { decodeNote } from '../../src/replica/index.ts';
import { Cluster, type ClusterOptions } from './cluster-harness.ts';

/** Members whose software is of these versions; a test changes them and restarts. */
async function startCluster(
  t: ExecutionContext,
  versions: number[],
  options: Partial<ClusterOptions> = {},
): Promise<Cluster> {
  const cluster = await Cluster.start({
    seed: 5,
    peers: versions.length,
    version: (id) => versions[id - 1]!,
    ...options,
  });
  t.teardown(() => cluster.stop());
  await cluster.until(() => cluster.leader !== undefined, 'somebody leads');
  return cluster;
}

const versionAt = (cluster: Cluster, id: number): number => cluster.member(id).replica!.status().version;

async function restart(cluster: Cluster, id: number): Promise<void> {
  cluster.crash(id);
  await cluster.boot(id);
  await cluster.untilLed();
}

async function passTime(cluster: Cluster): Promise<void> {
  for (const { id } of cluster.live) await cluster.settled(cluster.propose(id));
  await cluster.clock.advance(3000);
}

test('the version is that of the oldest member, and rises when the last one is upgraded', async (t) => {
  const versions = [2, 1, 2];
  const cluster = await startCluster(t, versions);
  await passTime(cluster);
  t.deepEqual(
    [1, 2, 3].map((id) => versionAt(cluster, id)),
    [1, 1, 1],
  );
  // What came with a later version is not in the log.
  const notes = cluster.member(1).disk.entries.filter(({ kind, data }) => kind === 'command' && decodeNote(data));
  t.deepEqual(notes, []);
  versions[1] = 2;
  await restart(cluster, 2);
  await cluster.until(() => [1, 2, 3].every((id) => versionAt(cluster, id) === 2), 'all know that all were upgraded');
  versions.fill(3);
  for (const id of [1, 2]) await restart(cluster, id);
  await passTime(cluster);
  t.is(versionAt(cluster, 1), 2);
  await restart(cluster, 3);
  await cluster.until(() => [1, 2, 3].every((id) => versionAt(cluster, id) === 3), 'and again');
  t.deepEqual(cluster.violations(), []);
});

test('a member that nobody has heard yet holds the version back; one that is down does not, once it was heard', async (t) => {
  const cluster = new Cluster({ seed: 6 });
  t.teardown(() => cluster.stop());
  await cluster.boot(1);
  await cluster.boot(2);
  await cluster.untilLed();
  await passTime(cluster);
  t.is(versionAt(cluster, 1), 1);
  await cluster.boot(3);
  await cluster.until(() => versionAt(cluster, 1) === 2, 'all were heard');
});

test('the version is kept over restarts and in snapshots', async (t) => {
  const cluster = await startCluster(t, [2, 2, 2, 2], {
    founders: 3,
    limits: { snapshotEntries: 10, keepEntries: 0, keepBytes: 1 },
  });
  for (let i = 0; i < 40; i++) await cluster.settled(cluster.propose(1));
  for (const id of [1, 2, 3]) cluster.crash(id);
  await cluster.boot(1);
  t.is(versionAt(cluster, 1), 2);
  await cluster.boot(2);
  await cluster.until(() => cluster.leader !== undefined, 'somebody leads');
  const adding = cluster.member(1).replica!.changeMembership([{ type: 'add-learner', peer: 4 }]);
  await cluster.settled(adding);
  await cluster.until(() => versionAt(cluster, 4) === 2, 'the new one got it with the snapshot');
});

test('a peer that is restarted with older software than all had stops, and one that comes to join is not heard', async (t) => {
  const versions = [2, 2, 2, 1];
  const cluster = await startCluster(t, versions, { founders: 3 });
  await cluster.until(() => [1, 2, 3].every((id) => versionAt(cluster, id) === 2), 'the version is known');
  versions[2] = 1;
  cluster.crash(3);
  await cluster.boot(3).catch((error) => cluster.errors.push(error));
  await cluster.until(() => cluster.errors.length > 0, 'it stops');
  t.is(errorCode(cluster.errors[0]), 'TOO_OLD');
  versions[2] = 2;
  cluster.crash(3);
  await cluster.boot(3);
  const leader = await cluster.untilLedByOthers(4);
  await cluster.settled(leader.replica!.changeMembership([{ type: 'add-learner', peer: 4 }]));
  await cluster.clock.advance(3000);
  const joined = leader.replica!.members().find(({ id }) => id === 4);
  t.true(joined!.behind! > 0);
  t.is(versionAt(cluster, 1), 2);
});
