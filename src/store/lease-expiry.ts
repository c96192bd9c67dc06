import type { Clock, Timer } from '../base/index.ts';
import type { Lease, LeaseTable } from './leases.ts';

/** Look again at a lease whose revocation is under way. */
const RETRY_MS = 2000;
/** Timers take at most 2^31 ms. */
const MAX_DELAY_MS = 2_000_000_000;
/** A timer this late means that this process stood still. */
const STALL_MS = 1000;

/**
 * Finds expired leases, on the leader only. A heap holds each lease once, ordered by when to look at
 * it; a refresh moves only the lease's own deadline, which is noticed when it comes up. What expires is
 * revoked by a replicated command, which takes no effect if the lease was refreshed meanwhile.
 */
export class LeaseExpiry {
  readonly #clock: Clock;
  readonly #leases: () => LeaseTable;
  readonly #expire: (lease: Lease) => void;
  readonly #heap: { at: number; id: number }[] = [];
  #leading = false;
  #timer: Timer | undefined;
  #timerAt = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, leases: () => LeaseTable, expire: (lease: Lease) => void) {
    this.#clock = clock;
    this.#leases = leases;
    this.#expire = expire;
  }

  /** Begins anew: all leases get their full time, as refreshes that others saw may have escaped this peer. */
  lead(): void {
    this.follow();
    this.#leading = true;
    this.#leases().extendAll();
    for (const lease of this.#leases().all()) this.#push(lease.deadline, lease.id);
    this.#schedule();
  }

  follow(): void {
    this.#leading = false;
    this.#heap.length = 0;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerAt = Number.POSITIVE_INFINITY;
  }

  add(lease: Lease): void {
    if (!this.#leading) return;
    this.#push(lease.deadline, lease.id);
    this.#schedule();
  }

  #schedule(): void {
    const at = this.#heap[0]?.at;
    if (at === undefined || at >= this.#timerAt) return;
    this.#timer?.cancel();
    this.#timerAt = at;
    const delay = Math.min(Math.max(at - this.#clock.monotonic(), 0), MAX_DELAY_MS);
    const due = this.#clock.monotonic() + delay;
    this.#timer = this.#clock.setTimer(delay, () => {
      this.#timerAt = Number.POSITIVE_INFINITY;
      this.#timer = undefined;
      // Refreshes may lie unread in sockets since this process stood still: as bad as having been deposed.
      if (this.#clock.monotonic() - due > STALL_MS) this.lead();
      else this.#look();
      this.#schedule();
    });
  }

  #look(): void {
    const now = this.#clock.monotonic();
    while (this.#heap.length > 0 && this.#heap[0]!.at <= now) {
      const { id } = this.#pop();
      const lease = this.#leases().get(id);
      if (lease === undefined) continue;
      if (lease.deadline > now) {
        this.#push(lease.deadline, id);
      } else {
        this.#push(now + RETRY_MS, id);
        this.#expire(lease);
      }
    }
  }

  #push(at: number, id: number): void {
    const heap = this.#heap;
    let i = heap.push({ at, id }) - 1;
    while (i > 0) {
      const parent = (i - 1) >>> 1;
      if (heap[parent]!.at <= heap[i]!.at) break;
      [heap[parent], heap[i]] = [heap[i]!, heap[parent]!];
      i = parent;
    }
  }

  #pop(): { at: number; id: number } {
    const heap = this.#heap;
    const top = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return top;
    heap[0] = last;
    for (let i = 0; ; ) {
      const left = 2 * i + 1;
      const right = left + 1;
      let least = i;
      if (left < heap.length && heap[left]!.at < heap[least]!.at) least = left;
      if (right < heap.length && heap[right]!.at < heap[least]!.at) least = right;
      if (least === i) return top;
      [heap[least], heap[i]] = [heap[i]!, heap[least]!];
      i = least;
    }
  }
}
