import type { Logger } from '../base/index.ts';
import type { PeerId } from '../raft/index.ts';
import type { Storage, StoreCredential, StoredState } from './storage.ts';
import type { Admission } from './transport.ts';

/**
 * Knows other peers by their stores. Raft counts on it that a peer remembers its votes and its log; one whose data was
 * removed, or replaced by an older copy, does not, and together with the others' trust it could undo what was acknowledged.
 */
export class KnownPeers {
  readonly #storage: Storage;
  readonly #logger: Logger;
  /** Answers are given one after the other: what is being remembered is not known yet. */
  #last: Promise<unknown> = Promise.resolve();
  readonly #founders: readonly PeerId[];
  readonly #known: Map<PeerId, StoreCredential>;

  constructor({ founders, peers }: Pick<StoredState, 'founders' | 'peers'>, storage: Storage, logger: Logger) {
    this.#storage = storage;
    this.#founders = founders;
    this.#known = new Map(peers);
    this.#logger = logger;
  }

  /** Whether the peer is still the one it was; remembers it, durably, before the answer. */
  admit(peer: PeerId, credential: StoreCredential): Promise<Admission> {
    const answer = this.#last.then(() => this.#decide(peer, credential));
    this.#last = answer.catch(() => {});
    return answer;
  }

  async #decide(peer: PeerId, credential: StoreCredential): Promise<Admission> {
    if (!agree(this.#founders, credential.founders)) return 'members-differ';
    const known = this.#known.get(peer);
    if (known !== undefined && !follows(credential, known)) {
      this.#logger.error(
        { peer, known, credential },
        'a peer lost its store, or runs on an older copy of it: not admitted',
      );
      return 'disowned';
    }
    if (known?.incarnation === credential.incarnation) return 'admitted';
    await this.#storage.rememberPeer(peer, credential);
    this.#known.set(peer, credential);
    return 'admitted';
  }
}

/** Who joined later knows no founders, and took over who the members are from the others. */
function agree(ours: readonly PeerId[], theirs: readonly PeerId[]): boolean {
  return ours.length === 0 || theirs.length === 0 || ours.join() === theirs.join();
}

function follows(next: StoreCredential, known: StoreCredential): boolean {
  // A higher incarnation alone says nothing: it follows the clock, on an older copy too.
  return next.store === known.store && (next.incarnation === known.incarnation || next.previous >= known.incarnation);
}
