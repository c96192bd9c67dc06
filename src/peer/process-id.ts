import { existsSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { errorCode } from '../base/index.ts';

/** The process in a peer's pid file, while it lives and is that peer. */
export function livePid(path: string): number | undefined {
  const pid = readPid(path);
  return pid !== undefined && isAlive(pid) && runsConfig(pid, join(dirname(path), 'config.json')) ? pid : undefined;
}

/** The process id in a file. */
export function readPid(path: string): number | undefined {
  let pid: number;
  try {
    pid = Number(readFileSync(path, 'utf8').trim());
  } catch {
    return undefined;
  }
  return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
  return !isZombie(pid);
}

/** A process that has ended and waits for its parent to notice is not alive. */
function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    return false;
  }
}

/**
 * Numbers of processes come again, after a restart of the machine at the latest: only the command line tells a peer from a
 * stranger, whom nobody may signal. Where there is no /proc, the number must do.
 */
function runsConfig(pid: number, config: string): boolean {
  if (!existsSync('/proc/self/cmdline')) return true;
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const at = words.findIndex((word) => word === '--config' || word.startsWith('--config='));
    if (at < 0) return false;
    const given = words[at]?.slice('--config='.length) || (words[at + 1] ?? '');
    const path = given.startsWith('/') ? given : resolve(readlinkSync(`/proc/${pid}/cwd`), given);
    return realpathSync(path) === realpathSync(config);
  } catch {
    return false;
  }
}
