import { closeSync, constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { Readable, type Writable } from 'node:stream';
import { errorCode } from '../base/index.ts';
import type { ContainerLog } from './container-log.ts';
import { readLog } from './read-log.ts';
import type { TerminalResizer } from './terminal.ts';
import type { ContainerConfig, StdioSession } from './types.ts';

export interface Attachment {
  /** The container's. */
  directory: string;
  config: ContainerConfig;
  log: ContainerLog;
  stdin: boolean;
  resizer: TerminalResizer;
  /** Tells of the container's exit; returns what takes that back. */
  onExit(listener: (exitCode: number) => void): () => void;
  /** Lets the workload see the end of its input. */
  endInput(): void;
}

/**
 * Joins a running container: its input is a named pipe, its output what it appends to its log. Whoever is the first to
 * attach to a container that allows one attachment misses nothing: until then nobody could be meant.
 */
export function attachTo({ directory, config, log, stdin, resizer, onExit, endInput }: Attachment): StdioSession {
  const gone = new AbortController();
  const first = config.stdinOnce === true && stdin && markAttached(directory);
  const output = readLog(log, { follow: true, signal: gone.signal }, first ? log.start : log.end);
  const input = stdin && config.stdin ? openInput(join(directory, 'stdin')) : undefined;
  if (config.stdinOnce) input?.once('close', endInput);
  const { promise: exited, resolve } = Promise.withResolvers<number>();
  const forget = onExit((exitCode) => {
    input?.destroy();
    resolve(exitCode);
  });
  return {
    stdin: input,
    stdout: Readable.from(output, { objectMode: false }),
    stderr: undefined,
    resize: (size) => config.tty && resizer.resize(size),
    exited,
    close() {
      forget();
      gone.abort();
      input?.destroy();
    },
  };
}

function openInput(path: string): Writable {
  const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  const input = new Socket({ fd, readable: false, writable: true });
  // The workload has closed it, or is gone.
  input.on('error', () => {});
  return input;
}

/** Whether nobody has before. */
function markAttached(directory: string): boolean {
  try {
    closeSync(openSync(join(directory, 'attached'), 'wx', 0o600));
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}
