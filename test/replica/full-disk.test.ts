import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { errorCode, silentLogger, systemClock, systemRandom } from '../../src/base/index.ts';
import { MemoryNetwork, openLevelStorage, type Replica, startReplica } from '../../src/replica/index.ts';
import { AppendList } from './append-list.ts';

const MIB = 1024 * 1024;
const isRoot = process.getuid?.() === 0;
if (!isRoot) console.error('skipped: a small file system can be mounted by root only');
const asRoot = isRoot ? test.serial : test.serial.skip;

/** A file system of so many MiB of its own. */
function mount(t: ExecutionContext, size: number): string {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'keelson-full-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}m`, 'none', directory]);
  t.teardown(() => {
    execFileSync('umount', ['--lazy', directory]);
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
}

async function freeBytes(directory: string): Promise<number> {
  const { bavail, bsize } = await fs.statfs(directory);
  return bavail * bsize;
}

async function start(directory: string, reserve?: number): Promise<{ replica: Replica; machine: AppendList }> {
  const machine = new AppendList();
  const replica = await startReplica({
    identity: { clusterId: 'full', peerId: 1 },
    initialMembers: [1],
    storage: await openLevelStorage(path.join(directory, 'store')),
    transport: new MemoryNetwork().transport(1),
    stateMachine: machine,
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    ...(reserve === undefined ? {} : { disk: { free: () => freeBytes(directory), reserve } }),
  });
  replica.failed.catch(() => {});
  return { replica, machine };
}

/** Writes 64 KiB at a time until that fails, for ten seconds at most; returns the code, and notes what was acknowledged. */
async function writeUntilRefused(replica: Replica, author: string, acknowledged: string[]): Promise<string> {
  for (let number = 1; number < 5000; number++) {
    try {
      await replica.propose({ author, number, padding: Buffer.alloc(64 * 1024, number) });
      acknowledged.push(`${author}#${number}`);
    } catch (error) {
      return errorCode(error) ?? String(error);
    }
  }
  return 'never refused';
}

function missing({ list }: AppendList, acknowledged: readonly string[]): string[] {
  const seen = new Set(list);
  return acknowledged.filter((command) => !seen.has(command));
}

/** Takes all but `left` bytes. */
async function fill(directory: string, left: number): Promise<string> {
  const file = path.join(directory, 'filler');
  await fs.writeFile(file, Buffer.alloc(Math.max(0, (await freeBytes(directory)) - left)));
  return file;
}

async function untilTaken(replica: Replica): Promise<void> {
  const hold = setInterval(() => {}, 1000);
  for (let number = 1; ; number++) {
    try {
      await replica.propose({ author: 'after', number });
      break;
    } catch (error) {
      if (errorCode(error) !== 'NO_SPACE') throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  clearInterval(hold);
}

asRoot('on a disk that fills, writes are refused before it is full, reads go on, and so do writes after', async (t) => {
  const directory = mount(t, 64);
  const { replica, machine } = await start(directory, 16 * MIB);
  const acknowledged: string[] = [];
  await replica.propose({ author: 'first', number: 1 });
  const filler = await fill(directory, 24 * MIB);
  t.is(await writeUntilRefused(replica, 'writer', acknowledged), 'NO_SPACE');
  t.true(acknowledged.length > 10);
  await replica.readBarrier();
  t.deepEqual(missing(machine, acknowledged), []);
  await fs.rm(filler);
  await untilTaken(replica);
  await replica.stop();

  const again = await start(directory, 16 * MIB);
  await again.replica.readBarrier();
  t.deepEqual(missing(again.machine, ['first#1', ...acknowledged]), []);
  await again.replica.stop();
});

asRoot(
  'a disk that is full all the same ends the peer, which has everything acknowledged when it is back',
  async (t) => {
    const directory = mount(t, 64);
    const { replica } = await start(directory);
    const acknowledged: string[] = [];
    await replica.propose({ author: 'first', number: 1 });
    const filler = await fill(directory, 6 * MIB);
    // What was on its way fails with the peer, in whatever way.
    t.not(await writeUntilRefused(replica, 'writer', acknowledged), 'never refused');
    await t.throwsAsync(replica.failed, { code: 'DATA_FAILED', message: /free space/ });
    await replica.stop();
    await fs.rm(filler);

    const again = await start(directory);
    await again.replica.readBarrier();
    t.deepEqual(missing(again.machine, ['first#1', ...acknowledged]), []);
    await untilTaken(again.replica);
    await again.replica.stop();
  },
);
