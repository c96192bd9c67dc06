import type { Effects, Input, RaftStatus } from '../../raft/index.ts';
import { check } from '../violation.ts';
import { hasQuorum } from './checker.ts';

/**
 * Of one life of a peer: it begins a term only after a quorum said that it would vote for it, or on the leader's wish
 * (thesis §9.6). Otherwise a peer that was cut off would depose a leader whom all others hear.
 */
export class PreVoteChecker {
  /** By term: who would. */
  readonly #granted = new Map<number, Set<number>>();
  #lastStanding = 0;

  observe(inputs: readonly Input[], before: RaftStatus, after: RaftStatus, effects: Effects): void {
    for (const input of inputs) {
      if (input.type !== 'message') continue;
      const { message } = input;
      if (message.type !== 'pre-vote-response' || !message.granted) continue;
      const granted = this.#granted.get(message.term);
      if (granted === undefined) this.#granted.set(message.term, new Set([message.from]));
      else granted.add(message.from);
    }
    for (const message of effects.messagesAfterPersist) {
      if (message.type !== 'vote' || message.transfer || message.term <= this.#lastStanding) continue;
      const { term } = message;
      this.#lastStanding = term;
      const granted = this.#granted.get(term);
      const consents = (id: number): boolean => id === after.id || granted?.has(id) === true;
      check(
        hasQuorum(before.configuration, consents) || hasQuorum(after.configuration, consents),
        () => `pre-vote: peer ${after.id} stands in term ${term} without the consent of a quorum`,
      );
      this.#granted.clear();
    }
  }
}
