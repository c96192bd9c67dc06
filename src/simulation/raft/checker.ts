import type { Configuration, Effects, Entry, RaftStatus } from '../../raft/index.ts';
import { check } from '../violation.ts';
import { MembershipChecker } from './membership-checker.ts';
import type { ObservedPeer } from './observed-peer.ts';

interface Known {
  entry: Entry;
  previousTerm: number;
}

/**
 * Sees every step of every peer, and checks the five properties of the Raft paper's figure 3 at each,
 * with more: what is committed lies durably on a quorum, reads are linearizable, and configurations change
 * one safe step at a time (see `MembershipChecker`). It is written against the paper, with nothing of the code it checks.
 */
export class Checker {
  /** By term. */
  readonly #leaders = new Map<number, string>();
  /** By index, then term. */
  readonly #entries: Map<number, Known>[] = [];
  /** By index: the entry's term, and the term in which it was committed. */
  readonly #committed: { term: number; inTerm: number }[] = [];
  /** By index. */
  readonly #applied: { entry: Entry; state: number }[] = [];
  readonly membership = new MembershipChecker();
  /** The highest index known anywhere to be committed. */
  highestCommit = 0;

  constructor(peers: ReadonlyMap<number, ObservedPeer>) {
    this.#peers = peers;
  }

  readonly #peers: ReadonlyMap<number, ObservedPeer>;

  /** A peer made a step; its log already holds what the effects say. */
  observe(peer: ObservedPeer, before: RaftStatus, after: RaftStatus, effects: Effects): void {
    check(after.term >= before.term, () => `${peer.name}: term went back from ${before.term} to ${after.term}`);
    check(after.commit >= before.commit, () => `${peer.name}: commit went back from ${before.commit}`);
    check(after.lastIndex === peer.log.lastIndex, () => `${peer.name}: effects and log disagree on its end`);
    // A peer that elects itself alone leads, and appends, for others only from when its vote is durable.
    // If it dies before, nobody has heard of it, and the term may be used again.
    const isLeader = after.role === 'leader' && peer.durableTerm >= after.term;
    if (isLeader) {
      this.#electionSafety(peer, after.term);
      if (before.role === 'leader' && before.term === after.term) {
        const first = effects.entries[0];
        check(
          !effects.snapshot && (!first || first.index === before.lastIndex + 1),
          () => `leader append-only: ${peer.name} rewrote its log at ${first?.index}`,
        );
        // What harm this does (figure 8) takes five leaders in a row to see.
        check(
          after.commit === before.commit || peer.log.term(after.commit) === after.term,
          () => `${peer.name} commits ${after.commit}, of an earlier term, by counting (§5.4.2)`,
        );
      } else {
        this.#leaderCompleteness(peer, after.term);
      }
    }
    if (isLeader || after.role !== 'leader') for (const entry of effects.entries) this.#logMatching(peer, entry);
    for (let index = Math.max(before.commit, peer.log.baseIndex) + 1; index <= after.commit; index++) {
      this.#commit(peer, index, before.configuration, after.term);
    }
    this.membership.observe(peer, after, effects);
    this.highestCommit = Math.max(this.highestCommit, after.commit);
  }

  /** At most one leader can be elected in a given term. */
  #electionSafety(peer: ObservedPeer, term: number): void {
    const leader = this.#leaders.get(term) ?? peer.name;
    this.#leaders.set(term, leader);
    check(leader === peer.name, () => `election safety: ${leader} and ${peer.name} both lead term ${term}`);
  }

  /**
   * If two logs contain an entry with the same index and term, they are identical up to it: holds if
   * every such pair names one entry with one predecessor.
   */
  #logMatching(peer: ObservedPeer, entry: Entry): void {
    const { index, term } = entry;
    this.#entries[index] ??= new Map();
    const terms = this.#entries[index];
    const previousTerm = peer.log.term(index - 1) ?? -1;
    const known = terms.get(term);
    if (!known) terms.set(term, { entry, previousTerm });
    else {
      check(
        sameEntry(known.entry, entry) && known.previousTerm === previousTerm,
        () => `log matching: ${peer.name} holds another entry ${index} of term ${term}`,
      );
    }
  }

  /** If an entry is committed in a term, it is in the logs of the leaders of all higher terms. */
  #leaderCompleteness(peer: ObservedPeer, term: number): void {
    for (let index = peer.log.baseIndex + 1; index < this.#committed.length; index++) {
      const committed = this.#committed[index];
      if (!committed || committed.inTerm >= term) continue;
      check(
        peer.log.term(index) === committed.term,
        () => `leader completeness: ${peer.name} leads term ${term} without committed entry ${index}`,
      );
    }
  }

  #commit(peer: ObservedPeer, index: number, configuration: Configuration, inTerm: number): void {
    const term = peer.log.term(index)!;
    const known = this.#committed[index];
    if (known) {
      check(known.term === term, () => `${peer.name} commits another entry at ${index}`);
      return;
    }
    // The first to know is the leader, in whose term it is.
    this.#committed[index] = { term, inTerm };
    this.membership.committed(peer.log.entry(index)!);
    check(
      hasQuorum(configuration, (id) => this.#peers.get(id)!.durableTermAt(index) === term),
      () => `${peer.name} commits ${index}, which is not durable on a quorum`,
    );
  }

  /** If a peer has applied an entry at an index, no other ever applies a different one there. */
  applied(peer: ObservedPeer, entry: Entry, state: number): void {
    const { index } = entry;
    const known = this.#applied[index];
    if (!known) this.#applied[index] = { entry, state };
    else {
      check(
        sameEntry(known.entry, entry) && known.state === state,
        () => `state machine safety: ${peer.name} applies another entry at ${index}`,
      );
    }
  }

  /** A snapshot taken over must hold the state that the others have at its index. */
  restored(peer: ObservedPeer, index: number, state: number): void {
    check(this.#applied[index]?.state === state, () => `state machine safety: ${peer.name} restores another state`);
  }
}

function sameEntry(a: Entry, b: Entry): boolean {
  return a === b || (a.term === b.term && a.kind === b.kind && Buffer.compare(a.data, b.data) === 0);
}

export function hasQuorum({ voters, votersOutgoing }: Configuration, holds: (id: number) => boolean): boolean {
  return [voters, votersOutgoing].every(
    (half) => half.length === 0 || half.filter(holds).length >= Math.floor(half.length / 2) + 1,
  );
}
