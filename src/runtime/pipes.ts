import { execFile } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** File descriptors. */
export interface Pipe {
  readEnd: number;
  writeEnd: number;
}

/** Makes a named pipe. Whoever can reach it may open it: only its folder protects it. */
export async function makeFifos(paths: readonly string[]): Promise<void> {
  await promisify(execFile)('mkfifo', ['-m', '666', ...paths]);
}

/**
 * Makes pipes for the standard streams of a child. Node's own are sockets, which no program can open as `/dev/stdin` or
 * `/dev/stdout`; these are pipes of the kernel, which a command may open again even as another user.
 */
export async function makePipes(directory: string, count: number): Promise<Pipe[]> {
  const folder = mkdtempSync(join(directory, 'pipes-'));
  const paths = Array.from({ length: count }, (_, i) => join(folder, String(i)));
  const pipes: Pipe[] = [];
  try {
    await makeFifos(paths);
    for (const path of paths) pipes.push(openBothEnds(path));
    return pipes;
  } catch (error) {
    for (const { readEnd, writeEnd } of pipes) for (const end of [readEnd, writeEnd]) closeSync(end);
    throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function openBothEnds(path: string): Pipe {
  // Either end waits for the other to be opened; this one is both.
  const both = openSync(path, constants.O_RDWR);
  try {
    const readEnd = openSync(path, constants.O_RDONLY);
    return { readEnd, writeEnd: openSync(path, constants.O_WRONLY) };
  } finally {
    closeSync(both);
  }
}
