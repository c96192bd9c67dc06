import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { constants } from 'node:os';
import { PassThrough, type Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Clock } from '../base/index.ts';
import { RuntimeError } from './errors.ts';
import { makePipes, type Pipe } from './pipes.ts';
import { killTree } from './proc.ts';
import { TerminalResizer } from './terminal.ts';
import type { ExecOptions, ExecResult, StdioSession } from './types.ts';

export interface ExecRequest {
  /** Run by a shell, which then reads `input` from its descriptor 3. */
  script: string;
  input: string;
  /** A folder that nobody else may enter. */
  directory: string;
  stdin: boolean;
  tty: boolean;
  /** What the command leaves running in the background is ended with the container, by its cgroup. */
  contained: boolean;
}

const defaultOutputLimit = 16 * 1024;
/** How long output is waited for of processes that a command has left in the background. */
const drainMs = 500;

/** What the shims and helpers of the runtime themselves run with. */
export const shellPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Starts a script in a session of its own, its standard streams pipes that the caller moves. */
export async function startScript(clock: Clock, request: ExecRequest): Promise<StdioSession> {
  const { tty } = request;
  const [input, output, errors] = (await makePipes(request.directory, 3)) as [Pipe, Pipe, Pipe];
  const child = spawn('/bin/sh', ['-c', request.script], {
    cwd: request.directory,
    env: { PATH: shellPath },
    detached: true,
    stdio: [input.readEnd, output.writeEnd, errors.writeEnd, 'pipe'],
  });
  for (const end of [input.readEnd, output.writeEnd, errors.writeEnd]) closeSync(end);
  const stdin = new Socket({ fd: input.writeEnd, readable: false, writable: true });
  const control = child.stdio[3] as Writable;
  // The command may end without reading.
  for (const stream of [stdin, control]) stream.on('error', () => {});
  if (!request.stdin) stdin.end();
  control.end(request.input);
  const outputs = [output, errors].map((pipe) => new PipeOutput(clock, pipe.readEnd));
  try {
    await once(child, 'spawn');
  } catch (error) {
    stdin.destroy();
    for (const { stream } of outputs) stream.destroy();
    throw error;
  }
  const pid = child.pid!;
  const resizer = new TerminalResizer(clock, pid);
  const exited = new Promise<number>((resolve) => {
    child.once('exit', (code, killedBy) => {
      if (!request.contained) killTree(pid);
      resizer.close();
      stdin.destroy();
      for (const { finish } of outputs) finish();
      resolve(code ?? 128 + constants.signals[killedBy!]);
    });
  });
  return {
    stdin: request.stdin ? stdin : undefined,
    stdout: outputs[0]!.stream,
    stderr: tty ? undefined : outputs[1]!.stream,
    resize: (size) => tty && resizer.resize(size),
    exited,
    close() {
      if (child.exitCode === null && child.signalCode === null) killTree(pid);
      stdin.destroy();
      for (const { stream } of outputs) stream.destroy();
    },
  };
}

/** What comes out of a pipe; it ends soon after `finish`, even if somebody holds the other end open. */
class PipeOutput {
  readonly stream = new PassThrough();
  readonly #clock: Clock;
  readonly #source: Socket;
  #idle = false;

  constructor(clock: Clock, fd: number) {
    this.#clock = clock;
    this.#source = new Socket({ fd, readable: true, writable: false });
    this.#source.on('data', () => {
      this.#idle = false;
    });
    pipeline(this.#source, this.stream).catch(() => {});
  }

  readonly finish = (): void => {
    if (this.#source.readableEnded || this.#source.destroyed) return;
    // What waits to be read by a slow reader is no silence.
    if (this.#idle && this.#source.readableLength === 0 && !this.stream.writableNeedDrain) {
      this.#source.push(null);
      return;
    }
    this.#idle = true;
    this.#clock.setTimer(drainMs, this.finish);
  };
}

/** Runs a script to its end and keeps the beginning of its output. Rejects with EXEC_TIMEOUT; then all of it is killed. */
export async function runScript(
  clock: Clock,
  request: Omit<ExecRequest, 'stdin' | 'tty'>,
  options: ExecOptions,
): Promise<ExecResult> {
  const { signal, timeoutMs, outputLimitBytes = defaultOutputLimit } = options;
  signal?.throwIfAborted();
  const session = await startScript(clock, { ...request, stdin: false, tty: false });
  const outputs = [session.stdout, session.stderr!].map((stream) => collect(stream, outputLimitBytes));
  const stopped = Promise.withResolvers<never>();
  const onAbort = (): void => stopped.reject(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted) onAbort();
  const timer =
    timeoutMs === undefined
      ? undefined
      : clock.setTimer(timeoutMs, () =>
          stopped.reject(new RuntimeError('EXEC_TIMEOUT', `command timed out after ${timeoutMs} ms`)),
        );
  try {
    const finished = Promise.all([session.exited, ...outputs]);
    const [exitCode, stdout, stderr] = (await Promise.race([finished, stopped.promise])) as [number, string, string];
    return { exitCode, stdout, stderr };
  } finally {
    timer?.cancel();
    signal?.removeEventListener('abort', onAbort);
    session.close();
  }
}

/** Reads to the end, and keeps the first `limit` bytes. */
async function collect(stream: Readable, limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  stream.on('data', (chunk: Buffer) => {
    if (length < limit) chunks.push(chunk.subarray(0, limit - length));
    length += chunk.length;
  });
  await new Promise((resolve) => stream.once('close', resolve));
  return Buffer.concat(chunks).toString();
}
