import { initialise } from './initial-state.ts';
import type { ReplicaOptions } from './options.ts';
import { SessionTable } from './sessions.ts';

/**
 * Makes an empty storage that of a peer of a new cluster that begins with a state: each of the members gets the same one, as if it
 * were a snapshot after a first entry. Closes the storage.
 */
export async function seedStorage(
  options: Pick<ReplicaOptions, 'storage' | 'identity' | 'initialMembers' | 'peers' | 'random'>,
  state: AsyncIterable<Uint8Array>,
): Promise<void> {
  const { storage } = options;
  try {
    await storage.load(options.identity);
    const { snapshot } = await initialise(options);
    const position = { ...snapshot, index: 1, term: 1 };
    const staged = await storage.stageSnapshot(position, withoutSessions(state));
    const hardState = { term: 1, vote: 0, commit: 1 };
    await storage.write({ hardState, snapshot: staged, replaceLog: true, entries: [] });
  } finally {
    await storage.close();
  }
}

/** Nobody has proposed anything in the new cluster yet. */
async function* withoutSessions(state: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield new SessionTable().encode();
  yield* state;
}
