import type { Clock, Timer } from '../base/index.ts';

/** What a process has to tell of itself. */
export interface HeapMeter {
  /** Bytes that the engine holds for JavaScript objects, in use or not. */
  heldBytes(): number;
  /** Share of the time since the last call that the event loop was busy, 0 to 1. */
  busyShare(): number;
  /** Collects all garbage and gives memory back to the system; takes some milliseconds for each MiB that is alive. */
  collect(): void;
}

const PERIOD_MS = 5_000;
const QUIET_SHARE = 0.1;
const QUIET_PERIODS = 2;
/** What isn't worth a pause. */
const MIN_GROWTH_BYTES = 8 * 1024 * 1024;
/** Above it the pause would come near an election timeout. */
const MAX_HEAP_BYTES = 192 * 1024 * 1024;

/**
 * Gives memory back when a process has become quiet. V8 keeps what a start or a burst of requests made it take until the next
 * burst, which may never come; a peer that waits for work is to be small.
 */
export function trimHeap(clock: Clock, meter: HeapMeter): Timer {
  let trimmedTo = 0;
  let quiet = 0;
  return clock.setTicker(PERIOD_MS, () => {
    quiet = meter.busyShare() > QUIET_SHARE ? 0 : quiet + 1;
    if (quiet < QUIET_PERIODS) return;
    const held = meter.heldBytes();
    if (held > MAX_HEAP_BYTES || held < trimmedTo + MIN_GROWTH_BYTES) return;
    meter.collect();
    trimmedTo = meter.heldBytes();
  });
}

/** Of this process; undefined without Node's `--expose-gc`. */
export function processHeap(): HeapMeter | undefined {
  const { gc } = globalThis as { gc?: (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void };
  if (gc === undefined) return undefined;
  let before = performance.eventLoopUtilization();
  return {
    heldBytes: () => process.memoryUsage().heapTotal,
    busyShare() {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, before);
      before = now;
      return utilization;
    },
    collect: () => gc({ type: 'major', execution: 'sync', flavor: 'last-resort' }),
  };
}
