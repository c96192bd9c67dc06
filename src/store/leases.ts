import { assert, type Clock } from '../base/index.ts';
import { LeaseExistsError, LeaseNotFoundError } from './errors.ts';

export interface Lease {
  readonly id: number;
  /** In seconds. */
  readonly ttl: number;
  /** Differs after each grant and refresh, so that a revoke decided before one is recognised as late. */
  generation: number;
  readonly keys: Set<string>;
  /** When it expires by this peer's monotonic clock. Not replicated: only the leader acts on it. */
  deadline: number;
}

/** The replicated leases. */
export class LeaseTable {
  readonly #clock: Clock;
  readonly #leases = new Map<number, Lease>();
  #generation = 0;
  #lastId = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get(id: number): Lease | undefined {
    return this.#leases.get(id);
  }

  require(id: number): Lease {
    const lease = this.#leases.get(id);
    if (lease === undefined) throw new LeaseNotFoundError(id);
    return lease;
  }

  get size(): number {
    return this.#leases.size;
  }

  all(): Iterable<Lease> {
    return this.#leases.values();
  }

  get counters(): { generation: number; lastId: number } {
    return { generation: this.#generation, lastId: this.#lastId };
  }

  /** With `id` 0 it picks the next free one. */
  grant(id: number, ttl: number): Lease {
    if (id !== 0 && this.#leases.has(id)) throw new LeaseExistsError(id);
    let chosen = id;
    if (id === 0) {
      do chosen = ++this.#lastId;
      while (this.#leases.has(chosen));
    }
    return this.#add(chosen, ttl, ++this.#generation);
  }

  keepAlive(id: number): Lease {
    const lease = this.require(id);
    lease.generation = ++this.#generation;
    lease.deadline = this.#clock.monotonic() + lease.ttl * 1000;
    return lease;
  }

  remove(id: number): void {
    this.#leases.delete(id);
  }

  attach(id: number, key: string): void {
    if (id !== 0) this.require(id).keys.add(key);
  }

  detach(id: number, key: string): void {
    if (id !== 0) this.#leases.get(id)?.keys.delete(key);
  }

  /** A full time to live for all: whoever led before may have been refreshed without our knowing. */
  extendAll(): void {
    const now = this.#clock.monotonic();
    for (const lease of this.#leases.values()) lease.deadline = now + lease.ttl * 1000;
  }

  /** Puts a lease from a snapshot in place; its keys follow with the key space. */
  load(id: number, ttl: number, generation: number): void {
    assert(!this.#leases.has(id), `lease ${id} is twice in a snapshot`);
    this.#add(id, ttl, generation);
  }

  loadCounters(generation: number, lastId: number): void {
    this.#generation = generation;
    this.#lastId = lastId;
  }

  #add(id: number, ttl: number, generation: number): Lease {
    const lease = { id, ttl, generation, keys: new Set<string>(), deadline: this.#clock.monotonic() + ttl * 1000 };
    this.#leases.set(id, lease);
    return lease;
  }
}
