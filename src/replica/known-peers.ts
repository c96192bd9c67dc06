import type { Logger } from '../base/index.ts';
import type { PeerId } from '../raft/index.ts';
import type { Storage, StoreCredential } from './storage.ts';

/**
 * Knows other peers by their stores. Raft counts on it that a peer remembers its votes and its log; one whose data was
 * removed, or replaced by an older copy, does not, and together with the others' trust it could undo what was acknowledged.
 */
export class KnownPeers {
  readonly #storage: Storage;
  readonly #logger: Logger;
  readonly #known: Map<PeerId, StoreCredential>;

  constructor(storage: Storage, known: ReadonlyMap<PeerId, StoreCredential>, logger: Logger) {
    this.#storage = storage;
    this.#known = new Map(known);
    this.#logger = logger;
  }

  /** Whether the peer is still the one it was; remembers it, durably, before the answer. */
  async admit(peer: PeerId, credential: StoreCredential): Promise<boolean> {
    const known = this.#known.get(peer);
    if (known !== undefined && !follows(credential, known)) {
      this.#logger.error(
        { peer, known, credential },
        'a peer lost its store, or runs on an older copy of it: not admitted',
      );
      return false;
    }
    if (known?.incarnation === credential.incarnation) return true;
    this.#known.set(peer, credential);
    await this.#storage.rememberPeer(peer, credential);
    return true;
  }
}

function follows(next: StoreCredential, known: StoreCredential): boolean {
  // A higher incarnation alone says nothing: it follows the clock, on an older copy too.
  return next.store === known.store && (next.incarnation === known.incarnation || next.previous >= known.incarnation);
}
