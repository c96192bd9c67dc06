import { execFile } from 'node:child_process';
import { type Clock, sleep } from '../base/index.ts';
import { processTree } from './proc.ts';
import type { TerminalSize } from './types.ts';

/** The terminal of a command that has just been started may not be there yet. */
const lookAgainMs = 20;
const looksMax = 250;
/** The kernel keeps them as 16-bit numbers. */
const sizeMax = 0xffff;

/**
 * Resizes the terminal that a `script` process keeps. Through `stty` on its other side, which anybody may open who may act for
 * the container: so it also works on containers that an earlier peer started.
 */
export class TerminalResizer {
  readonly #clock: Clock;
  /** Of the `script` process. */
  readonly #pid: number;
  readonly #closed = new AbortController();
  #path: string | undefined;
  #wanted: TerminalSize | undefined;
  #busy = false;

  constructor(clock: Clock, pid: number) {
    this.#clock = clock;
    this.#pid = pid;
  }

  /** Of sizes that come while one is being set, only the last counts. */
  resize({ columns, rows }: TerminalSize): void {
    if (![columns, rows].every((length) => Number.isInteger(length) && length > 0 && length <= sizeMax)) return;
    this.#wanted = { columns, rows };
    if (!this.#busy) void this.#work();
  }

  close(): void {
    this.#closed.abort();
  }

  async #work(): Promise<void> {
    this.#busy = true;
    while (this.#wanted && !this.#closed.signal.aborted) {
      this.#path ??= await this.#find();
      const { columns, rows } = this.#wanted;
      this.#wanted = undefined;
      if (this.#path !== undefined) await stty(['-F', this.#path, ...sttySize({ columns, rows })]);
    }
    this.#busy = false;
  }

  async #find(): Promise<string | undefined> {
    for (let look = 0; look < looksMax && !this.#closed.signal.aborted; look++) {
      const user = processTree(this.#pid).find(
        ({ parent, terminal }) => parent === this.#pid && terminal !== undefined,
      );
      if (user) return `/dev/pts/${user.terminal}`;
      await sleep(this.#clock, lookAgainMs, this.#closed.signal).catch(() => {});
    }
    return undefined;
  }
}

/** The arguments of `stty` that set a size. */
export function sttySize({ columns, rows }: TerminalSize): string[] {
  return ['rows', String(rows), 'cols', String(columns)];
}

function stty(args: readonly string[]): Promise<void> {
  // The terminal may be gone: then nobody looks at it.
  return new Promise((resolve) => execFile('stty', args, () => resolve()));
}
