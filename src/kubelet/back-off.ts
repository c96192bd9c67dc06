import type { Clock } from '../base/index.ts';

interface Entry {
  delayMs: number;
  updatedAtMs: number;
}

/**
 * How long to wait before something that keeps failing is tried again: doubles with each failure up to a limit, and is
 * forgotten when it went well for twice that limit.
 */
export class FailureBackOff {
  readonly #clock: Clock;
  readonly #initialMs: number;
  readonly #maxMs: number;
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock, initialMs: number, maxMs: number) {
    this.#clock = clock;
    this.#initialMs = initialMs;
    this.#maxMs = maxMs;
  }

  /** Milliseconds still to wait after the failure at `failedAtMs`; 0 when it may be tried. */
  remaining(key: string, failedAtMs: number): number {
    const entry = this.#entries.get(key);
    const now = this.#clock.now();
    if (!entry || this.#expired(entry, now)) return 0;
    return Math.max(0, failedAtMs + entry.delayMs - now);
  }

  /** The same, since the last try. */
  remainingSinceUpdate(key: string): number {
    return this.remaining(key, this.#entries.get(key)?.updatedAtMs ?? 0);
  }

  /** Notes that it is tried again after the failure at `failedAtMs`: the next wait is longer. */
  next(key: string, failedAtMs: number): void {
    const entry = this.#entries.get(key);
    const delayMs =
      !entry || this.#expired(entry, failedAtMs) ? this.#initialMs : Math.min(entry.delayMs * 2, this.#maxMs);
    this.#entries.set(key, { delayMs, updatedAtMs: this.#clock.now() });
  }

  /** The wait that is on for `key`, whole. */
  delay(key: string): number {
    return this.#entries.get(key)?.delayMs ?? 0;
  }

  /** Forgets all keys that start with `prefix`. */
  forget(prefix: string): void {
    for (const key of this.#entries.keys()) if (key.startsWith(prefix)) this.#entries.delete(key);
  }

  #expired(entry: Entry, eventMs: number): boolean {
    return eventMs - entry.updatedAtMs > 2 * this.#maxMs;
  }
}

/** As Go prints a duration of whole seconds: `10s`, `2m40s`, `5m0s`. */
export function formatSeconds(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds}s`;
  return `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
