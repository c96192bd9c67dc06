import { readFileSync } from 'node:fs';

/**
 * A process for certain: the kernel gives a pid again, but not with the same start time since the same boot.
 */
export interface ProcessIdentity {
  bootId: string;
  pid: number;
  /** Clock ticks from boot to the start of the process. */
  startTicks: number;
}

let bootIdOfMachine: string | undefined;

/** Changes with each boot of the machine. */
export function bootId(): string {
  bootIdOfMachine ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return bootIdOfMachine;
}

/** Reads what `shim.sh` wrote: the boot id and the process's line of /proc/PID/stat. Undefined when incomplete. */
export function parseIdentity(text: string): ProcessIdentity | undefined {
  if (!text.endsWith('\n')) return undefined;
  const space = text.indexOf(' ');
  const stat = parseStat(text.slice(space + 1));
  return stat && { bootId: text.slice(0, space), pid: stat.pid, startTicks: stat.startTicks };
}

export function isAlive(identity: ProcessIdentity): boolean {
  if (identity.bootId !== bootId()) return false;
  const stat = readStat(identity.pid);
  return stat !== undefined && stat.startTicks === identity.startTicks && stat.state !== 'Z' && stat.state !== 'X';
}

export interface ProcessStat {
  pid: number;
  state: string;
  startTicks: number;
  cpuTicks: number;
  residentPages: number;
}

export function readStat(pid: number): ProcessStat | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return undefined;
  }
}

function parseStat(line: string): ProcessStat | undefined {
  // The program's name, in parentheses, may itself hold spaces and parentheses.
  const end = line.lastIndexOf(')');
  if (end < 0) return undefined;
  const fields = line.slice(end + 2).split(' ');
  // Field 3 of proc(5) is fields[0].
  const number = (field: number): number => Number(fields[field - 3]);
  const stat = {
    pid: Number.parseInt(line, 10),
    state: fields[0]!,
    startTicks: number(22),
    cpuTicks: number(14) + number(15),
    residentPages: number(24),
  };
  return Number.isInteger(stat.pid) && Number.isInteger(stat.startTicks) ? stat : undefined;
}
