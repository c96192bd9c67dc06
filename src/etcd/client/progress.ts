import type { Clock, Timer } from '../../base/index.ts';

/** How long what is under way may take to arrive by itself. */
const GRACE_MS = 50;

/**
 * Watches only hear of what happens under their prefix: whether an etcd that others write to as well is ahead of them, or they
 * know all there is, does not show. So when they seem to lag behind what somebody has read, a note is written that they hear of.
 * (etcd's own answer to this, the progress request, overtakes events in releases before 3.4.25 and 3.5.8.)
 */
export class Progress {
  readonly #clock: Clock;
  readonly #reached: () => number;
  readonly #write: () => Promise<unknown>;
  #expected = 0;
  #timer: Timer | undefined;
  #stopped = false;

  /** `reached`: up to where the watches know everything. */
  constructor(clock: Clock, reached: () => number, write: () => Promise<unknown>) {
    this.#clock = clock;
    this.#reached = reached;
    this.#write = write;
  }

  /** The watches are to get there. */
  expect(revision: number): void {
    this.#expected = Math.max(this.#expected, revision);
    if (this.#isDue()) this.#timer ??= this.#clock.setTimer(GRACE_MS, () => void this.#look());
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  async #look(): Promise<void> {
    // A failure is no loss: who waits gives up in time, or reads again.
    if (this.#isDue()) await this.#write().catch(() => {});
    this.#timer = undefined;
    this.expect(this.#expected);
  }

  #isDue(): boolean {
    return !this.#stopped && this.#reached() < this.#expected;
  }
}
