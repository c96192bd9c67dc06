import type { Clock } from '../base/index.ts';

/**
 * How long a part of a peer may take to say goodbye through the API (to release a Lease, to write a last status). When a
 * majority of the peers is gone, as when all are stopped at once, nobody answers any more.
 */
const GOODBYE_MS = 1_000;

/** Resolves when `work` has ended, however it did, or its time is over. */
export function goodbye(clock: Clock, work: Promise<unknown> | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.setTimer(GOODBYE_MS, resolve);
    const end = (): void => {
      timer.cancel();
      resolve();
    };
    Promise.resolve(work).then(end, end);
  });
}
