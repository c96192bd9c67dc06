import type { Clock, Timer } from '../base/index.ts';

const LOOK_MS = 1_000;

/**
 * Ends what takes longer than all may take. One look a second at the oldest costs each request nearly nothing, where a timer for each
 * cost a fifth of a small read (measured); what has a time of its own has a timer. Not exact: up to a second late.
 */
export class Deadlines<T extends object> {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #expire: (item: T) => void;
  /** When each began, oldest first. */
  readonly #begun = new Map<T, number>();
  readonly #own = new Map<T, Timer>();
  #ticker: Timer | undefined;

  constructor(clock: Clock, limitMs: number, expire: (item: T) => void) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#expire = expire;
  }

  /** `ownMs` is a shorter limit than everybody's. */
  add(item: T, ownMs?: number): void {
    if (ownMs !== undefined && ownMs < this.#limitMs) {
      this.#own.set(
        item,
        this.#clock.setTimer(ownMs, () => this.#end(item)),
      );
      return;
    }
    this.#begun.set(item, this.#clock.monotonic());
    this.#ticker ??= this.#clock.setTicker(LOOK_MS, () => this.#look());
  }

  delete(item: T): void {
    if (this.#begun.delete(item)) return;
    this.#own.get(item)?.cancel();
    this.#own.delete(item);
  }

  close(): void {
    this.#ticker?.cancel();
    for (const timer of this.#own.values()) timer.cancel();
    this.#begun.clear();
    this.#own.clear();
  }

  #look(): void {
    const now = this.#clock.monotonic();
    for (const [item, begun] of this.#begun) {
      if (now - begun < this.#limitMs) return;
      this.#end(item);
    }
    if (this.#begun.size > 0) return;
    this.#ticker?.cancel();
    this.#ticker = undefined;
  }

  #end(item: T): void {
    this.delete(item);
    this.#expire(item);
  }
}
