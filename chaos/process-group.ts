import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';

/** How a server is started. */
export interface ServerCommand {
  argv: readonly string[];
  /** The file that takes what it prints. Not on the server's own disk, which may be full. */
  log: string;
  environment?: Record<string, string>;
}

/** The processes of a cluster's servers, by the servers' ids. */
export class ProcessGroup {
  /** Those that ended though nobody had asked them to. */
  readonly deaths: string[] = [];
  readonly #commandOf: (id: number) => ServerCommand;
  readonly #running = new Map<number, ChildProcess>();
  readonly #paused = new Set<number>();
  /** Those that are allowed to end by themselves. */
  readonly #endangered = new Set<number>();

  constructor(commandOf: (id: number) => ServerCommand) {
    this.#commandOf = commandOf;
  }

  /** Starts it unless it runs. Returns its process id. */
  start(id: number): number | undefined {
    this.#endangered.delete(id);
    const running = this.#running.get(id);
    if (running !== undefined) return running.pid;
    const { argv, log, environment } = this.#commandOf(id);
    const [command = '', ...args] = argv;
    const output = openSync(log, 'a', 0o600);
    const child = spawn(command, args, {
      detached: true,
      stdio: ['ignore', output, output],
      env: { ...process.env, ...environment },
    });
    closeSync(output);
    this.#running.set(id, child);
    child.once('exit', (code, signal) => {
      this.#running.delete(id);
      if (this.#endangered.has(id) || signal === 'SIGKILL') return;
      this.deaths.push(`server ${id} ended by itself (${signal ?? `exit code ${code}`}): ${this.logTail(id)}`);
    });
    return child.pid;
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(id: number): Promise<void> {
    const child = this.#running.get(id);
    if (child === undefined) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  /** SIGSTOP. */
  pause(id: number): void {
    this.#paused.add(id);
    this.#running.get(id)?.kill('SIGSTOP');
  }

  resume(id: number): void {
    this.#paused.delete(id);
    this.#running.get(id)?.kill('SIGCONT');
  }

  resumeAll(): void {
    for (const id of this.#paused) this.resume(id);
  }

  /** From now on, and until `start`, the process may end by itself. */
  endanger(id: number): void {
    this.#endangered.add(id);
  }

  logTail(id: number, lines = 5): string {
    return readFileSync(this.#commandOf(id).log, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  }
}
