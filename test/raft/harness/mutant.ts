import { type Planting, plant } from '../../support/mutant.ts';
import type { CreateRaft } from './peer.ts';
import type { Focus } from './run.ts';

/** A bug to plant; `file` is one of src/raft. */
export interface Mutation extends Planting {
  /** The runs that are to find it; any if absent. */
  focus?: Focus;
}

/** The Raft core with a bug planted, in a copy of the source. */
export async function loadMutant(mutation: Mutation): Promise<{ createRaft: CreateRaft } & AsyncDisposable> {
  const copy = await plant({ ...mutation, file: `raft/${mutation.file}` }, ['base', 'raft']);
  const { createRaft } = await copy.load<{ createRaft: CreateRaft }>('raft');
  return { createRaft, [Symbol.asyncDispose]: () => copy[Symbol.asyncDispose]() };
}
