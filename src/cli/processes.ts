import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { KeelsonError, systemClock } from '../base/index.ts';
import { isAlive, livePid, type PeerPaths, removeFile, stopOrphans, unusable, writeFileAtomic } from '../peer/index.ts';

/** A peer as an operating-system process of its own. */
export interface PeerProcess {
  id: number;
  pid: number;
  /** Rejects with PEER_ENDED when the process ends, with PEER_STOPPED when it was told to. */
  ended: Promise<never>;
}

const entry = fileURLToPath(new URL('./keelson.js', import.meta.url));
const MAX_LOG_BYTES = 16 * 1024 * 1024;

/**
 * Starts a peer in a session of its own, its output in its log file, its process id in its pid file. Throws ALREADY_RUNNING
 * when that peer runs already.
 */
export function spawnPeer(id: number, paths: PeerPaths): PeerProcess {
  assertNotRunning(id, paths);
  const { log, begin } = openLog(paths);
  const child = spawn(process.execPath, [...peerFlags, entry, 'peer', '--config', paths.config], {
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const pid = child.pid as number;
  writeFileAtomic(paths.pid, `${pid}\n`, 0o644);
  const ended = new Promise<never>((_, reject) => {
    child.once('exit', (code, signal) => {
      if (code === 0) return reject(new KeelsonError('PEER_STOPPED', `peer ${id} was stopped`));
      const how = signal ?? `exit code ${code}`;
      reject(new KeelsonError('PEER_ENDED', `peer ${id} ended (${how}): ${lastError(paths.log, begin)}`));
    });
  });
  ended.catch(() => {});
  child.unref();
  return { id, pid, ended };
}

/** Throws ALREADY_RUNNING. */
export function assertNotRunning(id: number, paths: PeerPaths): void {
  const running = livePid(paths.pid);
  if (running === undefined) return;
  throw new KeelsonError(
    'ALREADY_RUNNING',
    `peer ${id} of this data directory runs already (process ${running}): stop it with "keelson down", or choose another --data-dir`,
  );
}

/**
 * Young objects get 16 MiB to die in: with less, requests under way are taken for old ones (creates over three peers cost an
 * eighth more). What that leaves behind is given back when the peer is quiet, see heap-trimmer.ts.
 */
const peerFlags: readonly string[] = ['--max-semi-space-size=16', '--expose-gc'];

/** Opens a peer's log at its end; one that has grown long is put aside. */
function openLog({ log: path }: PeerPaths): { log: number; begin: number } {
  try {
    if (existsSync(path) && statSync(path).size > MAX_LOG_BYTES) renameSync(path, `${path}.old`);
    const log = openSync(path, 'a', 0o600);
    return { log, begin: statSync(path).size };
  } catch (error) {
    throw unusable(path, error);
  }
}

/** What the log says last of an error since `begin`, in a line. */
function lastError(path: string, begin: number): string {
  const lines = readFileSync(path).subarray(begin).toString().trimEnd().split('\n').slice(-20).reverse();
  for (const line of lines) {
    try {
      const { level, msg, error } = JSON.parse(line) as { level?: string; msg?: string; error?: string };
      if (level === 'error' || level === 'fatal') return error ?? msg ?? line;
    } catch {
      if (line.startsWith('keelson: ')) return line.slice('keelson: '.length);
    }
  }
  return `see ${path}`;
}

const STOP_TIMEOUT_MS = 20_000;
const POLL_MS = 20;

export interface Stopped {
  peers: number;
  /** Containers of peers that had died. */
  orphans: number;
}

/**
 * Ends peers; what does not end in time is killed. Their workloads end too, also those of peers that had died, unless they
 * are to be kept.
 */
export async function stopPeers(peers: readonly PeerPaths[], keepWorkloads = false): Promise<Stopped> {
  const stopped: Stopped = { peers: 0, orphans: 0 };
  const dead: PeerPaths[] = [];
  const end = async (paths: PeerPaths): Promise<void> => {
    const pid = livePid(paths.pid);
    if (pid !== undefined) {
      await stopProcess(pid, keepWorkloads ? 'SIGTERM' : 'SIGINT');
      stopped.peers++;
    }
    // A peer that ends in order removes the file itself.
    if (pid === undefined || existsSync(paths.pid)) dead.push(paths);
    removeFile(paths.pid);
  };
  // Waiting for a container to end does not keep a process alive.
  const alive = setInterval(() => {}, 1 << 30);
  try {
    await Promise.all(peers.map(end));
    if (!keepWorkloads) for (const { dir } of dead) stopped.orphans += await stopOrphans(dir);
  } finally {
    clearInterval(alive);
  }
  return stopped;
}

async function stopProcess(pid: number, signal: 'SIGINT' | 'SIGTERM'): Promise<void> {
  kill(pid, signal);
  if (await waitForEnd(pid)) return;
  kill(pid, 'SIGKILL');
  await waitForEnd(pid);
}

async function waitForEnd(pid: number): Promise<boolean> {
  const until = systemClock.monotonic() + STOP_TIMEOUT_MS;
  while (isAlive(pid)) {
    if (systemClock.monotonic() > until) return false;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return true;
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has just ended.
  }
}
