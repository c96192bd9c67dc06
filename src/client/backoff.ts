import type { Random } from '../base/index.ts';

export interface BackoffOptions {
  random: Random;
  initialMs: number;
  maxMs: number;
}

/** Waiting times that double up to a limit, each spread by up to half so that many who wait don't wake as one. */
export class Backoff {
  readonly #options: BackoffOptions;
  #nextMs: number;

  constructor(options: BackoffOptions) {
    this.#options = options;
    this.#nextMs = options.initialMs;
  }

  /** How long to wait now. */
  next(): number {
    const delayMs = this.#nextMs;
    this.#nextMs = Math.min(delayMs * 2, this.#options.maxMs);
    return delayMs * (0.5 + this.#options.random.next() / 2);
  }

  reset(): void {
    this.#nextMs = this.#options.initialMs;
  }
}
