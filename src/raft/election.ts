import { membersOf } from './configuration.ts';
import { Leading } from './leading.ts';
import { isBoundAfterRestart } from './lease.ts';
import { quorumValue, voteResult } from './quorum.ts';
import { openTerm } from './replication.ts';
import type { RaftState } from './state.ts';
import { type Message, NONE, type PeerId, type Vote } from './types.ts';

/** Who leads: roles and their changes, votes, timers (§5.2, §5.4.1; thesis §6.2, §9.6). */

/** Follows `leader` (NONE: waits for one) in `term`, which must not be an earlier one. */
export function becomeFollower(state: RaftState, term: number, leader: PeerId): void {
  if (term > state.term) state.setTermAndVote(term, NONE);
  state.role = 'follower';
  if (state.leading) {
    forsakeChange(state, state.leading);
    for (const id of state.leading.reads.openFrom(state.id)) state.out.failRead(id);
    state.leading = undefined;
  }
  setLeader(state, leader);
  restartElectionTimer(state);
}

/** Whoever asked for the change under way can't be told what comes of it. */
function forsakeChange(state: RaftState, { changeAsked }: Leading): void {
  if (changeAsked?.from !== state.id) return;
  const why = 'leadership was lost before the change was known to be in effect: it may yet be';
  state.out.answerChange(changeAsked.id, { refused: 'outcome-unknown', why });
}

function setLeader(state: RaftState, leader: PeerId): void {
  if (leader === state.leader) return;
  state.leader = leader;
  for (const id of state.forwardedReads.takeAll()) state.out.failRead(id);
}

function restartElectionTimer(state: RaftState): void {
  const { electionTicks, random } = state.options;
  state.electionElapsed = 0;
  state.electionTimeout = electionTicks + Math.floor(random() * electionTicks);
}

/** Asks whether an election could be won before it disturbs anybody with a new term. */
export function startPreVote(state: RaftState): void {
  if (!state.canVote || state.leading) return;
  stand(state, 'pre-candidate');
}

/** Begins a new term and asks for votes. `transfer`: on the leader's wish, which no lease resists. */
export function startElection(state: RaftState, transfer: boolean): void {
  if (!state.canVote || state.leading) return;
  state.setTermAndVote(state.term + 1, state.id);
  stand(state, 'candidate', transfer);
}

function stand(state: RaftState, role: 'pre-candidate' | 'candidate', transfer = false): void {
  state.role = role;
  setLeader(state, NONE);
  restartElectionTimer(state);
  state.votes = new Map([[state.id, true]]);
  state.isTransfer = transfer;
  requestVotes(state);
  countVotes(state);
}

/** Asks, or asks again, all voters whose answer is unknown. */
function requestVotes(state: RaftState): void {
  const { id: from, log, term, role, configuration } = state;
  const { lastIndex, lastTerm } = log;
  for (const to of new Set([...configuration.voters, ...configuration.votersOutgoing])) {
    if (state.votes.has(to)) continue;
    if (role === 'pre-candidate') {
      state.out.send({ type: 'pre-vote', from, to, term: term + 1, lastIndex, lastTerm });
    } else {
      // After the candidate's own vote is durable: whoever answers may count on it.
      state.out.sendAfterPersist({ type: 'vote', from, to, term, lastIndex, lastTerm, transfer: state.isTransfer });
    }
  }
}

function countVotes(state: RaftState): void {
  const result = voteResult(state.configuration, state.votes);
  if (result === 'lost') becomeFollower(state, state.term, NONE);
  else if (result === 'won' && state.role === 'pre-candidate') startElection(state, false);
  else if (result === 'won') becomeLeader(state);
}

function becomeLeader(state: RaftState): void {
  state.role = 'leader';
  setLeader(state, state.id);
  restartElectionTimer(state);
  // Votes of others were asked for only when the term was durable.
  const termDurable = state.votes.size > 1;
  state.leading = new Leading(state.log.lastIndex + 1, termDurable);
  followConfiguration(state, state.leading);
  openTerm(state, state.leading);
}

