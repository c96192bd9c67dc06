import { assert } from '../base/index.ts';

/** Events that may wait for a reader who is in the middle of something. More: it must come again. */
const MAX_WAITING = 1_000;

/**
 * Between a watch, which pushes, and its reader, who pulls: bounded, so that a slow reader costs no memory. Iterates
 * once; ends plainly by `end()` or when it is full, by throwing after `end(error)`, and at once when `signal` aborts.
 */
export class EventQueue<T> implements AsyncIterable<T> {
  readonly #signal: AbortSignal;
  #events: T[] = [];
  #over = false;
  #error: Error | undefined;
  #wakeReader: (() => void) | undefined;
  #wakeWriter: (() => void) | undefined;
  #iterated = false;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', this.#abort, { once: true });
  }

  /** False: full, or over; the event is lost and nothing more must be pushed. */
  push(event: T): boolean {
    if (this.#over) return false;
    if (this.#events.length >= MAX_WAITING) {
      this.end();
      return false;
    }
    this.#events.push(event);
    this.#wakeReader?.();
    return true;
  }

  /** Resolves when everything pushed has been read, or nothing will be any more. */
  drained(): Promise<void> {
    if (this.#over || this.#events.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wakeWriter = resolve;
    });
  }

  /** What waits is still read, then it is over. Idempotent. */
  end(error?: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.#error = error;
    this.#signal.removeEventListener('abort', this.#abort);
    this.#wakeReader?.();
    this.#wakeWriter?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    assert(!this.#iterated, 'an event queue has one reader');
    this.#iterated = true;
    for (;;) {
      const events = this.#events;
      this.#events = [];
      for (const event of events) {
        if (this.#signal.aborted) return;
        yield event;
      }
      if (this.#events.length > 0) continue;
      this.#wakeWriter?.();
      this.#wakeWriter = undefined;
      if (this.#over) {
        if (this.#error !== undefined && !this.#signal.aborted) throw this.#error;
        return;
      }
      if (this.#events.length > 0) continue;
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
      this.#wakeReader = undefined;
    }
  }

  readonly #abort = (): void => {
    this.#events = [];
    this.end();
  };
}
