import type { Clock, Timer } from '../base/index.ts';
import { StateDivergedError } from './errors.ts';
import type { Keyspace } from './keyspace.ts';
import { hashKeyspace } from './snapshot.ts';

export interface ConsistencyGuardOptions {
  clock: Clock;
  keyspace(): Keyspace;
  /** This peer's number, and how many peers there are. */
  members(): { id: number; count: number };
  /** Whether all peers know what a check is. */
  isUnderstood(): boolean;
  /** Has all peers hash what they hold at one place in the log. */
  check(id: number): Promise<unknown>;
  /** Tells all peers what this one's hash was. */
  report(check: number, hash: number): Promise<unknown>;
}

/** Between checks, unless a hash takes so long that they would cost more than a hundredth of the time. */
const INTERVAL_MS = 60_000;
const TICK_MS = 5_000;
const MAX_SHARE = 0.01;

/**
 * Finds out when a peer's state is not that of the others, be it by a bug or by damaged memory. Now and then the leader puts a check
 * into the log; each peer hashes its state as of there, in the background, and puts the hash into the log as well. Whoever sees
 * that a majority has one hash and itself another must stop: nobody may read from it, and least of all may it lead.
 */
export class ConsistencyGuard {
  readonly #options: ConsistencyGuardOptions;
  readonly #ticker: Timer;
  #leading = false;
  #checkedAt: number;
  #hashMs = 0;
  #hashing = false;
  #check: { id: number; reports: Map<number, number> } | undefined;

  constructor(options: ConsistencyGuardOptions) {
    this.#options = options;
    this.#checkedAt = options.clock.monotonic();
    this.#ticker = options.clock.setTicker(TICK_MS, () => this.#tick());
  }

  lead(leading: boolean): void {
    this.#leading = leading;
  }

  stop(): void {
    this.#ticker.cancel();
    this.#leading = false;
  }

  /** A check is applied; the state is as it is to be hashed. */
  onCheck(id: number): void {
    // When a log is replayed many old checks come at once: one of them is enough.
    if (this.#hashing) return;
    this.#check = { id, reports: new Map() };
    void this.#hash(id);
  }

  /** A report is applied. Throws STATE_DIVERGED when this peer is the odd one. */
  onReport(check: number, peer: number, hash: number): void {
    if (this.#check?.id !== check) return;
    const { reports } = this.#check;
    reports.set(peer, hash);
    const { id, count } = this.#options.members();
    const own = reports.get(id);
    if (own === undefined) return;
    const others = [...reports.values()].filter((each) => each !== own);
    for (const other of new Set(others)) {
      if (others.filter((each) => each === other).length > count / 2) throw new StateDivergedError(id);
    }
  }

  /** The state was replaced. */
  onRestore(): void {
    this.#check = undefined;
  }

  async #hash(id: number): Promise<void> {
    const { clock, keyspace, report } = this.#options;
    this.#hashing = true;
    const begin = clock.monotonic();
    try {
      const { hash } = await hashKeyspace(keyspace(), 0, clock);
      this.#hashMs = clock.monotonic() - begin;
      await report(id, hash);
    } catch {
      // No leader, or this peer stops: the next check tells.
    } finally {
      this.#hashing = false;
    }
  }

  #tick(): void {
    const { clock, members, isUnderstood, check } = this.#options;
    const now = clock.monotonic();
    const intervalMs = Math.max(INTERVAL_MS, this.#hashMs / MAX_SHARE);
    if (!this.#leading || !isUnderstood() || members().count < 2 || now - this.#checkedAt < intervalMs) return;
    this.#checkedAt = now;
    check(clock.now()).catch(() => {});
  }
}
