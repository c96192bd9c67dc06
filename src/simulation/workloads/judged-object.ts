import { checkLinearizability, type Operation } from '../linearizability/index.ts';
import { Violation } from '../violation.ts';
import type { Workload } from './objects.ts';

/** An object under way to its judgement: what clients did with it and saw of it. */
export class JudgedObject {
  // biome-ignore lint/suspicious/noExplicitAny: see `workloads`.
  readonly workload: Workload<any, any>;
  readonly path: string;
  readonly #history: Operation<unknown, unknown>[] = [];
  readonly #maxOperations: number;
  #open = 0;

  // biome-ignore lint/suspicious/noExplicitAny: see `workloads`.
  constructor(workload: Workload<any, any>, path: string, maxOperations: number) {
    this.workload = workload;
    this.path = path;
    this.#maxOperations = maxOperations;
  }

  /** It takes no more operations. */
  get isFull(): boolean {
    return this.#history.length >= this.#maxOperations;
  }

  /** Nobody waits for an answer any more. */
  get isQuiet(): boolean {
    return this.#open === 0;
  }

  begin(client: number, input: unknown, now: number): Operation<unknown, unknown> {
    const operation = { client, input, output: undefined, call: now, return: Number.POSITIVE_INFINITY };
    this.#history.push(operation);
    this.#open += 1;
    return operation;
  }

  answered(operation: Operation<unknown, unknown>, output: unknown, now: number): void {
    operation.output = output;
    operation.return = now;
    this.#open -= 1;
  }

  /** It certainly took no effect. */
  refused(operation: Operation<unknown, unknown>): void {
    this.#history.splice(this.#history.indexOf(operation), 1);
    this.#open -= 1;
  }

  /** Whether it took effect is not known, or, of a read, does not matter. */
  unanswered(): void {
    this.#open -= 1;
  }

  /** Throws a Violation when no order of the operations explains the answers; returns whether that could be decided. */
  judge(): boolean {
    const result = checkLinearizability(this.workload.model, this.#history, { maxSteps: 200_000 });
    if (result.verdict !== 'illegal') return result.verdict === 'linearizable';
    const stuck = JSON.stringify(this.#history[result.stuck]);
    throw new Violation(
      `linearizability: ${this.path}: nothing explains ${stuck} after ${result.order.length} of ${this.#history.length} operations`,
    );
  }
}
