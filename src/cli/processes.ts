import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { KeelsonError, systemClock } from '../base/index.ts';
import { isAlive, livePid, type PeerPaths, removeFile, writeFileAtomic } from '../peer/index.ts';

/** A peer as an operating-system process of its own. */
export interface PeerProcess {
  id: number;
  pid: number;
  /** Rejects when the process ends by itself before it is told to. */
  ended: Promise<never>;
}

const entry = fileURLToPath(new URL('./keelson.js', import.meta.url));

/**
 * Starts a peer in a session of its own, its output in its log file, its process id in its pid file. Throws ALREADY_RUNNING
 * when that peer runs already.
 */
export function spawnPeer(id: number, paths: PeerPaths): PeerProcess {
  const running = livePid(paths.pid);
  if (running !== undefined) {
    throw new KeelsonError(
      'ALREADY_RUNNING',
      `peer ${id} of this data directory runs already (process ${running}): stop it with "keelson down"`,
    );
  }
  const log = openSync(paths.log, 'a', 0o600);
  const child = spawn(process.execPath, [entry, 'peer', '--config', paths.config], {
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const pid = child.pid as number;
  writeFileAtomic(paths.pid, `${pid}\n`, 0o644);
  const ended = new Promise<never>((_, reject) => {
    child.once('exit', (code, signal) => {
      reject(
        new KeelsonError('PEER_ENDED', `peer ${id} ended (${signal ?? `exit code ${code}`}): ${lastError(paths.log)}`),
      );
    });
  });
  ended.catch(() => {});
  child.unref();
  return { id, pid, ended };
}

/** What the peer's log says last of an error, in a line. */
function lastError(path: string): string {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const lines = text.trimEnd().split('\n').slice(-20).reverse();
  for (const line of lines) {
    try {
      const { level, msg, error } = JSON.parse(line) as { level?: string; msg?: string; error?: string };
      if (level === 'error' || level === 'fatal') return [msg, error].filter(Boolean).join(': ');
    } catch {
      if (line.startsWith('keelson: ')) return line.slice('keelson: '.length);
    }
  }
  return `see ${path}`;
}

const STOP_TIMEOUT_MS = 20_000;
const POLL_MS = 20;

/**
 * Signals peers and waits for their end; what does not end in time is killed. SIGINT stops their workloads too, SIGTERM leaves
 * those running.
 */
export async function stopPeers(peers: readonly PeerPaths[], signal: 'SIGINT' | 'SIGTERM'): Promise<number> {
  const stopping = peers.flatMap((paths) => {
    const pid = livePid(paths.pid);
    return pid === undefined ? [] : [{ paths, pid }];
  });
  for (const { pid } of stopping) kill(pid, signal);
  await Promise.all(
    stopping.map(async ({ paths, pid }) => {
      if (!(await waitForEnd(pid))) kill(pid, 'SIGKILL');
      await waitForEnd(pid);
      removeFile(paths.pid);
    }),
  );
  return stopping.length;
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
