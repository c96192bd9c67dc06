import type { RaftState } from './state.ts';
import { LogLostError, type Message } from './types.ts';

/** What a follower does with its leader's messages (§5.3, §7). */

/** Takes over entries if they fit the log, and says how far the log is now known to equal the leader's. */
export function acceptAppend(state: RaftState, message: Extract<Message, { type: 'append' }>): void {
  const { log } = state;
  const { previousIndex, previousTerm, entries } = message;
  // Up to the commit index all logs are equal; there is nothing to compare, and maybe nothing left to compare with.
  if (previousIndex >= state.commit && log.term(previousIndex) !== previousTerm) {
    const hintIndex = log.lastIndexUpToTerm(previousIndex, previousTerm);
    respond(state, message, { rejected: true, match: previousIndex, hintIndex, hintTerm: log.term(hintIndex) ?? 0 });
    return;
  }
  for (const entry of entries) {
    if (entry.index <= state.commit || log.term(entry.index) === entry.term) continue;
    if (entry.index <= log.lastIndex) log.truncate(entry.index);
    log.append(entry);
  }
  const last = previousIndex + entries.length;
  state.commitTo(Math.min(message.commit, last));
  acknowledge(state, message, Math.max(last, state.commit));
}

export function acceptHeartbeat(state: RaftState, message: Extract<Message, { type: 'heartbeat' }>): void {
  // The leader tells no more than this peer has acknowledged in this term: durable once, and not to be replaced.
  if (message.commit > state.log.lastIndex) throw new LogLostError(message.commit, state.log.lastIndex);
  state.commitTo(message.commit);
  const { from: to, readRound } = message;
  // Promises nothing about the log, so it need not wait for the disk.
  state.out.send({ type: 'heartbeat-response', from: state.id, to, term: state.term, readRound });
}

/** The content is staged by the host. Takes it over unless the log holds as much already. */
export function acceptSnapshot(state: RaftState, message: Extract<Message, { type: 'snapshot' }>): void {
  const { position } = message;
  if (position.index > state.commit) {
    // A log that holds the position may hold acknowledged entries beyond it, so it must stay.
    if (state.log.term(position.index) === position.term) state.commitTo(position.index);
    else install(state, message);
  }
  acknowledge(state, message, state.commit);
}

function install(state: RaftState, { position }: Extract<Message, { type: 'snapshot' }>): void {
  state.log.reset(position);
  state.snapshot = position;
  state.configuration = position.configuration;
  state.commit = position.index;
  state.handedOut = position.index;
  state.out.snapshot = position;
}

function acknowledge(state: RaftState, to: Message, match: number): void {
  respond(state, to, { rejected: false, match, hintIndex: 0, hintTerm: 0 });
}

function respond(
  state: RaftState,
  { from: to }: Message,
  answer: { rejected: boolean; match: number; hintIndex: number; hintTerm: number },
): void {
  state.out.sendAfterPersist({ type: 'append-response', from: state.id, to, term: state.term, ...answer });
}
