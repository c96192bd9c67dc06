import type { Leading } from './leading.ts';
import type { RaftState } from './state.ts';

/** The leader's side of a lease: when the heartbeats were sent that a quorum has answered (see `LeaseOptions`). */
export class Lease {
  /** Of rounds not confirmed yet, ascending. */
  readonly #sent: { round: number; at: number }[] = [];
  #from = Number.NEGATIVE_INFINITY;
  /** A follower was told to stand, and does so whenever that reaches it: nothing is promised in this term any more. */
  #forfeited = false;

  /** Heartbeats of `round` go out now. */
  sent(round: number, now: number): void {
    this.#sent.push({ round, at: now });
  }

  /** A quorum has answered rounds up to `round`. */
  confirmed(round: number): void {
    while (this.#sent.length > 0 && this.#sent[0]!.round <= round) this.#from = this.#sent.shift()!.at;
  }

  forfeit(): void {
    this.#forfeited = true;
  }

  holds(now: number, durationMs: number): boolean {
    return !this.#forfeited && now - this.#from < durationMs;
  }
}

/** Whether the leader may answer reads alone, right now. */
export function holdsLease({ options: { lease } }: RaftState, leading: Leading): boolean {
  return lease !== undefined && leading.lease.holds(lease.now(), lease.durationMs);
}

/**
 * The followers' side: whether this peer may be bound by a promise to a leader that it doesn't remember. Whoever has
 * been in a term before sits still for as long as its last promise can hold.
 */
export function isBoundAfterRestart({ options, ticks, startTerm }: RaftState): boolean {
  return options.lease !== undefined && startTerm > 0 && ticks < options.electionTicks;
}
