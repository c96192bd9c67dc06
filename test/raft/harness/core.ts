import {
  createRaft,
  type Effects,
  type Entry,
  type Message,
  type Raft,
  type RaftOptions,
  type RestoredState,
} from '../../../src/raft/index.ts';
import { configurationOf } from './cluster.ts';

export const defaults: Omit<RaftOptions, 'id'> = {
  electionTicks: 10,
  heartbeatTicks: 2,
  maxAppendBytes: 1000,
  maxInflight: 4,
  maxUncommittedBytes: 100_000,
  random: () => 0,
};

/** A fresh core, to be stepped by hand: one of three voters unless told otherwise. */
export function newCore(options: Partial<RaftOptions> = {}, restored: Partial<RestoredState> = {}): Raft {
  return createRaft(
    { ...defaults, id: 1, ...options },
    {
      hardState: { term: 0, vote: 0, commit: 0 },
      snapshot: { index: 0, term: 0, configuration: configurationOf([1, 2, 3]) },
      entries: [],
      applied: 0,
      ...restored,
    },
  );
}

/** Has peer 1 elected by peer 2; returns what that brings about. */
export function elect(raft: Raft): Effects {
  raft.step({ type: 'campaign' });
  const term = raft.status().term + 1;
  deliver(raft, { type: 'pre-vote-response', from: 2, to: 1, term, granted: true });
  return deliver(raft, { type: 'vote-response', from: 2, to: 1, term, granted: true });
}

/** Leads its three voters, with its first entry committed. */
export function newLeader(options: Partial<RaftOptions> = {}, restored: Partial<RestoredState> = {}): Raft {
  const raft = newCore(options, restored);
  elect(raft);
  acknowledge(raft, 2, raft.status().lastIndex);
  acknowledge(raft, 3, raft.status().lastIndex);
  return raft;
}

export function deliver(raft: Raft, message: Message): Effects {
  return raft.step({ type: 'message', message });
}

/** `from` tells the leader that it holds the log up to `match`. */
export function acknowledge(raft: Raft, from: number, match: number): Effects {
  const { id: to, term } = raft.status();
  return deliver(raft, { type: 'append-response', from, to, term, rejected: false, match, hintIndex: 0, hintTerm: 0 });
}

/** A log whose entries have the given terms, beginning with index `first`. */
export function logOf(terms: readonly number[], first = 1): Entry[] {
  return terms.map((term, at) => ({ index: first + at, term, kind: 'command', data: new Uint8Array([term]) }));
}

export function bytes(count: number): Uint8Array {
  return new Uint8Array(count);
}

/** Those of one type, narrowed. */
export function only<T extends Message['type']>(
  messages: readonly Message[],
  type: T,
): Extract<Message, { type: T }>[] {
  return messages.filter((message) => message.type === type) as Extract<Message, { type: T }>[];
}
