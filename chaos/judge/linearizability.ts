import {
  checkLinearizability,
  type Model,
  type Operation,
  partition,
} from '../../src/simulation/linearizability/index.ts';
import type { Judgement } from '../workloads/workload.ts';

/** Checks each object's history by itself. One that the search can't decide counts as undecided, not as held. */
export function judgeObjects<Input, Output>(
  name: string,
  model: Model<Input, Output>,
  operations: readonly Operation<Input, Output>[],
  keyOf: (input: Input) => string,
): Judgement {
  const violations: string[] = [];
  let undecided = 0;
  const objects = partition(operations, keyOf);
  for (const [key, history] of objects) {
    const verdict = checkLinearizability(model, history);
    if (verdict.verdict === 'undecided') undecided++;
    if (verdict.verdict !== 'illegal') continue;
    const { stuck } = verdict;
    violations.push(`${name} ${key} is not linearizable: nothing explains ${JSON.stringify(history[stuck])}`);
  }
  return {
    violations,
    figures: {
      [`${name}Operations`]: operations.length,
      [`${name}Objects`]: objects.size,
      [`${name}Undecided`]: undecided,
    },
  };
}
