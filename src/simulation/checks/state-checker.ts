import type { StateMachine } from '../../replica/index.ts';
import { check } from '../violation.ts';

/** Revisions only grow, and every peer answers the commands of an entry alike: its state is that of the others. */
export class StateChecker {
  /** By index: a digest of the results. */
  readonly #known: number[] = [];
  readonly #fail: (violation: unknown) => void;
  /** Entries applied on all peers. */
  checked = 0;

  constructor(fail: (violation: unknown) => void) {
    this.#fail = fail;
  }

  /** The state machine of one life of a peer, looked at. */
  observe(machine: StateMachine, name: string): StateMachine {
    let revision = 0;
    return {
      apply: (commands, index) => {
        const results = machine.apply(commands, index);
        try {
          revision = this.#check(results, index, revision, name);
        } catch (violation) {
          this.#fail(violation);
        }
        return results;
      },
      snapshot: () => machine.snapshot(),
      restore: async (chunks) => {
        await machine.restore(chunks);
      },
    };
  }

  #check(results: readonly unknown[], index: number, before: number, name: string): number {
    this.checked += 1;
    let revision = before;
    let digest = results.length;
    for (const result of results) {
      digest = Math.imul(digest, 31) + digestOf(result);
      const next = (result as { revision?: number } | undefined)?.revision;
      if (next === undefined) continue;
      check(next >= revision, () => `revision monotony: ${name} went back from ${revision} to ${next}`);
      revision = next;
    }
    digest |= 0;
    const known = this.#known[index];
    if (known === undefined) this.#known[index] = digest;
    else check(known === digest, () => `state machine safety: ${name} answers entry ${index} unlike the others`);
    return revision;
  }
}

function digestOf(result: unknown): number {
  if (typeof result !== 'object' || result === null) return Number(result ?? 7);
  const { code, revision, succeeded, deleted, id, ttl } = result as Record<string, number | string | boolean>;
  if (typeof code === 'string') return code.length;
  return (
    Number(revision ?? 0) * 17 + Number(deleted ?? 0) * 5 + Number(id ?? 0) * 3 + Number(ttl ?? 0) + (succeeded ? 1 : 0)
  );
}
