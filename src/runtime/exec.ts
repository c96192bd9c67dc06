import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Clock } from '../base/index.ts';
import { RuntimeError } from './errors.ts';
import type { ExecOptions, ExecResult } from './types.ts';

interface ExecRequest {
  /** Run by a shell, which then reads `input`. */
  script: string;
  input: string;
  workingDir: string;
  options: ExecOptions;
}

const defaultOutputLimit = 16 * 1024;
/** How long output of a process that left the group, and still holds the pipes, is waited for. */
const drainMs = 500;

/** Runs a script in a process group of its own and waits for it. Rejects with EXEC_TIMEOUT; then all of it is killed. */
export function runScript(clock: Clock, { script, input, workingDir, options }: ExecRequest): Promise<ExecResult> {
  const limit = options.outputLimitBytes ?? defaultOutputLimit;
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', script], {
      cwd: workingDir,
      env: { PATH: shellPath },
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const stdout = collect(child.stdout, limit);
    const stderr = collect(child.stderr, limit);
    let timedOut = false;
    let timer =
      options.timeoutMs === undefined
        ? undefined
        : clock.setTimer(options.timeoutMs, () => {
            timedOut = true;
            killGroup(child.pid);
          });
    const { signal } = options;
    const onAbort = (): void => killGroup(child.pid);
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) onAbort();
    child.once('error', (error) => {
      timer?.cancel();
      reject(error);
    });
    child.once('exit', () => {
      killGroup(child.pid);
      timer?.cancel();
      timer = clock.setTimer(drainMs, () => {
        child.stdout.destroy();
        child.stderr.destroy();
      });
    });
    child.once('close', (code, killedBy) => {
      timer?.cancel();
      signal?.removeEventListener('abort', onAbort);
      if (signal?.aborted) reject(signal.reason);
      else if (timedOut) reject(new RuntimeError('EXEC_TIMEOUT', `command timed out after ${options.timeoutMs} ms`));
      else resolve({ exitCode: code ?? 128 + constants.signals[killedBy!], stdout: stdout(), stderr: stderr() });
    });
    // The command may end without reading.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

/** What the shims and helpers of the runtime themselves run with. */
export const shellPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing is left of it.
  }
}

function collect(stream: NodeJS.ReadableStream, limit: number): () => string {
  const chunks: Buffer[] = [];
  let length = 0;
  stream.on('data', (chunk: Buffer) => {
    if (length < limit) chunks.push(chunk.subarray(0, limit - length));
    length += chunk.length;
  });
  return () => Buffer.concat(chunks).toString();
}
