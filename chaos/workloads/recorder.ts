import { errorCode, KeelsonError } from '../../src/base/index.ts';
import type { Operation } from '../../src/simulation/linearizability/index.ts';

export type Outcome = 'ok' | 'failed' | 'unknown';

/** Errors that say that nothing was done; after any other the outcome is unknown. */
const REFUSALS = new Set(['OVERLOADED', 'INVALID', 'TOO_LARGE', 'LEASE_NOT_FOUND', 'LEASE_EXISTS']);

/** A client waits no longer: one that is stuck on a peer that is cut off would not see what else is wrong there. */
const DEADLINE_MS = 1_500;

/** Takes down what clients did, and what came of it. */
export class Recorder<Input, Output> {
  readonly operations: Operation<Input, Output>[] = [];
  readonly #onOutcome: (outcome: Outcome) => void;

  constructor(onOutcome: (outcome: Outcome) => void) {
    this.#onOutcome = onOutcome;
  }

  /** Runs one operation. Undefined when it was not answered; one that changes nothing is then as if it had not been. */
  async run(
    client: number,
    input: Input,
    action: () => Promise<Output>,
    { changes }: { changes: boolean },
  ): Promise<Output | undefined> {
    const operation: Operation<Input, Output> = {
      client,
      input,
      output: undefined,
      call: performance.now(),
      return: Number.POSITIVE_INFINITY,
    };
    // Before its outcome is known: a run that ends meanwhile must know of it.
    if (changes) this.operations.push(operation);
    try {
      operation.output = await within(DEADLINE_MS, action());
      operation.return = performance.now();
      if (!changes) this.operations.push(operation);
      this.#onOutcome('ok');
      return operation.output;
    } catch (error) {
      const refused = REFUSALS.has(errorCode(error) ?? '');
      if (refused && changes) this.operations.splice(this.operations.lastIndexOf(operation), 1);
      this.#onOutcome(refused ? 'failed' : 'unknown');
      return undefined;
    }
  }
}

/** Rejects when there is no answer in time; what comes later counts for nothing. */
function within<T>(ms: number, answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = new KeelsonError('TIMEOUT', `no answer after ${ms} ms: the outcome is unknown`);
    const timer = setTimeout(() => reject(late), ms);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
