import test from 'ava';
import { decodeBatch } from '../../src/replica/batch.ts';
import { CHECK, REPORT } from '../../src/store/command.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { ReplicatedCluster } from './replicated-subject.ts';

const CHECK_MS = 70_000;

/** What the log of a peer's disk holds that software of version 1 would stop at. */
function newCommands(cluster: ReplicatedCluster, id: number): number[] {
  const { entries } = cluster.disks.get(id)!;
  return entries
    .filter(({ kind }) => kind === 'command')
    .flatMap(({ data }) => decodeBatch(data).commands.map((command) => (command as [number])[0]))
    .filter((op) => op === CHECK || op === REPORT);
}

test('peers are upgraded one after the other: nothing that the old software does not know is in the log before the end', async (t) => {
  const clock = new FakeClock();
  const versions = [1, 1, 1];
  const version = (id: number): number => versions[id - 1]!;
  const cluster = new ReplicatedCluster({ seed: 1, clock, version, limits: { tickMs: 250 } });
  t.teardown(() => cluster.stop());
  for (const id of [1, 2, 3]) await cluster.start(id);
  for (const id of [3, 2, 1]) {
    await clock.advance(2 * CHECK_MS);
    t.deepEqual(newCommands(cluster, 1), []);
    cluster.crash(id);
    versions[id - 1] = 2;
    await cluster.start(id);
  }
  await clock.advance(2 * CHECK_MS);
  for (const id of [1, 2, 3]) {
    const found = newCommands(cluster, id);
    t.true(found.includes(CHECK) && found.filter((op) => op === REPORT).length >= 3, `peer ${id}: ${found}`);
    t.is(cluster.peers.get(id)!.replica.status().version, 2);
  }
});
