import {
  type Configuration,
  decodeConfiguration,
  type Effects,
  type Entry,
  type RaftStatus,
} from '../../raft/index.ts';
import { check } from '../violation.ts';
import type { ObservedPeer } from './observed-peer.ts';

/**
 * The rules of membership changes (§6; thesis §4): one change under way at most, each from one configuration to one
 * whose majorities overlap with its own, in effect exactly from its commit on; only voters stand and lead.
 */
export class MembershipChecker {
  /** Committed configurations, by ascending index. */
  readonly #committed: { index: number; configuration: Configuration }[] = [];

  /** Configurations found to equal a committed one: steps that change them are few. */
  readonly #equal = new WeakMap<Configuration, Configuration>();

  /** The configuration committed last. */
  get latest(): Configuration | undefined {
    return this.#committed.at(-1)?.configuration;
  }

  /** Configurations that were committed in the whole run. */
  get changes(): number {
    return this.#committed.length;
  }

  committed({ index, kind, data }: Entry): void {
    if (kind !== 'configuration') return;
    this.#committed.push({ index, configuration: decodeConfiguration(data)! });
    this.#committed.sort((a, b) => a.index - b.index);
  }

  observe(peer: ObservedPeer, after: RaftStatus, effects: Effects): void {
    this.#inEffect(peer, after);
    const { configuration, role, commit, lastIndex } = after;
    const isVoter = [...configuration.voters, ...configuration.votersOutgoing].includes(peer.id);
    // A leader that is removed goes on until the others know, and takes nothing new.
    const isLeaving = role === 'leader' && commit < lastIndex;
    check(role === 'follower' || isVoter || isLeaving, () => `${peer.name} is ${role}, and no voter`);
    if (!effects.entries.some(({ kind }) => kind === 'configuration')) return;
    const pending: Entry[] = [];
    for (let index = Math.max(commit, peer.log.baseIndex) + 1; index <= lastIndex; index++) {
      const entry = peer.log.entry(index)!;
      if (entry.kind === 'configuration') pending.push(entry);
    }
    check(pending.length <= 1, () => `${peer.name} holds ${pending.length} changes that are not committed`);
    if (pending.length === 1 && role === 'leader') {
      const next = decodeConfiguration(pending[0]!.data)!;
      check(isSafeStep(configuration, next), () => `${peer.name} proposes an unsafe step to ${JSON.stringify(next)}`);
    }
  }

  /** The configuration followed is the last one committed, as far as the peer knows. */
  #inEffect(peer: ObservedPeer, { commit, configuration }: RaftStatus): void {
    const last = this.#committed.findLast(({ index }) => index <= commit);
    if (!last || this.#equal.get(configuration) === last.configuration) return;
    check(
      JSON.stringify(configuration) === JSON.stringify(last.configuration),
      () => `${peer.name} follows another configuration than that of entry ${last.index}`,
    );
    this.#equal.set(configuration, last.configuration);
  }
}

function isSafeStep(before: Configuration, after: Configuration): boolean {
  const [a, b] = [before, after].map(({ voters }) => new Set(voters)) as [Set<number>, Set<number>];
  if (before.votersOutgoing.length > 0) return after.votersOutgoing.length === 0 && a.symmetricDifference(b).size === 0;
  if (after.votersOutgoing.length > 0) return new Set(after.votersOutgoing).symmetricDifference(a).size === 0;
  return a.symmetricDifference(b).size <= 1;
}
