import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { errors, type Status } from '../api/index.ts';
import { type Clock, errorMessage } from '../base/index.ts';
import type { Runtime, StdioSession, TerminalSize } from '../runtime/index.ts';
import type { CommandOptions, CommandStreams } from '../streams/index.ts';

export interface CommandRequest {
  containerId: string;
  /** Empty to attach. */
  argv: readonly string[];
  streams: CommandOptions;
}

/** How a client's streams come to a session of the runtime. */
interface Command {
  open(size: TerminalSize | undefined): Promise<StdioSession>;
  /** A terminal is made for it, which is to have the client's size from the start. */
  ownTerminal: boolean;
  /** What the client is told of the exit code. */
  outcome(exitCode: number): Status;
  /** What can't be done, in words that come before the reason. */
  problem: string;
}

/** How long the size of the client's terminal is waited for; clients that know it tell at once. */
const sizeMs = 100;

export function execCommand(runtime: Runtime, { containerId, argv, streams }: CommandRequest): Command {
  const { stdin, tty } = streams;
  return {
    ownTerminal: tty,
    open: (size) => runtime.startExec(containerId, argv, { stdin, tty, ...(size ? { size } : {}) }),
    outcome: (exitCode) => (exitCode === 0 ? success() : failedWith(exitCode)),
    problem: 'error executing command in container',
  };
}

/** How the container ends is told by the pod's status, not here. */
export function attachCommand(runtime: Runtime, { containerId, streams }: CommandRequest): Command {
  return {
    ownTerminal: false,
    open: () => runtime.attach(containerId, { stdin: streams.stdin }),
    outcome: success,
    problem: 'error attaching to container',
  };
}

/** Moves bytes between a client and a command until the command ends or the client goes, which ends the command. */
export async function runCommand(streams: CommandStreams, command: Command, clock: Clock): Promise<void> {
  let session: StdioSession;
  try {
    session = await command.open(command.ownTerminal ? await firstSize(streams, clock) : undefined);
  } catch (error) {
    await streams.finish(errors.internalError(`${command.problem}: ${errorMessage(error)}`).status);
    return;
  }
  const leave = (): void => session.close();
  if (streams.gone.aborted) return leave();
  streams.gone.addEventListener('abort', leave, { once: true });
  streams.onResize((size) => session.resize(size));
  if (session.stdin) void move(streams.stdin, session.stdin);
  // What is not asked for is read all the same: the command must not wait for it.
  const outputs = [move(session.stdout, streams.stdout), move(session.stderr, streams.stderr)];
  const exitCode = await session.exited;
  await Promise.all(outputs);
  if (!streams.gone.aborted) await streams.finish(command.outcome(exitCode));
  session.close();
}

/** To the end of `from`; an end of `to` before that only ends the moving. */
async function move(from: Readable | undefined, to: Writable | undefined): Promise<void> {
  if (!from) return;
  if (!to) {
    from.resume();
    return;
  }
  await pipeline(from, to).catch(() => from.resume());
}

async function firstSize(streams: CommandStreams, clock: Clock): Promise<TerminalSize | undefined> {
  return new Promise((resolve) => {
    const timer = clock.setTimer(sizeMs, () => resolve(undefined));
    streams.onResize((size) => {
      timer.cancel();
      resolve(size);
    });
  });
}

const success = (): Status => ({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 200 });

/** What clients read the exit code from. */
function failedWith(exitCode: number): Status {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: exit status ${exitCode}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
    code: 500,
  };
}
