import type { Clock, Timer } from '../../base/index.ts';
import type { EventLoop } from './event-loop.ts';
import type { Life } from './life.ts';

const EPOCH = Date.UTC(2026, 0, 2, 3, 4, 5);

/** A machine's clock: it outlives the peer's process, runs at a rate of its own, and its wall time may be set. */
export class MachineClock {
  readonly #loop: EventLoop;
  /** Milliseconds that it counts in one of the world's. */
  readonly rate: number;
  /** Of the wall clock, in milliseconds. */
  offset = 0;

  constructor(loop: EventLoop, rate: number) {
    this.#loop = loop;
    this.rate = rate;
  }

  /** As a process sees it. */
  for(life: Life): Clock {
    const loop = this.#loop;
    const { rate } = this;
    const start = (delayMs: number, callback: () => void, isRepeated: boolean): Timer => {
      let isCancelled = false;
      const arm = (): void =>
        loop.after(delayMs / rate, () =>
          life.do(() => {
            if (isCancelled) return;
            if (isRepeated) arm();
            callback();
          }),
        );
      arm();
      return {
        cancel() {
          isCancelled = true;
        },
      };
    };
    return {
      now: () => Math.floor(EPOCH + this.offset + loop.now * rate),
      monotonic: () => loop.now * rate,
      setTimer: (delayMs, callback) => start(delayMs, callback, false),
      setTicker: (periodMs, callback) => start(periodMs, callback, true),
    };
  }
}
