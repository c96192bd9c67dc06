import PQueue from 'p-queue';
import type { Clock, Timer } from '../base/index.ts';
import type { Key } from './types.ts';

export interface WorkQueueOptions {
  clock: Clock;
  /** Does the work for one key; never twice at once for the same key. A rejection is the caller's to handle. */
  process: (key: Key) => Promise<void>;
  /** Keys processed at once. */
  concurrency: number;
  /** Says how long a key must wait that is added with `addRateLimited`; default: exponential per key. */
  rateLimiter?: RateLimiter;
}

/** How long a key has to wait before it is tried again. */
export interface RateLimiter {
  /** Counts a failure of the key. */
  when(key: Key): number;
  forget(key: Key): void;
  failures(key: Key): number;
}

/**
 * The work queue of Kubernetes' controllers. A key that is added many times before it is processed
 * is processed once; one that is added while it is processed is processed again afterwards.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #limiter: RateLimiter;
  readonly #tasks: PQueue;
  /** Waiting to be processed (again). */
  readonly #dirty = new Set<Key>();
  readonly #processing = new Set<Key>();
  readonly #later = new Map<Key, { at: number; timer: Timer }>();
  #stopped = false;

  /** Nothing is processed before `start`. */
  constructor(options: WorkQueueOptions) {
    this.#options = options;
    this.#limiter = options.rateLimiter ?? exponentialRateLimiter();
    this.#tasks = new PQueue({ concurrency: options.concurrency, autoStart: false });
  }

  start(): void {
    if (!this.#stopped) this.#tasks.start();
  }

  /** Keys that wait for a worker. */
  get depth(): number {
    return this.#tasks.size;
  }

  /** No key waits for a worker or a time, and none is being processed. */
  get idle(): boolean {
    return this.#dirty.size === 0 && this.#processing.size === 0 && this.#later.size === 0;
  }

  add(key: Key): void {
    if (this.#stopped || this.#dirty.has(key)) return;
    this.#dirty.add(key);
    if (!this.#processing.has(key)) this.#enqueue(key);
  }

  /** Adds the key after that time; of several times the earliest counts. */
  addAfter(key: Key, delayMs: number): void {
    if (this.#stopped) return;
    if (delayMs <= 0) {
      this.add(key);
      return;
    }
    const at = this.#options.clock.monotonic() + delayMs;
    const waiting = this.#later.get(key);
    if (waiting !== undefined) {
      if (waiting.at <= at) return;
      waiting.timer.cancel();
    }
    const timer = this.#options.clock.setTimer(delayMs, () => {
      this.#later.delete(key);
      this.add(key);
    });
    this.#later.set(key, { at, timer });
  }

  /** Adds the key when its rate limit lets it: later with each failure. */
  addRateLimited(key: Key): void {
    this.addAfter(key, this.#limiter.when(key));
  }

  /** The key succeeded: its next failure is its first. */
  forget(key: Key): void {
    this.#limiter.forget(key);
  }

  failures(key: Key): number {
    return this.#limiter.failures(key);
  }

  /** Takes and starts nothing more; resolves when what is under way is done. Idempotent. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { timer } of this.#later.values()) timer.cancel();
    this.#later.clear();
    this.#dirty.clear();
    this.#tasks.clear();
    await this.#tasks.onIdle();
  }

  #enqueue(key: Key): void {
    void this.#tasks.add(() => this.#process(key));
  }

  async #process(key: Key): Promise<void> {
    this.#dirty.delete(key);
    this.#processing.add(key);
    try {
      await this.#options.process(key);
    } finally {
      this.#processing.delete(key);
      if (this.#dirty.has(key)) this.#enqueue(key);
    }
  }
}

export interface ExponentialOptions {
  baseMs?: number;
  maxMs?: number;
}

/** 5 ms after the first failure of a key, then twice as long each time, up to 1 000 s. */
export function exponentialRateLimiter({ baseMs = 5, maxMs = 1_000_000 }: ExponentialOptions = {}): RateLimiter {
  const failures = new Map<Key, number>();
  return {
    when(key) {
      const count = failures.get(key) ?? 0;
      failures.set(key, count + 1);
      return Math.min(baseMs * 2 ** count, maxMs);
    },
    forget: (key) => void failures.delete(key),
    failures: (key) => failures.get(key) ?? 0,
  };
}

export interface BucketOptions {
  clock: Clock;
  perSecond: number;
  burst: number;
}

/** Lets so many keys a second through, whichever they are, after a first burst. */
export function bucketRateLimiter({ clock, perSecond, burst }: BucketOptions): RateLimiter {
  let tokens = burst;
  let refilledAt = clock.monotonic();
  return {
    when() {
      const now = clock.monotonic();
      tokens = Math.min(burst, tokens + ((now - refilledAt) / 1_000) * perSecond);
      refilledAt = now;
      tokens -= 1;
      return tokens >= 0 ? 0 : (-tokens / perSecond) * 1_000;
    },
    forget() {},
    failures: () => 0,
  };
}

/** The longest of several limits. */
export function maxOfRateLimiters(...limiters: readonly RateLimiter[]): RateLimiter {
  return {
    when: (key) => Math.max(...limiters.map((limiter) => limiter.when(key))),
    forget: (key) => limiters.forEach((limiter) => void limiter.forget(key)),
    failures: (key) => Math.max(...limiters.map((limiter) => limiter.failures(key))),
  };
}
