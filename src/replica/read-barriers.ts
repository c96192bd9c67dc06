import { stoppedError, timeoutError } from './proposals.ts';

interface Waiter {
  resolve(): void;
  reject(error: unknown): void;
  /** In ticks. */
  expires: number;
}

/**
 * Callers of `readBarrier`, gathered into rounds: one question to the leader answers all who asked before it was put.
 */
export class ReadBarriers {
  readonly #ask: (id: number) => void;
  readonly #timeoutTicks: number;
  /** They wait for the next question. */
  #gathering: Waiter[] = [];
  /** Asked, no answer yet. */
  readonly #asked = new Map<number, Waiter[]>();
  /** Answered: they wait until the index is applied. Ascending. */
  readonly #confirmed: { index: number; waiters: Waiter[] }[] = [];
  #lastId = 0;
  #now = 0;
  #applied = 0;
  #scheduled = false;
  #stopped = false;

  constructor(timeoutTicks: number, ask: (id: number) => void) {
    this.#timeoutTicks = timeoutTicks;
    this.#ask = ask;
  }

  wait(): Promise<void> {
    if (this.#stopped) return Promise.reject(stoppedError());
    return new Promise((resolve, reject) => {
      this.#gathering.push({ resolve, reject, expires: this.#now + this.#timeoutTicks });
      this.#schedule();
    });
  }

  /** The answer to a question: the state at `index` is fresh enough. */
  answered(id: number, index: number): void {
    const waiters = this.#asked.get(id);
    if (waiters === undefined) return;
    this.#asked.delete(id);
    if (index <= this.#applied) release(waiters);
    else this.#confirm(index, waiters);
    if (this.#gathering.length > 0) this.#schedule();
  }

  /** A question got lost; it is put again, as another, when `retry` or the next tick comes. */
  failed(id: number): void {
    const waiters = this.#asked.get(id);
    if (waiters === undefined) return;
    this.#asked.delete(id);
    this.#gathering = [...waiters, ...this.#gathering];
  }

  /** A leader is known, or was replaced. */
  retry(): void {
    if (this.#gathering.length > 0) this.#schedule();
  }

  applied(index: number): void {
    this.#applied = index;
    while (this.#confirmed.length > 0 && this.#confirmed[0]!.index <= index) release(this.#confirmed.shift()!.waiters);
  }

  tick(): void {
    this.#now += 1;
    this.#gathering = this.#expire(this.#gathering);
    for (const [id, waiters] of this.#asked) {
      const live = this.#expire(waiters);
      if (live.length > 0) this.#asked.set(id, live);
      else this.#asked.delete(id);
    }
    for (const round of this.#confirmed) round.waiters = this.#expire(round.waiters);
    this.retry();
  }

  stop(): void {
    this.#stopped = true;
    const rounds = [this.#gathering, ...this.#asked.values(), ...this.#confirmed.map((round) => round.waiters)];
    for (const waiter of rounds.flat()) waiter.reject(stoppedError());
    this.#gathering = [];
    this.#asked.clear();
    this.#confirmed.length = 0;
  }

  /** One question at a time: who asks meanwhile shares the next one. */
  #schedule(): void {
    if (this.#scheduled || this.#asked.size > 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (this.#gathering.length === 0 || this.#asked.size > 0) return;
      this.#lastId += 1;
      this.#asked.set(this.#lastId, this.#gathering);
      this.#gathering = [];
      this.#ask(this.#lastId);
    });
  }

  #confirm(index: number, waiters: Waiter[]): void {
    // Answers of an old and a new leader may come out of order.
    const at = this.#confirmed.findIndex((round) => round.index > index);
    this.#confirmed.splice(at === -1 ? this.#confirmed.length : at, 0, { index, waiters });
  }

  #expire(waiters: Waiter[]): Waiter[] {
    if (waiters.length === 0 || waiters[0]!.expires > this.#now) return waiters;
    const live = waiters.filter((waiter) => waiter.expires > this.#now);
    for (const waiter of waiters) if (waiter.expires <= this.#now) waiter.reject(timeoutError());
    return live;
  }
}

function release(waiters: readonly Waiter[]): void {
  for (const waiter of waiters) waiter.resolve();
}
