import type { admissionregistrationv1 } from '../../../api/index.ts';
import { Budget, celTypes, PER_CALL_LIMIT, type Type } from '../../../cel/index.ts';
import { type Compiled, compileExpression, type ExpressionValues, evaluateExpression } from './expressions.ts';

export function compileConditions(
  conditions: readonly admissionregistrationv1.MatchCondition[] | undefined,
  variables: Readonly<Record<string, Type>>,
): readonly Compiled[] {
  return (conditions ?? []).map(({ expression }) => compileExpression(expression, variables, [celTypes.bool]));
}

/** Whether all hold. One that doesn't is enough for false; else one that fails is an error. */
export function conditionsHold(
  conditions: readonly Compiled[],
  values: ExpressionValues,
): { matches: boolean; error?: string } {
  const budget = new Budget(PER_CALL_LIMIT);
  const failures: string[] = [];
  for (const condition of conditions) {
    const outcome = evaluateExpression(condition, values, budget);
    if ('error' in outcome) failures.push(outcome.error);
    else if (outcome.value === false) return { matches: false };
    else if (outcome.value !== true) failures.push(`expression '${condition.source}' resulted in non-boolean`);
  }
  if (failures.length === 0) return { matches: true };
  return { matches: false, error: failures.length === 1 ? failures[0] : `[${failures.join(', ')}]` };
}
