/** Time, injected so that whole clusters run under simulation. */
export interface Clock {
  /** Wall-clock time in milliseconds since the epoch. May jump. For timestamps only. */
  now(): number;
  /** Milliseconds from an arbitrary start; never goes back. For durations and timeouts. */
  monotonic(): number;
  /** Calls `callback` once after `delayMs`. Does not keep the process alive by itself. */
  setTimer(delayMs: number, callback: () => void): Timer;
  /** Calls `callback` every `periodMs`. Does not keep the process alive by itself. */
  setTicker(periodMs: number, callback: () => void): Timer;
}

/** A pending timer; `cancel` is idempotent and after it the callback is never called. */
export interface Timer {
  cancel(): void;
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(delayMs, callback) {
    const handle = setTimeout(callback, delayMs);
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
  setTicker(periodMs, callback) {
    const handle = setInterval(callback, periodMs);
    handle.unref();
    return { cancel: () => clearInterval(handle) };
  },
};

/** Resolves after `delayMs` of `clock`; rejects with the signal's reason when aborted. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = (): void => {
      timer.cancel();
      reject(signal!.reason);
    };
    const timer = clock.setTimer(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
