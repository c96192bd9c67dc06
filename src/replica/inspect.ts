import { ApplyLoop } from './apply-loop.ts';
import type { Identity, Storage } from './storage.ts';
import type { StateMachine } from './types.ts';

/** What a stopped peer's storage holds. */
export interface Inspection {
  term: number;
  commit: number;
  /** Of the last entry; entries after `commit` may be replaced yet. */
  lastIndex: number;
  /** The last entry that the snapshot covers; 0: there is none. */
  snapshotIndex: number;
}

/**
 * Reads all of a storage, every checksum included, and brings the state machine, which is empty, to where the peer would begin.
 * Resolves with undefined for a peer that never ran; rejects with DATA_CORRUPT, or what the state machine says. Closes the storage.
 */
export async function inspectStorage(
  storage: Storage,
  identity: Identity,
  stateMachine: StateMachine,
): Promise<Inspection | undefined> {
  try {
    const state = await storage.load(identity);
    if (state === undefined) return undefined;
    const { hardState, snapshot, entries } = state;
    const commit = Math.max(hardState.commit, snapshot.index);
    const applied = Promise.withResolvers<void>();
    const ignore = (): void => {};
    const origin = { index: 0, term: 0, configuration: snapshot.configuration };
    const loop = new ApplyLoop(stateMachine, Number.POSITIVE_INFINITY, origin, {
      onBatch: ignore,
      onGap: ignore,
      onEntry: ignore,
      onRestored: ignore,
      onApplied: () => applied.resolve(),
      onFailure: applied.reject,
    });
    const reader = await storage.readSnapshot();
    if (reader !== undefined) await loop.restoreNow(reader);
    const committed = entries.filter(({ index }) => index > loop.position.index && index <= commit);
    if (committed.length > 0) {
      loop.push(committed);
      await applied.promise;
    }
    const lastIndex = entries.at(-1)?.index ?? snapshot.index;
    return { term: hardState.term, commit, lastIndex, snapshotIndex: snapshot.index };
  } finally {
    await storage.close();
  }
}