/** Replicates to the members that the configuration names now. */
export function followConfiguration(state: RaftState, leading: Leading): void {
  const others = membersOf(state.configuration);
  others.delete(state.id);
  leading.setFollowers(others, state.log.lastIndex + 1);
}

/**
 * Whether this peer knows of a live leader, so that it doesn't listen to candidates: one that was cut
 * off, or removed, must not disturb those who are well (thesis §4.2.3).
 */
export function hasLiveLeader(state: RaftState): boolean {
  if (isBoundAfterRestart(state)) return true;
  // A leader out of touch with the quorum steps down by itself.
  return state.role === 'leader' || (state.leader !== NONE && state.electionElapsed < state.options.electionTicks);
}

/** Answers a candidate whose term is not an earlier one; for a `vote`, the term was adopted already. */
export function acceptVoteRequest(state: RaftState, message: Extract<Message, { type: 'vote' | 'pre-vote' }>): void {
  const { from: to, term, lastIndex, lastTerm } = message;
  const isFree = term > state.term || state.vote === to || (state.vote === NONE && state.leader === NONE);
  const granted = isFree && state.log.isCoveredBy(lastIndex, lastTerm) && !outranks(state, message);
  const { commit, log } = state;
  const vote: Vote = { granted, commit, commitTerm: log.term(commit) };
  const answer = { from: state.id, to, term: granted ? term : state.term, ...vote };
  if (message.type === 'pre-vote') {
    state.out.send({ type: 'pre-vote-response', ...answer });
    return;
  }
  if (granted) {
    state.setTermAndVote(term, to);
    state.electionElapsed = 0;
  }
  state.out.sendAfterPersist({ type: 'vote-response', ...answer });
}

/**
 * Whether this peer stands for the same term with an equal log, and has the higher number. If two that
 * are as good granted each other's pre-vote, they would split the vote, and wait another timeout.
 */
function outranks({ role, id, term, log }: RaftState, rival: Extract<Message, { type: 'vote' | 'pre-vote' }>): boolean {
  if (role !== 'pre-candidate' || rival.type !== 'pre-vote' || rival.term !== term + 1) return false;
  return id > rival.from && log.lastIndex === rival.lastIndex && log.lastTerm === rival.lastTerm;
}

export function acceptVoteResponse(
  state: RaftState,
  message: Extract<Message, { type: 'vote-response' | 'pre-vote-response' }>,
): void {
  const isPreVote = message.type === 'pre-vote-response';
  if (state.role !== (isPreVote ? 'pre-candidate' : 'candidate') || state.votes.has(message.from)) return;
  if (isPreVote && message.granted && message.term !== state.term + 1) return;
  state.votes.set(message.from, message.granted);
  if (!message.granted) learnCommit(state, message);
  if (state.canVote) countVotes(state);
  else becomeFollower(state, state.term, NONE);
}

/** Takes over what a voter knows to be committed. If the entry is in this log too, so is all before it. */
function learnCommit(state: RaftState, { commit = 0, commitTerm }: Vote): void {
  if (commit > state.commit && commitTerm !== undefined && state.log.term(commit) === commitTerm)
    state.commitTo(commit);
}

/** Time passes for whoever doesn't lead. */
export function tickElection(state: RaftState): void {
  const { electionTicks, heartbeatTicks } = state.options;
  for (const id of state.forwardedReads.tick(electionTicks)) state.out.failRead(id);
  state.ticks++;
  state.electionElapsed++;
  if (state.electionElapsed >= state.electionTimeout) {
    setLeader(state, NONE);
    restartElectionTimer(state);
    startPreVote(state);
  } else if (state.role !== 'follower' && state.electionElapsed % heartbeatTicks === 0) {
    // Requests get lost, and a voter may have turned this one down because its lease had a moment to run.
    requestVotes(state);
  }
}

/** Steps down once no quorum was heard for an election timeout; returns whether it did. */
export function checkQuorum(state: RaftState, leading: Leading): boolean {
  const heard = quorumValue(state.configuration, (peer) =>
    peer === state.id ? leading.ticks : (leading.followers.get(peer)?.lastHeard ?? 0),
  );
  if (leading.ticks - heard < state.options.electionTicks) return false;
  becomeFollower(state, state.term, NONE);
  return true;
}
