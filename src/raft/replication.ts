import type { Leading } from './leading.ts';
import { entryBytes } from './log.ts';
import type { Progress } from './progress.ts';
import { quorumValue } from './quorum.ts';
import type { RaftState } from './state.ts';
import type { Entry, Message } from './types.ts';

/** The leader's side of replication (§5.3, §5.4.2). What a follower does is in follower.ts. */

const NO_DATA: Uint8Array = new Uint8Array(0);
const NO_ENTRIES: readonly Entry[] = Object.freeze([]);

/** Appends this term's first entry, which lets everything before it be committed. */
export function openTerm(state: RaftState, leading: Leading): void {
  for (const entry of state.log.range(state.commit + 1, state.log.lastIndex)) {
    leading.uncommittedBytes += entryBytes(entry);
  }
  append(state, leading, 'empty');
}

/**
 * Appends commands, all or none; undefined when done, else the reason why not. When nothing is
 * uncommitted, any size is taken, so that no single proposal is refused for ever.
 */
export function propose(
  state: RaftState,
  leading: Leading,
  data: readonly Uint8Array[],
): 'overloaded' | 'transferring' | undefined {
  // A leader that was removed is about to go.
  if (leading.transfer || !state.canVote) return 'transferring';
  let bytes = 0;
  for (const each of data) bytes += each.byteLength;
  const total = leading.uncommittedBytes + bytes;
  if (leading.uncommittedBytes > 0 && total > state.options.maxUncommittedBytes) return 'overloaded';
  for (const each of data) append(state, leading, 'command', each);
  return undefined;
}

/** Appends an entry of this term. */
export function append(state: RaftState, leading: Leading, kind: Entry['kind'], data: Uint8Array = NO_DATA): void {
  const entry: Entry = { index: state.log.lastIndex + 1, term: state.term, kind, data };
  state.log.append(entry);
  leading.uncommittedBytes += entryBytes(entry);
}

/** The leader's own log is durable up to `index`. */
export function persistedAsLeader(state: RaftState, leading: Leading, index: number, term: number): void {
  // A report about entries replaced since fits no entry. Earlier terms' entries don't count here anyhow.
  if (state.log.term(index) !== term || term !== state.term) return;
  leading.termDurable = true;
  leading.durableIndex = Math.max(leading.durableIndex, index);
}

export function acceptAppendResponse(
  state: RaftState,
  leading: Leading,
  message: Extract<Message, { type: 'append-response' }>,
): void {
  const progress = leading.followers.get(message.from);
  if (!progress || message.match > state.log.lastIndex) return;
  progress.heard(leading.ticks);
  if (message.rejected) {
    progress.refused(message.match, state.log.lastIndexUpToTerm(message.hintIndex, message.hintTerm));
  } else {
    progress.acknowledged(message.match, state.log.firstIndex);
  }
}

export function acceptHeartbeatResponse(
  state: RaftState,
  leading: Leading,
  message: Extract<Message, { type: 'heartbeat-response' }>,
): void {
  const progress = leading.followers.get(message.from);
  if (!progress || message.readRound > leading.reads.round) return;
  progress.readRound = Math.max(progress.readRound, message.readRound);
  progress.alive(leading.ticks, state.log.lastIndex);
}

/** Commits what a quorum holds durably: only entries of this term by counting, earlier ones with them (§5.4.2). */
export function advanceCommit(state: RaftState, leading: Leading): void {
  const reached = quorumValue(state.configuration, (peer) =>
    peer === state.id ? leading.durableIndex : (leading.followers.get(peer)?.match ?? 0),
  );
  if (reached <= state.commit || state.log.term(reached) !== state.term) return;
  for (const entry of state.log.range(state.commit + 1, reached)) leading.uncommittedBytes -= entryBytes(entry);
  state.commitTo(reached);
}

/** Sends every follower what it can take: entries, news of the commit index, or a snapshot. */
export function replicate(state: RaftState, leading: Leading): void {
  for (const progress of leading.followers.values()) {
    while (isDue(state, progress)) if (!sendAppend(state, leading, progress)) break;
  }
}

function isDue(state: RaftState, progress: Progress): boolean {
  switch (progress.state) {
    case 'snapshot':
      return false;
    case 'probe':
      return !progress.paused;
    case 'replicate':
      return (
        hasRoom(state, progress) ||
        progress.verify ||
        // Tell of commits at once: peers answer their clients when they have applied.
        progress.toldCommit < Math.min(state.commit, progress.next - 1)
      );
  }
}

function hasRoom(state: RaftState, progress: Progress): boolean {
  return progress.next <= state.log.lastIndex && progress.inflight < state.options.maxInflight;
}

/** Returns false when a snapshot is needed instead. */
function sendAppend(state: RaftState, leading: Leading, progress: Progress): boolean {
  const { log, commit, id, term, options } = state;
  const previousIndex = progress.next - 1;
  const previousTerm = log.term(previousIndex);
  if (previousTerm === undefined) {
    progress.snapshotStarted(state.snapshot.index);
    const { snapshot: position } = state;
    state.out.sendSnapshot({ type: 'snapshot', from: id, to: progress.peer, term, position });
    return false;
  }
  const room = progress.state === 'probe' || hasRoom(state, progress);
  const entries = room ? log.slice(progress.next, options.maxAppendBytes) : NO_ENTRIES;
  progress.sent(previousIndex + entries.length, commit);
  send(state, leading, {
    type: 'append',
    from: id,
    to: progress.peer,
    term,
    previousIndex,
    previousTerm,
    entries,
    commit,
  });
  return true;
}

/** Heartbeats carry the commit index as far as the follower is known to hold it, and the read round. */
export function broadcastHeartbeat(state: RaftState, leading: Leading): void {
  leading.heartbeatDue = false;
  leading.ticksSinceHeartbeat = 0;
  const { id, term, commit, options } = state;
  if (options.lease) {
    leading.reads.round++;
    leading.lease.sent(leading.reads.round, options.lease.now());
  }
  for (const { peer, match } of leading.followers.values()) {
    send(state, leading, {
      type: 'heartbeat',
      from: id,
      to: peer,
      term,
      commit: Math.min(match, commit),
      readRound: leading.reads.round,
    });
  }
}

/** A leader that elected itself alone may have followers (learners) before its vote is durable. */
function send(state: RaftState, leading: Leading, message: Message): void {
  if (leading.termDurable) state.out.send(message);
  else state.out.sendAfterPersist(message);
}
