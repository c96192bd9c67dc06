import { highestId, isJoint, membersOf } from './configuration.ts';
import { type Configuration, type MemberStep, NONE, type PeerId } from './types.ts';

/**
 * How one configuration becomes another (§6; thesis §4.1, §4.3), pure. Two configurations whose voters differ by one
 * have overlapping majorities, so the step from one to the other is safe by itself. Any other change goes by way of
 * a joint configuration, which needs both majorities.
 */

export type ChangeFault =
  /** Nobody would be left to decide anything. */
  | 'no-voters-left'
  /** Two or more voters change: only a joint configuration is a safe way. */
  | 'not-simple'
  | 'already-joint'
  | 'not-joint'
  /** There are no voters to be the outgoing half. */
  | 'no-voters';

/** Changes one voter at most, and any number of learners. */
export function changeSimply(before: Configuration, steps: readonly MemberStep[]): Configuration | ChangeFault {
  if (isJoint(before)) return 'already-joint';
  const after = apply(before, steps);
  if (after.voters.length === 0) return 'no-voters-left';
  const changed = new Set(before.voters).symmetricDifference(new Set(after.voters));
  return changed.size > 1 ? 'not-simple' : after;
}

/** Begins any change: from now on both the old voters and the new ones must agree. */
export function enterJoint(
  before: Configuration,
  steps: readonly MemberStep[],
  autoLeave: boolean,
): Configuration | ChangeFault {
  if (isJoint(before)) return 'already-joint';
  if (before.voters.length === 0) return 'no-voters';
  const after = apply({ ...before, votersOutgoing: before.voters, autoLeave }, steps);
  return after.voters.length === 0 ? 'no-voters-left' : after;
}

/** Ends the change: the new voters rule alone. */
export function leaveJoint(before: Configuration): Configuration | ChangeFault {
  if (!isJoint(before)) return 'not-joint';
  const { voters, learners, learnersNext } = before;
  return withRest(before, { voters, votersOutgoing: [], learners: [...learners, ...learnersNext], learnersNext: [] });
}

/** The steps in their order; those that change nothing are allowed. */
function apply(before: Configuration, steps: readonly MemberStep[]): Configuration {
  const outgoing = new Set(before.votersOutgoing);
  const voters = new Set(before.voters);
  const learners = new Set(before.learners);
  const learnersNext = new Set(before.learnersNext);
  const promotable = new Set(before.promotable);
  const addresses = { ...before.addresses };
  const leave = (peer: PeerId): void => {
    for (const set of [voters, learners, learnersNext, promotable]) set.delete(peer);
  };
  for (const step of steps) {
    const { type, peer } = step;
    if (peer === NONE) continue;
    switch (type) {
      case 'add-voter':
        leave(peer);
        voters.add(peer);
        break;
      case 'add-learner':
        leave(peer);
        // Whoever votes in the outgoing half can't be a learner as well before that half is gone.
        (outgoing.has(peer) ? learnersNext : learners).add(peer);
        if (step.autoPromote) promotable.add(peer);
        break;
      case 'remove':
        leave(peer);
        break;
      case 'update':
        break;
    }
    if ('address' in step && step.address !== undefined) addresses[peer] = step.address;
  }
  const lists = { voters, votersOutgoing: outgoing, learners, learnersNext, promotable };
  return withRest({ ...before, addresses }, lists);
}

/** Sorts the lists, drops what was noted of those who are members no more, and keeps in mind whose numbers are used. */
function withRest(
  before: Configuration,
  lists: Partial<Record<'voters' | 'votersOutgoing' | 'learners' | 'learnersNext' | 'promotable', Iterable<PeerId>>>,
): Configuration {
  const sorted = (peers: Iterable<PeerId> | undefined): PeerId[] => [...(peers ?? [])].sort((a, b) => a - b);
  const after: Configuration = {
    voters: sorted(lists.voters),
    votersOutgoing: sorted(lists.votersOutgoing),
    learners: sorted(lists.learners),
    learnersNext: sorted(lists.learnersNext),
    autoLeave: sorted(lists.votersOutgoing).length > 0 && before.autoLeave,
  };
  const members = membersOf(after);
  const promotable = sorted(lists.promotable ?? before.promotable);
  const addresses = Object.entries(before.addresses ?? {}).filter(([peer]) => members.has(Number(peer)));
  return {
    ...after,
    ...(promotable.length > 0 && { promotable }),
    ...(addresses.length > 0 && { addresses: Object.fromEntries(addresses) }),
    highestId: Math.max(highestId(before), highestId(after)),
  };
}
