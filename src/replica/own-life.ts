import { randomInteger } from '../base/index.ts';
import type { PeerId } from '../raft/index.ts';
import type { ReplicaOptions } from './options.ts';
import type { SessionTable } from './sessions.ts';
import type { Storage, StoreCredential, StoredState } from './storage.ts';

/** Two copies of a store that start within so many milliseconds take different numbers nearly always. */
const SPREAD = 2 ** 16;

/** Begins another life of a peer; durable when it resolves with what the peer shows of it. */
export async function beginLife(
  { storage, clock, random }: Pick<ReplicaOptions, 'storage' | 'clock' | 'random'>,
  { store, founders, lives }: Pick<StoredState, 'store' | 'founders' | 'lives'>,
  version: number,
): Promise<StoreCredential> {
  const previous = lives.at(-1)!;
  // The time, so that a peer whose data was removed does not count anew from where others saw it before.
  const atLeast = Math.max(previous, clock.now()) + 1 + randomInteger(random, SPREAD);
  const incarnation = await storage.beginLife(atLeast);
  return { store, founders, incarnation, previous, lives, version };
}

/** Waits till all know of this life by the log, and remembers that. */
export class OwnLife {
  readonly #id: PeerId;
  readonly #incarnation: number;
  readonly #storage: Storage;
  readonly #sessions: SessionTable;
  #isConfirmed = false;

  constructor(id: PeerId, incarnation: number, storage: Storage, sessions: SessionTable) {
    this.#id = id;
    this.#incarnation = incarnation;
    this.#storage = storage;
    this.#sessions = sessions;
  }

  /** More of the log is applied. Rejects when the storage does. */
  applied(): Promise<void> | undefined {
    if (this.#isConfirmed || this.#sessions.incarnationOf(this.#id) !== this.#incarnation) return undefined;
    this.#isConfirmed = true;
    return this.#storage.confirmLife(this.#incarnation);
  }
}
