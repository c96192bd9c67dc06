import type { Operation } from './history.ts';

/**
 * What an object does when its operations come one after another. States are strings: the search remembers and
 * compares very many of them.
 */
export interface Model<Input, Output> {
  readonly initial: string;
  /**
   * The state after an operation, or undefined when in `state` it can't have this output. An undefined output stands
   * for any.
   */
  step(state: string, input: Input, output: Output | undefined): string | undefined;
  /**
   * Tells of an operation in a history, if its outcome is unknown, whether it may as well never have been, because no
   * answer shows any sign of it. Each one left out spares the search a great deal.
   */
  leavesNoSign(history: readonly Operation<Input, Output>[]): (input: Input) => boolean;
}
