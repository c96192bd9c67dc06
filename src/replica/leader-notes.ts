import { membersOf, NONE, type PeerId, type Raft } from '../raft/index.ts';
import { encodeNote, type Note } from './batch.ts';
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
 * What a leader writes into the log by itself: the lives of members, its own included, as it meets them, so that all come to
 * know them; and the cluster's version, once it has heard of every member that it speaks that one.
 */
export class LeaderNotes {
  readonly #context: LeaderNotesContext;
  /** Proposed in this term, by origin; one that was lost with leadership is proposed by the next leader. */
  readonly #proposed = new Map<PeerId, number>();
  #term = 0;

  constructor(context: LeaderNotesContext) {
    this.#context = context;
  }

  /** Called whenever there may be something new, and at each tick. */
  update(): void {
    const { id, incarnation, raft, knownPeers, sessions } = this.#context;
    const { role, term, configuration } = raft.status();
    if (role !== 'leader') return;
    if (term !== this.#term) this.#proposed.clear();
    this.#term = term;
    const members = [...membersOf(configuration)];
    this.#note({ origin: NONE, incarnation: this.#spokenByAll(members) });
    if (sessions.version < LIVES_SINCE) return;
    for (const peer of members) {
      this.#note({ origin: peer, incarnation: peer === id ? incarnation : knownPeers.incarnationOf(peer) });
    }
  }

  /** What was proposed may not have been taken. */
  refused(): void {
    this.#proposed.clear();
  }

  #spokenByAll(members: readonly PeerId[]): number {
    const { id, version, knownPeers } = this.#context;
    return Math.min(...members.map((peer) => (peer === id ? version : knownPeers.versionOf(peer))));
  }

  #note(note: Note): void {
    const { core, sessions } = this.#context;
    const { origin, incarnation } = note;
    const known = origin === NONE ? sessions.version : sessions.incarnationOf(origin);
    if (incarnation <= Math.max(known, this.#proposed.get(origin) ?? 0)) return;
    this.#proposed.set(origin, incarnation);
    core.step({ type: 'propose', data: [encodeNote(note)] });
  }
}
