import test, { type ExecutionContext } from 'ava';
import { defaultReplicaLimits, type ReplicaLimits } from '../../src/replica/index.ts';
import { Cluster, type Member } from './cluster-harness.ts';

/**
 * The log is in memory, so it must be short whatever happens: here, while a follower is away and the others write far more than
 * it may hold. What a peer's storage has of the log is what the peer has in memory, and what it would load at its next start.
 */

const MIB = 1024 * 1024;
const COMMAND_BYTES = 256 * 1024;
const AT_ONCE = 8;

interface Case {
  written: number;
  /** Of a snapshot. */
  state: number;
  limits: Partial<ReplicaLimits>;
}

for (const { written, state, limits } of [
  { written: 500 * MIB, state: 0, limits: {} },
  { written: 60 * MIB, state: 12 * MIB, limits: { snapshotBytes: 2 * MIB, keepBytes: MIB } },
] satisfies Case[]) {
  const title = `a snapshot of ${state / MIB} MiB, ${written / MIB} MiB written`;
  test(`the log stays short while a follower is down: ${title}`, async (t) => {
    const cluster = await start(t, { written, state, limits });
    const leader = await cluster.untilLed();
    const down = cluster.members.find(({ id }) => id !== leader.id)!;
    cluster.crash(down.id);
    let longest = 0;
    for (let bytes = 0; bytes < written; bytes += AT_ONCE * COMMAND_BYTES) {
      await cluster.settled(Promise.all(Array.from({ length: AT_ONCE }, () => proposeLarge(cluster, leader))));
      for (const member of cluster.live) longest = Math.max(longest, logBytes(member));
    }
    const { snapshotBytes, keepBytes } = { ...defaultReplicaLimits, ...limits };
    // What is proposed while a snapshot is taken comes on top: a few rounds.
    const most = Math.max(snapshotBytes, state / 2) + keepBytes + 4 * AT_ONCE * COMMAND_BYTES;
    t.log(`at most ${(longest / MIB).toFixed(1)} MiB of log, allowed ${(most / MIB).toFixed(1)}`);
    t.true(longest < most, `${longest} bytes of log, at most ${most} expected`);
    t.true(longest > state / 2, `${longest} bytes of log`);

    await cluster.boot(down.id);
    pad(down, state);
    await cluster.untilEqual();
    t.true(down.machine.restores > 0);
    t.true(logBytes(down) < most);
    t.deepEqual(cluster.violations(), []);
  });
}

async function start(t: ExecutionContext, { state, limits }: Case): Promise<Cluster> {
  const cluster = await Cluster.start({ seed: 4, limits });
  t.teardown(() => cluster.stop());
  for (const member of cluster.members) pad(member, state);
  return cluster;
}

/** Makes a member's snapshots larger, by space that its state machine overlooks, in a few large chunks. */
function pad({ machine }: Member, bytes: number): void {
  machine.snapshot = async function* () {
    yield Buffer.from(JSON.stringify(machine.list));
    for (let left = bytes; left > 0; left -= MIB) yield Buffer.alloc(Math.min(MIB, left), ' ');
  };
}

async function proposeLarge(cluster: Cluster, { id, life, replica }: Member): Promise<void> {
  const member = cluster.member(id);
  member.proposed += 1;
  const command = { author: `${id}.${life}`, number: member.proposed, rest: Buffer.alloc(COMMAND_BYTES) };
  await replica!.propose(command);
}

function logBytes({ disk }: Member): number {
  return disk.entries.reduce((sum, { data }) => sum + data.length, 0);
}
