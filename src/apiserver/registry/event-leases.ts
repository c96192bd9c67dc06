import type { Clock } from '../../base/index.ts';
import type { Store } from '../../store/index.ts';

/** Objects written within so many seconds of each other share a lease, and so live up to this much longer. */
const BUCKET_SECONDS = 60;

/** Store leases for objects that live for a given time: one for a minute's worth of them, not one each. */
export class EventLeases {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #current = new Map<number, { until: number; id: Promise<number> }>();

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** A lease that lasts at least `seconds` from now. */
  lease(seconds: number): Promise<number> {
    const now = this.#clock.monotonic();
    const current = this.#current.get(seconds);
    if (current !== undefined && now < current.until) return current.id;
    const id = this.#store.leaseGrant({ ttl: seconds + BUCKET_SECONDS }).then((lease) => lease.id);
    this.#current.set(seconds, { until: now + BUCKET_SECONDS * 1_000, id });
    id.catch(() => this.forget());
    return id;
  }

  /** After a lease turned out to be gone: the next write gets a new one. */
  forget(): void {
    this.#current.clear();
  }
}
