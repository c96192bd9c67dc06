import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';

const entry = fileURLToPath(new URL('../../src/cli/keelson.js', import.meta.url));

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  process: ChildProcess;
  stdout(): string;
  /** Resolves when the output has this. */
  says(text: string): Promise<void>;
  ended: Promise<Ended>;
}

/** Starts a command line as a process of its own. */
export function start(args: readonly string[], options: { cwd?: string; node?: string } = {}): Running {
  const child = spawn(options.node ?? process.execPath, [entry, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  let stdout = '';
  let stderr = '';
  const waiting = new Set<() => void>();
  const heard = (): void => {
    for (const check of waiting) check();
  };
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
    heard();
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return {
    process: child,
    stdout: () => stdout,
    says: (text) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (!stdout.includes(text)) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
        void ended.then((end) => reject(new Error(`it ended without saying "${text}": ${JSON.stringify(end)}`)));
      }),
    ended,
  };
}

/** Runs a command line to its end. */
export function run(args: readonly string[], options: { cwd?: string; node?: string } = {}): Promise<Ended> {
  return start(args, options).ended;
}

/** What every failure must look like: status 1, and one line that begins with our name and holds no stack. */
export function isOneLineError(
  t: ExecutionContext<unknown>,
  { code, stderr }: { code: number | null | undefined; stderr: string },
  text: RegExp,
): void {
  t.is(code, 1, stderr);
  t.regex(stderr, /^keelson: [^\n]+\n$/);
  t.notRegex(stderr, /\n\s+at |unexpected|undefined|\[object/);
  t.regex(stderr, text);
}

/** A directory that goes with the test. */
export function temporaryDir(t: Pick<ExecutionContext<unknown>, 'teardown'>): string {
  const dir = mkdtempSync(join(tmpdir(), 'keelson-cli-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}
