import { check } from '../violation.ts';
import type { Change } from './truth.ts';

interface Grant {
  ttlMs: number;
  /** When the last acknowledged refresh was asked for, in simulated milliseconds. */
  since: number;
  isRevoked: boolean;
  endedAt: number | undefined;
}

export const lockPrefix = 'k/lock/';
export const fencedPrefix = 'k/fenced/';

/**
 * Lease safety: a lock bound to a lease is there for the lease's time to live after each acknowledged refresh. Fencing:
 * what is written under a lock carries the token of whoever holds it at that revision.
 */
export class LeaseChecker {
  readonly #grants = new Map<number, Grant>();
  /** By lock: token and lease of the holder. */
  readonly #holders = new Map<string, { token: number; lease: number } | undefined>();
  /** How fast the fastest clock runs. */
  readonly #maxRate: number;
  readonly #now: () => number;
  checked = 0;

  constructor(maxRate: number, now: () => number) {
    this.#maxRate = maxRate;
    this.#now = now;
  }

  granted(id: number, ttlSeconds: number, calledAt: number): void {
    this.#grants.set(id, { ttlMs: ttlSeconds * 1000, since: calledAt, isRevoked: false, endedAt: undefined });
  }

  refreshed(id: number, calledAt: number): void {
    const grant = this.#grants.get(id);
    if (grant === undefined) return;
    grant.since = Math.max(grant.since, calledAt);
    this.#checkEnd(id, grant);
  }

  /** Its holder is about to give it up. */
  revoking(id: number): void {
    const grant = this.#grants.get(id);
    if (grant !== undefined) grant.isRevoked = true;
  }

  /** A revision, the first time that it is heard of; in order. */
  follow(changes: readonly Change[], isAfterGap: boolean): void {
    if (isAfterGap) this.#holders.clear();
    for (const change of changes) {
      const { key } = change;
      if (key.startsWith(lockPrefix)) this.#followLock(change, key.slice(lockPrefix.length));
      else if (key.startsWith(fencedPrefix)) this.#checkFence(change, key.slice(fencedPrefix.length));
    }
  }

  #followLock({ type, createRevision, lease }: Change, name: string): void {
    if (type === 'put') {
      this.#holders.set(name, { token: createRevision, lease });
      return;
    }
    const holder = this.#holders.get(name);
    this.#holders.set(name, undefined);
    const grant = holder && this.#grants.get(holder.lease);
    if (grant === undefined) return;
    grant.endedAt = this.#now();
    this.#checkEnd(holder!.lease, grant);
  }

  #checkEnd(id: number, { isRevoked, endedAt, since, ttlMs }: Grant): void {
    if (isRevoked || endedAt === undefined) return;
    this.checked += 1;
    const earliest = since + ttlMs / this.#maxRate;
    check(
      endedAt >= earliest,
      () => `lease safety: lease ${id} of ${ttlMs} ms, refreshed at ${since}, ended at ${endedAt}`,
    );
  }

  #checkFence({ value }: Change, name: string): void {
    if (!this.#holders.has(name)) return;
    this.checked += 1;
    const token = this.#holders.get(name)?.token;
    check(Number(value) === token, () => `fencing: ${name} was written with token ${value} while ${token} holds it`);
  }
}
