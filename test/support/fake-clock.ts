import type { Clock, Timer } from '../../src/base/index.ts';

interface Pending {
  at: number;
  order: number;
  periodMs?: number;
  callback: () => void;
}

/** A clock that stands still until told to go on. */
export class FakeClock implements Clock {
  #now: number;
  #elapsed = 0;
  #order = 0;
  readonly #pending = new Set<Pending>();

  constructor(epoch = Date.UTC(2026, 0, 2, 3, 4, 5)) {
    this.#now = epoch;
  }

  now(): number {
    return this.#now + this.#elapsed;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    return this.#add({ at: this.#elapsed + Math.max(0, delayMs), order: this.#order++, callback });
  }

  setTicker(periodMs: number, callback: () => void): Timer {
    return this.#add({ at: this.#elapsed + periodMs, order: this.#order++, periodMs, callback });
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#pending.size;
  }

  /** Makes the wall clock jump without time going by. */
  jump(ms: number): void {
    this.#now += ms;
  }

  /** Lets time go by: everything due runs in order, each with all that follows from it without waiting. */
  async advance(ms: number): Promise<void> {
    const end = this.#elapsed + ms;
    await settle();
    for (;;) {
      const next = this.#earliest();
      if (next === undefined || next.at > end) break;
      this.#elapsed = Math.max(this.#elapsed, next.at);
      if (next.periodMs === undefined) this.#pending.delete(next);
      else next.at += next.periodMs;
      next.callback();
      await settle();
    }
    this.#elapsed = end;
  }

  #earliest(): Pending | undefined {
    let first: Pending | undefined;
    for (const timer of this.#pending) {
      if (first === undefined || timer.at < first.at || (timer.at === first.at && timer.order < first.order))
        first = timer;
    }
    return first;
  }

  #add(timer: Pending): Timer {
    this.#pending.add(timer);
    return { cancel: () => void this.#pending.delete(timer) };
  }
}

/** Lets everything run that waits for promises only. */
export async function settle(turns = 3): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
}
