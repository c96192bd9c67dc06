import { acceptVoteRequest, acceptVoteResponse, becomeFollower, hasLiveLeader, startElection } from './election.ts';
import { acceptAppend, acceptHeartbeat, acceptSnapshot } from './follower.ts';
import type { Leading } from './leading.ts';
import { acceptChangeRequest } from './membership.ts';
import { acceptReadAnswer } from './read-index.ts';
import { acceptAppendResponse, acceptHeartbeatResponse, propose } from './replication.ts';
import type { RaftState } from './state.ts';
import { type Message, NONE, type PeerId } from './types.ts';
import { isWellFormed } from './well-formed.ts';

/** Takes in what another peer sent. It may be late, repeated, or from a peer that was removed. */
export function takeMessage(state: RaftState, message: Message): void {
  if (message.to !== state.id || message.from === state.id || !isWellFormed(message)) return;
  if (!checkTerm(state, message)) return;
  switch (state.role) {
    case 'leader':
      stepLeader(state, state.leading!, message);
      break;
    case 'follower':
      stepFollower(state, message);
      break;
    case 'candidate':
    case 'pre-candidate':
      stepCandidate(state, message);
      break;
  }
}

/** The one place where terms are compared. Returns whether the message is to be considered further. */
function checkTerm(state: RaftState, message: Message): boolean {
  const { type, from, term } = message;
  // What followers ask of a leader holds in any term.
  if (type === 'propose' || type === 'read-index' || type === 'change-membership') return true;
  if (term < state.term) {
    answerStale(state, message);
    return false;
  }
  if (term === state.term) return true;
  const isForced = type === 'vote' && message.transfer;
  if ((type === 'pre-vote' || type === 'vote') && !isForced && hasLiveLeader(state)) return false;
  if (type === 'pre-vote' || (type === 'pre-vote-response' && message.granted)) {
    // A term that may never begin.
    return true;
  }
  // A leader believes that its time is over when it hears so from a member, not from a stranger.
  const isAnswer = type.endsWith('-response') && !isLeadersMessage(message);
  if (isAnswer && state.leading && !state.leading.followers.has(from)) return false;
  becomeFollower(state, term, isLeadersMessage(message) ? from : NONE);
  return true;
}

/** Lets a peer that is behind learn of the term; it would wait in vain for a proper answer. */
function answerStale(state: RaftState, { type, from: to }: Message): void {
  const answer = { from: state.id, to, term: state.term };
  switch (type) {
    case 'pre-vote':
      state.out.send({ type: 'pre-vote-response', ...answer, granted: false });
      break;
    case 'vote':
      state.out.send({ type: 'vote-response', ...answer, granted: false });
      break;
    case 'append':
    case 'heartbeat':
    case 'snapshot':
      state.out.send({ type: 'heartbeat-response', ...answer, readRound: 0 });
      break;
  }
}

/** Only the leader of a term sends these in it. */
function isLeadersMessage({ type }: Message): boolean {
  return (
    type === 'append' ||
    type === 'heartbeat' ||
    type === 'snapshot' ||
    type === 'read-index-response' ||
    type === 'change-membership-response' ||
    type === 'timeout-now'
  );
}

function stepLeader(state: RaftState, leading: Leading, message: Message): void {
  switch (message.type) {
    case 'propose':
      // The proposer hears nothing of a refusal; it proposes again what it doesn't see applied.
      propose(state, leading, message.data);
      break;
    case 'read-index':
      leading.reads.ask(message.from, message.id);
      break;
    case 'change-membership':
      // Not from one who was removed, or who is yet to be added.
      if (leading.followers.has(message.from)) acceptChangeRequest(state, leading, message);
      break;
    case 'append-response':
      acceptAppendResponse(state, leading, message);
      break;
    case 'heartbeat-response':
      acceptHeartbeatResponse(state, leading, message);
      break;
    case 'vote':
    case 'pre-vote':
      acceptVoteRequest(state, message);
      break;
  }
}

function stepFollower(state: RaftState, message: Message): void {
  switch (message.type) {
    case 'append':
      hear(state, message.from);
      acceptAppend(state, message);
      break;
    case 'heartbeat':
      hear(state, message.from);
      acceptHeartbeat(state, message);
      break;
    case 'snapshot':
      hear(state, message.from);
      acceptSnapshot(state, message);
      break;
    case 'read-index-response':
      acceptReadAnswer(state, message.id, message.index);
      break;
    case 'change-membership-response':
      state.out.answerChange(message.id, message.answer);
      break;
    case 'timeout-now':
      if (message.from === state.leader) startElection(state, true);
      break;
    case 'vote':
    case 'pre-vote':
      acceptVoteRequest(state, message);
      break;
  }
}

function stepCandidate(state: RaftState, message: Message): void {
  switch (message.type) {
    case 'append':
    case 'heartbeat':
    case 'snapshot':
      becomeFollower(state, state.term, message.from);
      stepFollower(state, message);
      break;
    case 'vote-response':
    case 'pre-vote-response':
      acceptVoteResponse(state, message);
      break;
    case 'vote':
    case 'pre-vote':
      acceptVoteRequest(state, message);
      break;
  }
}

/** The leader is alive. */
function hear(state: RaftState, leader: PeerId): void {
  if (state.leader === leader) state.electionElapsed = 0;
  else becomeFollower(state, state.term, leader);
}
