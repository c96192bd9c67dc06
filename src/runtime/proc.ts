import { readdirSync, readFileSync } from 'node:fs';

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
  parent: number;
  session: number;
  /** Number of its controlling terminal `/dev/pts/N`. */
  terminal: number | undefined;
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
    parent: number(4),
    session: number(6),
    terminal: terminalNumber(number(7)),
    startTicks: number(22),
    cpuTicks: number(14) + number(15),
    residentPages: number(24),
  };
  return Number.isInteger(stat.pid) && Number.isInteger(stat.startTicks) ? stat : undefined;
}

/** First of the kernel's eight major device numbers for pseudo terminals, each of 256. */
const firstTerminalMajor = 136;

function terminalNumber(device: number): number | undefined {
  const block = ((device >> 8) & 0xfff) - firstTerminalMajor;
  const minor = (device & 0xff) | ((device >> 12) & 0xfff00);
  return block >= 0 && block < 8 ? block * 256 + minor : undefined;
}

/** A process with its descendants, and the members of sessions that any of them leads; whether or not it still lives. */
export function processTree(pid: number, all: ReadonlyMap<number, ProcessStat> = allProcesses()): ProcessStat[] {
  const others = new Map(all);
  const tree: ProcessStat[] = [];
  const pids = new Set([pid]);
  for (let found = true; found; ) {
    found = false;
    for (const [other, stat] of others) {
      if (!pids.has(other) && !pids.has(stat.parent) && !pids.has(stat.session)) continue;
      pids.add(other);
      tree.push(stat);
      others.delete(other);
      found = true;
    }
  }
  return tree;
}

let processesOfTurn: ReadonlyMap<number, ProcessStat> | undefined;

/** All processes, read at most once in a turn of the event loop: for who looks at many trees together. */
export function processesNow(): ReadonlyMap<number, ProcessStat> {
  if (processesOfTurn === undefined) {
    processesOfTurn = allProcesses();
    setImmediate(() => {
      processesOfTurn = undefined;
    });
  }
  return processesOfTurn;
}

function allProcesses(): Map<number, ProcessStat> {
  const all = new Map<number, ProcessStat>();
  for (const name of readdirSync('/proc')) {
    if (name.charCodeAt(0) > 57) continue;
    const stat = readStat(Number(name));
    if (stat) all.set(stat.pid, stat);
  }
  return all;
}

/** Those that start while it looks may escape a look: it looks again until there are none. */
const killRoundsMax = 5;

/** Kills a process that is, or was, ours, with all of its tree. */
export function killTree(pid: number): void {
  for (let round = 0; round < killRoundsMax; round++) {
    const living = processTree(pid).filter(({ state }) => state !== 'Z' && state !== 'X');
    if (living.length === 0) return;
    for (const process of living) tryKill(process.pid, 'SIGKILL');
  }
}

/** Sends a signal; false when nobody is there, or may not be sent it. */
export function tryKill(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}
