import { type Expiry, TTL_SECONDS } from './expiry.ts';
import type { Exchange } from './interview.ts';

/** How late a lease may expire by itself while nothing is wrong: stores look for those that are over every so often. */
const LATE_MS = 5_000;
/** What clients may be told while servers come and go, or others are quicker. */
const EXPECTED_ERRORS = new Set(['UNAVAILABLE', 'TIMEOUT', 'OVERLOADED', 'COMPACTED', 'LEASE_NOT_FOUND']);
const MAX_DIFFERENCES = 5;

/** What a store made of one round. */
export interface Round {
  exchanges: readonly Exchange[];
  expiry: Expiry;
}

/** The answers of two stores to the same questions; one line for each of the first few that differ. */
export function compareExchanges(ours: readonly Exchange[], theirs: readonly Exchange[]): string[] {
  const differences: string[] = [];
  for (let i = 0; i < Math.max(ours.length, theirs.length); i++) {
    const [mine, other] = [ours[i], theirs[i]];
    if (mine?.answer === other?.answer) continue;
    const question = mine?.question ?? other?.question;
    differences.push(`${question}: Keelson ${mine?.answer ?? 'nothing'}, etcd ${other?.answer ?? 'nothing'}`);
    // From the first one on they are not asked the same any more, and may differ for that alone.
    if (differences.length === MAX_DIFFERENCES) break;
  }
  return differences;
}

/** A lease lasts for as long as was granted, and not for much longer. */
export function judgeExpiry({ lastedMs, grantedTtl }: Expiry): string[] {
  const lasted = `a lease of ${TTL_SECONDS} s, granted for ${grantedTtl} s, lasted ${Math.round(lastedMs)} ms`;
  if (grantedTtl < TTL_SECONDS || lastedMs < grantedTtl * 1_000) return [`lease expiry: ${lasted}: too short`];
  return lastedMs > grantedTtl * 1_000 + LATE_MS ? [`lease expiry: ${lasted}: too long`] : [];
}

/** Errors of a kind that nothing in a run explains. */
export function judgeErrors(errors: ReadonlyMap<string, number>): string[] {
  return [...errors]
    .filter(([code]) => !EXPECTED_ERRORS.has(code))
    .map(([code, count]) => `error classes: clients were told ${code} ${count} times, which nothing here explains`);
}
