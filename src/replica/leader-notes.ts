import { membersOf, NONE, type PeerId, type Raft } from '../raft/index.ts';
import { decodeNote, encodeNote, type Note } from './batch.ts';
import type { CoreLoop } from './core-loop.ts';
import type { KnownPeers } from './known-peers.ts';
import type { SessionTable } from './sessions.ts';

/** The cluster's version from which on peers' lives are noted: to peers before it the same log would mean another state. */
const LIVES_SINCE = 2;

export interface LeaderNotesContext {
  /** This peer, its present life, and what its software can say. */
  id: PeerId;
  incarnation: number;
  version: number;
  raft: Raft;
  core: CoreLoop;
  knownPeers: KnownPeers;
  /** As applied here. */
  sessions: SessionTable;
}

/**
 * What a leader writes into the log by itself: the cluster's version, once it has heard of every member that it speaks that
 * one; and the lives of members, its own included, as it meets them, so that all come to know them. Each leader notes those
 * anew, as what earlier ones noted may not have come far, or have been dropped from the log.
 */
export class LeaderNotes {
  readonly #context: LeaderNotesContext;
  /** Proposed in this term, by origin. */
  readonly #proposed = new Map<PeerId, number>();
  #term = 0;

  constructor(context: LeaderNotesContext) {
    this.#context = context;
  }

  /** Called whenever there may be something new, and at each tick. */
  update(): void {
    const { id, incarnation, raft, core, knownPeers, sessions } = this.#context;
    const { role, term, configuration } = raft.status();
    if (role !== 'leader') return;
    if (term !== this.#term) this.#proposed.clear();
    this.#term = term;
    const members = [...membersOf(configuration)];
    const notes: Note[] = [];
    const version = this.#spokenByAll(members);
    if (version > sessions.version) notes.push({ origin: NONE, incarnation: version });
    if (sessions.version >= LIVES_SINCE) {
      for (const peer of members) {
        notes.push({ origin: peer, incarnation: peer === id ? incarnation : knownPeers.incarnationOf(peer) });
      }
    }
    const news = notes.filter(({ origin, incarnation }) => incarnation > (this.#proposed.get(origin) ?? 0));
    if (news.length === 0) return;
    for (const { origin, incarnation } of news) this.#proposed.set(origin, incarnation);
    core.step({ type: 'propose', data: news.map(encodeNote) });
  }

  /** These were not taken into the log. */
  refused(data: readonly Uint8Array[]): void {
    for (const each of data) {
      const note = decodeNote(each);
      if (note !== undefined) this.#proposed.delete(note.origin);
    }
  }

  #spokenByAll(members: readonly PeerId[]): number {
    const { id, version, knownPeers } = this.#context;
    return Math.min(...members.map((peer) => (peer === id ? version : knownPeers.versionOf(peer))));
  }
}
