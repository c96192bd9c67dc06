import type { Logger } from '../base/index.ts';
import type { Entry, PeerId } from '../raft/index.ts';
import { decodeNote } from './batch.ts';
import type { SessionTable } from './sessions.ts';
import type { Storage, StoreCredential, StoredState } from './storage.ts';
import type { Admission } from './transport.ts';
import { FIRST_VERSION } from './version.ts';

export interface KnownPeersContext {
  storage: Storage;
  /** The state as far as it is applied. */
  sessions: SessionTable;
  logger: Logger;
  /** A peer that was let in would not be any more. */
  onDoubt(peer: PeerId): void;
}

/**
 * Knows other peers by their stores. Raft counts on it that a peer remembers its votes and its log; one whose data was
 * removed, or replaced by an older copy, does not, and together with the others' trust it could undo what was acknowledged.
 *
 * A peer's store tells its starts apart: each is a *life* with a number of its own, and the peer shows which ones came before,
 * back to one that it knows the others to know. An older copy, from before life L began, can't show L, however often it was
 * started since, and is refused by whoever knows of L: who
 * - was met by the peer in L, or in a later life (remembered durably before the peer is listened to), or
 * - holds the leader's note of L, in its log, committed or not, or in its state. A leader that listens to a life appends
 *   the note before it counts anything that it says, or at the latest when it takes proposals again.
 *
 * What that guarantees. Say, with the help of life L an entry was committed (or a leader elected), and an older copy of that
 * peer's store is put back. It can do harm only in a majority that has nobody else in common with the one of then. If one of
 * its other members held the note, it would neither listen to the copy nor, by Raft's rule for votes, help anybody to lead
 * who lacks what was committed after the note. So the copy does harm only where all others of a majority lack the note: they
 * were out of reach of every leader ever since L was met, and not met by the peer itself either. (A majority of the members
 * that they know; the members may have changed since.) Of three peers: one was down or cut off since before the second
 * one's last start, the third is down now, and an older copy of the second one's store is put back.
 *
 * What it does not. In that case nobody who is up could know: the two see what they would see after an ordinary outage of all
 * three, and to refuse then would be to stand still whenever two of three had restarted apart. So for it, and when most
 * peers' stores are put back from older copies at once, there is no protection. Nor is there for a copy of the present life,
 * taken while the peer ran and put back without a start in between; but a leader of the time notices that, when the log
 * lacks what was acknowledged to it (LogLostError).
 *
 * Nothing waits for a note: a cluster that starts elects its leader first, and with a minority down the others go on.
 */
export class KnownPeers {
  readonly #storage: Storage;
  readonly #sessions: SessionTable;
  readonly #logger: Logger;
  readonly #onDoubt: (peer: PeerId) => void;
  /** Answers are given one after the other: what is being remembered is not known yet. */
  #last: Promise<unknown> = Promise.resolve();
  readonly #founders: readonly PeerId[];
  /** As they came here. */
  readonly #met: Map<PeerId, StoreCredential>;
  /** Lives by notes in the log, applied or not. One that is cut off the log was true all the same. */
  readonly #noted = new Map<PeerId, number>();

  constructor(
    { founders, peers, entries }: Pick<StoredState, 'founders' | 'peers' | 'entries'>,
    context: KnownPeersContext,
  ) {
    this.#storage = context.storage;
    this.#sessions = context.sessions;
    this.#logger = context.logger;
    this.#onDoubt = context.onDoubt;
    this.#founders = founders;
    this.#met = new Map(peers);
    this.learn(entries);
  }

  /** The latest life in which a peer came here; 0 for none. */
  incarnationOf(peer: PeerId): number {
    return this.#met.get(peer)?.incarnation ?? 0;
  }

  /** What a peer's software can say in the log; 0 as long as it never came. */
  versionOf(peer: PeerId): number {
    const met = this.#met.get(peer);
    return met === undefined ? 0 : (met.version ?? FIRST_VERSION);
  }

  /** These have come into the log. */
  learn(entries: readonly Entry[]): void {
    for (const { kind, data } of entries) {
      const note = kind === 'command' ? decodeNote(data) : undefined;
      if (note === undefined) continue;
      this.#noted.set(note.origin, Math.max(note.incarnation, this.#noted.get(note.origin) ?? 0));
      this.#review(note.origin);
    }
  }

  /** The state was replaced, and `sessions` with it. */
  reviewAll(): void {
    for (const peer of this.#met.keys()) this.#review(peer);
  }

  /** Whether the peer is still the one it was; remembers it, durably, before the answer. */
  admit(peer: PeerId, credential: StoreCredential): Promise<Admission> {
    const answer = this.#last.then(() => this.#decide(peer, credential));
    this.#last = answer.catch(() => {});
    return answer;
  }

  async #decide(peer: PeerId, credential: StoreCredential): Promise<Admission> {
    if (!agree(this.#founders, credential.founders)) return 'members-differ';
    if ((credential.version ?? FIRST_VERSION) < this.#sessions.version) return 'too-old';
    if (!this.#isLatest(peer, credential)) return this.#disown(peer, credential);
    if (this.incarnationOf(peer) === credential.incarnation) return 'admitted';
    await this.#storage.rememberPeer(peer, credential);
    this.#met.set(peer, credential);
    // The log may have told of a life meanwhile.
    return this.#isLatest(peer, credential) ? 'admitted' : this.#disown(peer, credential);
  }

  /** Whoever was let in before the log told of a later life must come again, and is not let in. */
  #review(peer: PeerId): void {
    const met = this.#met.get(peer);
    if (met !== undefined && !this.#isLatest(peer, met)) this.#onDoubt(peer);
  }

  #disown(peer: PeerId, credential: StoreCredential): Admission {
    this.#logger.error(
      { peer, met: this.#met.get(peer), noted: this.#notedLife(peer), credential },
      'a peer lost its store, or runs on an older copy of it: not admitted',
    );
    return 'disowned';
  }

  #notedLife(peer: PeerId): number {
    return Math.max(this.#noted.get(peer) ?? 0, this.#sessions.incarnationOf(peer));
  }

  #isLatest(peer: PeerId, credential: StoreCredential): boolean {
    const met = this.#met.get(peer);
    if (met !== undefined && (met.store !== credential.store || !follows(credential, met.incarnation))) return false;
    return follows(credential, this.#notedLife(peer));
  }
}

/** Who joined later knows no founders, and took over who the members are from the others. */
function agree(ours: readonly PeerId[], theirs: readonly PeerId[]): boolean {
  return ours.length === 0 || theirs.length === 0 || ours.join() === theirs.join();
}

/** Whether a start is that of the life known, or came after it on the same store. */
function follows({ incarnation, previous, lives = [previous] }: StoreCredential, known: number): boolean {
  // Higher numbers alone say nothing: they follow the clock, on an older copy too. Only what was confirmed is sure to have
  // come after all that is lower.
  return incarnation === known || lives.includes(known) || known <= (lives[0] ?? 0);
}
