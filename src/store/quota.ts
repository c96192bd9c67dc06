import { type Command, LEASE_GRANT, type OperationCommand, PUT, TXN } from './command.ts';
import { NoSpaceError } from './errors.ts';
import type { Keyspace } from './keyspace.ts';
import type { LeaseTable } from './leases.ts';
import type { SpaceUsage } from './types.ts';

/** All of the store is in memory. */
export const DEFAULT_QUOTA_BYTES = 2 * 1024 ** 3;

/** A full store takes writes again below this share of its quota, so that it does not flap at the edge. */
const FREE_AGAIN = 0.95;
/** About what a live key costs beside its own bytes and its value's: version, place in the index, strings' headers. */
const KEY_OVERHEAD = 200;
const LEASE_OVERHEAD = 200;
/** Compacted writes whose memory is given back at each look at a full store. */
const CLEAN_AT_ONCE = 4096;

/** The part of the state that counts towards the quota. */
export interface Occupied {
  readonly keyspace: Keyspace;
  readonly leases: LeaseTable;
}

/**
 * Bounds the memory that keys and history take, by refusing writes before they are proposed. Not when they are applied:
 * peers may have different quotas, and give compacted memory back at different moments, so they would not agree. What is
 * under way when the store becomes full still comes in, which the replica's bound on waiting commands limits.
 */
export class Quota {
  readonly #state: Occupied;
  readonly #limit: number;
  #full = false;

  /** `limit` in bytes. */
  constructor(state: Occupied, limit: number) {
    this.#state = state;
    this.#limit = limit;
  }

  usage(): SpaceUsage {
    let used = this.#used();
    if (this.#full || used >= this.#limit) {
      // Cleaning goes along with applied writes otherwise, of which a full store sees none.
      this.#state.keyspace.clean(CLEAN_AT_ONCE);
      used = this.#used();
    }
    this.#full = used >= this.#limit * (this.#full ? FREE_AGAIN : 1);
    return { used, quota: this.#limit, full: this.#full };
  }

  /** Throws NO_SPACE when the store is full and the command could add to it. */
  check(command: Command): void {
    if (!adds(command)) return;
    const { used, quota, full } = this.usage();
    if (full) throw new NoSpaceError(`the store holds ${used} bytes, ${quota} are allowed (storeQuotaBytes)`);
  }

  #used(): number {
    const { keyspace, leases } = this.#state;
    // What the compacted revision itself superseded stays for watches from there until there is a later revision. When that is
    // all, it must not stand in the way of the write that lets it go.
    const history = keyspace.isClean && keyspace.compactRevision === keyspace.revision ? 0 : keyspace.historyBytes;
    return keyspace.bytes + history + keyspace.size * KEY_OVERHEAD + leases.size * LEASE_OVERHEAD;
  }
}

/** Deletions leave a tombstone, but are the way to make room. */
function adds(command: Command | OperationCommand): boolean {
  if (command[0] === TXN) return command[2].some(adds) || command[3].some(adds);
  return command[0] === PUT || command[0] === LEASE_GRANT;
}
