import { changeSimply, enterJoint, leaveJoint } from './change.ts';
import { encodeConfiguration, isJoint, isUsedUp, membersOf } from './configuration.ts';
import { becomeFollower, followConfiguration } from './election.ts';
import type { Leading } from './leading.ts';
import type { Progress } from './progress.ts';
import { append, replicate } from './replication.ts';
import type { RaftState } from './state.ts';
import { mostUpToDate } from './transfer.ts';
import { type ChangeAnswer, type Configuration, type MemberStep, NONE, type PeerId } from './types.ts';

/**
 * Membership changes as the leader makes them (§6; thesis §4). A configuration takes effect where its entry is known
 * to be committed. Safe because no log ever holds two that are not: the leader proposes the next one when the last is
 * committed, and whoever gets that next one learns of the commit in the same message and writes both in one batch.
 *
 * A change is done when one more entry is committed, by the new configuration: then a majority of it follows it, and
 * those who are gone are not needed any more to elect a leader. A leader that was removed goes on until then.
 */

/** A change asked for by this process. */
export function askChange(state: RaftState, id: number, steps: readonly MemberStep[]): void {
  const { leading, leader: to, id: from, term, out } = state;
  if (leading) acceptChangeRequest(state, leading, { from, id, steps });
  else if (to === NONE) out.answerChange(id, { refused: 'not-ready', why: 'no leader is known' });
  else out.send({ type: 'change-membership', from, to, term, id, steps });
}

/** A change asked for by `from`. Proposes it, or answers at once why not. */
export function acceptChangeRequest(
  state: RaftState,
  leading: Leading,
  { from, id, steps }: { from: PeerId; id: number; steps: readonly MemberStep[] },
): void {
  const target = decide(state, leading, steps);
  if ('refused' in target) {
    answer(state, { from, id }, target);
    return;
  }
  propose(state, leading, target);
  leading.changeAsked = { from, id };
}

function answer(state: RaftState, asked: { from: PeerId; id: number }, told: ChangeAnswer): void {
  const { id: from, term } = state;
  const { from: to, id } = asked;
  if (to === from) state.out.answerChange(id, told);
  else state.out.send({ type: 'change-membership-response', from, to, term, id, answer: told });
}

type Refusal = Extract<ChangeAnswer, { refused: unknown }>;

/** The configuration to propose: a joint one if more than one voter changes. */
function decide(state: RaftState, leading: Leading, steps: readonly MemberStep[]): Configuration | Refusal {
  const { configuration, commit } = state;
  if (leading.transfer) return { refused: 'not-ready', why: 'leadership is being handed over' };
  if (commit < leading.openingIndex) return { refused: 'not-ready', why: 'the leader has only just been elected' };
  if (isJoint(configuration) || leading.changeIndex > commit) {
    return { refused: 'under-way', why: 'another change is under way' };
  }
  const fault = faultOfSteps(configuration, steps);
  if (fault) return fault;
  let target = changeSimply(configuration, steps);
  if (target === 'not-simple') target = enterJoint(configuration, steps, true);
  if (typeof target === 'string') return { refused: 'no-voters-left', why: 'no voter would be left' };
  return notCaughtUp(state, leading, target) ?? quorumLost(state, leading, target) ?? target;
}

function propose(state: RaftState, leading: Leading, configuration: Configuration): void {
  append(state, leading, 'configuration', encodeConfiguration(configuration));
  leading.changeIndex = state.log.lastIndex;
}

function faultOfSteps(configuration: Configuration, steps: readonly MemberStep[]): Refusal | undefined {
  const members = membersOf(configuration);
  for (const { type, peer } of steps) {
    const isAdded = type === 'add-voter' || type === 'add-learner';
    if (isAdded && isUsedUp(configuration, peer)) {
      return { refused: 'id-used', why: `${peer} has been given out before: numbers are never used again` };
    }
    if (!isAdded && !members.has(peer)) return { refused: 'unknown-member', why: `there is no member ${peer}` };
  }
  return undefined;
}

/** A learner that is far behind would hold up commits, were its vote needed. */
function notCaughtUp(state: RaftState, leading: Leading, target: Configuration): Refusal | undefined {
  for (const peer of state.configuration.learners) {
    const progress = leading.followers.get(peer);
    if (!target.voters.includes(peer) || isCaughtUp(state, progress)) continue;
    const why = `learner ${peer} holds ${progress?.match ?? 0} of ${state.log.lastIndex} log entries`;
    return { refused: 'not-caught-up', why };
  }
  return undefined;
}

/** A cluster must be able to go on with those who answer now. */
function quorumLost(state: RaftState, leading: Leading, target: Configuration): Refusal | undefined {
  for (const voters of [target.voters, target.votersOutgoing]) {
    const silent = voters.filter((peer) => peer !== state.id && !isInTouch(state, leading, peer));
    const needed = Math.floor(voters.length / 2) + 1;
    if (voters.length === 0 || voters.length - silent.length >= needed) continue;
    const why = `of the voters ${voters.join(', ')} ${needed} are needed, and ${silent.join(', ')} can't be reached`;
    return { refused: 'quorum-lost', why };
  }
  return undefined;
}

function isInTouch({ options }: RaftState, { followers, ticks }: Leading, peer: PeerId): boolean {
  const progress = followers.get(peer);
  if (!progress?.answered) return false;
  return ticks - progress.lastHeard < options.electionTicks;
}

function isCaughtUp({ log }: RaftState, progress: Progress | undefined): boolean {
  return progress?.state === 'replicate' && progress.match * 10 >= log.lastIndex * 9;
}

/** The leader's part after a commit: what is newly in effect is followed, and what that asks for is done. */
export function settleMembership(state: RaftState, leading: Leading, before: Configuration): void {
  if (state.configuration !== before) {
    // Those who leave hear that the change is committed; nobody will tell them later.
    replicate(state, leading);
    followConfiguration(state, leading);
    if (!leavesJoint(state.configuration)) {
      append(state, leading, 'empty');
      leading.changeIndex = state.log.lastIndex;
    }
  }
  if (leading.changeIndex > state.commit) return;
  if (leavesJoint(state.configuration)) {
    propose(state, leading, leaveJoint(state.configuration) as Configuration);
    return;
  }
  if (leading.changeAsked) {
    answer(state, leading.changeAsked, { index: leading.changeIndex });
    leading.changeAsked = undefined;
  }
  if (!state.canVote) abdicate(state, leading);
}

function leavesJoint(configuration: Configuration): boolean {
  return isJoint(configuration) && configuration.autoLeave;
}

/** A leader that was removed has the one who is nearest stand at once, instead of letting a timeout pass. */
function abdicate(state: RaftState, leading: Leading): void {
  const { id: from, term } = state;
  const to = mostUpToDate(state, leading);
  replicate(state, leading);
  if (to !== NONE) state.out.send({ type: 'timeout-now', from, to, term });
  becomeFollower(state, term, NONE);
}

/** Makes a learner a voter if it asked for that and has caught up. Tried again at each tick. */
export function promoteLearners(state: RaftState, leading: Leading): void {
  for (const peer of state.configuration.promotable ?? []) {
    if (!isInTouch(state, leading, peer)) continue;
    const target = decide(state, leading, [{ type: 'add-voter', peer }]);
    if ('refused' in target) continue;
    propose(state, leading, target);
    // One change at a time: the others' turn comes.
    return;
  }
}
