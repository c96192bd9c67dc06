import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive } from '../src/peer/index.ts';
import { processesIn } from '../test/support/processes.ts';
import { system } from './network/commands.ts';

/** Of the directory of a run; the process' id, then what makes it unique. */
export const rootPrefix = join(tmpdir(), `keelson-chaos-${process.pid}-`);

/** Removes what runs that were killed have left: peers, disks, data. */
export function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    const [, pid] = /^keelson-chaos-(\d+)-/.exec(name) ?? [];
    if (pid === undefined || isAlive(Number(pid))) continue;
    const root = join(tmpdir(), name);
    // A disk that stands still would hold those who write to it, even against SIGKILL.
    for (const path of mountsBelow(root)) attempt(() => system('fsfreeze', ['--unfreeze', path]));
    for (const orphan of processesIn(root)) process.kill(orphan, 'SIGKILL');
    for (const path of mountsBelow(root)) system('umount', ['--lazy', path]);
    rmSync(root, { recursive: true, force: true });
  }
}

function mountsBelow(root: string): string[] {
  const mounts = readFileSync('/proc/mounts', 'utf8').split('\n');
  return mounts.map((line) => line.split(' ')[1] ?? '').filter((path) => path.startsWith(`${root}/`));
}

/** A file system that does not stand still can't be told to go on. */
function attempt(action: () => void): void {
  try {
    action();
  } catch {
    // See above.
  }
}
