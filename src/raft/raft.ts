import { assert, unreachable } from '../base/index.ts';
import { becomeFollower, checkQuorum, hasLiveLeader, startPreVote, tickElection } from './election.ts';
import type { Leading } from './leading.ts';
import { askChange, promoteLearners, settleMembership } from './membership.ts';
import { takeMessage } from './message.ts';
import { answerReads, askRead, openReadRound } from './read-index.ts';
import { advanceCommit, broadcastHeartbeat, persistedAsLeader, propose, replicate } from './replication.ts';
import { RaftState } from './state.ts';
import { continueTransfer, startTransfer, tickTransfer } from './transfer.ts';
import {
  type Effects,
  type Entry,
  type Input,
  NONE,
  type Raft,
  type RaftOptions,
  type RaftStatus,
  type RestoredState,
} from './types.ts';

/** A peer that resumes from what was durable when it stopped. It is a follower until it is timed out. */
export function createRaft(options: RaftOptions, restored: RestoredState): Raft {
  return new RaftNode(options, restored);
}

class RaftNode implements Raft {
  readonly #state: RaftState;
  /** As last told to the host. */
  #told: Pick<RaftStatus, 'role' | 'term' | 'leader' | 'configuration'>;

  constructor(options: RaftOptions, restored: RestoredState) {
    const state = new RaftState(options, restored);
    becomeFollower(state, state.term, NONE);
    this.#state = state;
    const { role, term, leader, configuration } = state;
    this.#told = { role, term, leader, configuration };
  }

  step(input: Input): Effects {
    takeIn(this.#state, input);
    return this.#settle();
  }

  stepAll(inputs: readonly Input[]): Effects {
    for (const input of inputs) takeIn(this.#state, input);
    return this.#settle();
  }

  status(): RaftStatus {
    return this.#state.status();
  }

  progress(): ReturnType<Raft['progress']> {
    return this.#state.leading?.followers ?? new Map();
  }

  /** Draws the conclusions of what was taken in, once for all inputs that came together. */
  #settle(): Effects {
    const state = this.#state;
    const { log, out } = state;
    if (state.leading) advanceAsLeader(state, state.leading);
    const committed = handOut(state);
    if (state.leading) sendAsLeader(state, state.leading);
    const entries = log.takeUnsaved();
    const mustWrite = out.hardStateChanged || entries.length > 0 || out.snapshot !== undefined;
    const { term, vote, commit } = state;
    return out.take({
      hardState: mustWrite ? { term, vote, commit } : undefined,
      entries,
      committed,
      status: this.#news(),
    });
  }

  #news(): RaftStatus | undefined {
    const { role, term, leader, configuration } = this.#state;
    const told = this.#told;
    if (role === told.role && term === told.term && leader === told.leader && configuration === told.configuration) {
      return undefined;
    }
    this.#told = { role, term, leader, configuration };
    return this.#state.status();
  }
}

function takeIn(state: RaftState, input: Input): void {
  const { leading } = state;
  switch (input.type) {
    case 'tick':
      if (leading) tickLeader(state, leading);
      else tickElection(state);
      break;
    case 'message':
      takeMessage(state, input.message);
      break;
    case 'propose':
      takeProposal(state, input.data);
      break;
    case 'read-index':
      askRead(state, input.id);
      break;
    case 'persisted':
      if (leading) persistedAsLeader(state, leading, input.index, input.term);
      break;
    case 'applied':
      assert(input.index <= state.handedOut, `applied ${input.index} was never handed out`);
      state.applied = Math.max(state.applied, input.index);
      break;
    case 'snapshot-taken':
      assert(input.position.index <= state.handedOut, `snapshot at ${input.position.index} was never handed out`);
      if (input.position.index > state.snapshot.index) state.snapshot = input.position;
      state.log.compact(Math.min(input.compactIndex, state.snapshot.index));
      break;
    case 'snapshot-sent':
      leading?.followers.get(input.peer)?.snapshotEnded(input.ok);
      break;
    case 'unreachable':
      leading?.followers.get(input.peer)?.unreachable();
      break;
    case 'campaign':
      // A promise to the leader binds whatever the host wishes.
      if (!state.options.lease || !hasLiveLeader(state)) startPreVote(state);
      break;
    case 'transfer-leadership':
      if (leading) startTransfer(state, leading, input.to);
      break;
    case 'change-membership':
      askChange(state, input.id, input.steps);
      break;
    default:
      unreachable(input);
  }
}

function takeProposal(state: RaftState, data: readonly Uint8Array[]): void {
  const { id, term, leader, leading, out } = state;
  if (leading) {
    const reason = propose(state, leading, data);
    if (reason) out.reject(data, reason);
  } else if (leader === NONE) {
    out.reject(data, 'no-leader');
  } else {
    out.send({ type: 'propose', from: id, to: leader, term, data });
  }
}

function tickLeader(state: RaftState, leading: Leading): void {
  leading.ticks++;
  if (checkQuorum(state, leading)) return;
  tickTransfer(state, leading);
  promoteLearners(state, leading);
  leading.ticksSinceHeartbeat++;
  if (leading.ticksSinceHeartbeat >= state.options.heartbeatTicks) leading.heartbeatDue = true;
}

/** Commits what a quorum holds, and follows the configuration that came into effect by it. */
function advanceAsLeader(state: RaftState, leading: Leading): void {
  const before = state.configuration;
  advanceCommit(state, leading);
  settleMembership(state, leading, before);
}

/** The leader's end of a step: everything that the step made due goes out. */
function sendAsLeader(state: RaftState, leading: Leading): void {
  openReadRound(state, leading);
  replicate(state, leading);
  if (leading.heartbeatDue) broadcastHeartbeat(state, leading);
  answerReads(state, leading);
  continueTransfer(state, leading);
}

/** What is newly committed, to be applied. */
function handOut(state: RaftState): readonly Entry[] {
  const committed = state.log.range(state.handedOut + 1, state.commit);
  state.handedOut = state.commit;
  return committed;
}
