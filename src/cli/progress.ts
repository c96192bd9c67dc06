import type { Clock } from '../base/index.ts';

export interface Progress {
  /** What goes on now: shown on a terminal only, and replaced by what follows. */
  begin(text: string): void;
  /** A step that is done: a line of its own, with the time since the last one. */
  done(text: string): void;
  /** Takes back what `begin` shows. */
  clear(): void;
}

/** Shows a command's steps. */
export function createProgress(out: { isTTY?: boolean; write(text: string): unknown }, clock: Clock): Progress {
  let last = clock.monotonic();
  const clear = out.isTTY === true ? '\r\u001b[K' : '';
  return {
    begin(text) {
      if (out.isTTY === true) out.write(`${clear}  … ${text}`);
    },
    done(text) {
      const now = clock.monotonic();
      out.write(`${clear}  ✓ ${text} (${Math.round(now - last)} ms)\n`);
      last = now;
    },
    clear() {
      if (out.isTTY === true) out.write(clear);
    },
  };
}
