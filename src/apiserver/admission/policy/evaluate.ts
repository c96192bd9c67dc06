import { Budget, PER_REQUEST_LIMIT } from '../../../cel/index.ts';
import { type ExpressionValues, evaluateExpression } from '../dynamic/expressions.ts';
import { conditionsHold } from '../dynamic/match-conditions.ts';
import type { CompiledPolicy, CompiledValidation } from './compiled.ts';

/** Why a validation did not pass. */
export interface Failure {
  message: string;
  reason: string;
  /** The position in the policy; of errors before that, 0. */
  index: number;
}

export interface Findings {
  failures: readonly Failure[];
  auditAnnotations: Readonly<Record<string, string>>;
}

const MAX_MESSAGE = 5 * 1024;
const MAX_AUDIT_VALUE = 10 * 1024;

/** Applies a policy to one request and one object of parameters. Pure. */
export function evaluatePolicy(policy: CompiledPolicy, valuesWith: (budget: Budget) => ExpressionValues): Findings {
  const budget = new Budget(PER_REQUEST_LIMIT);
  const values = valuesWith(budget);
  const fails = policy.spec.failurePolicy !== 'Ignore';
  const { matches, error } = conditionsHold(policy.conditions, values);
  if (error !== undefined && fails) {
    return { failures: [{ message: error, reason: 'Invalid', index: 0 }], auditAnnotations: {} };
  }
  if (!matches) return { failures: [], auditAnnotations: {} };

  const failures: Failure[] = [];
  for (const [index, compiled] of policy.validations.entries()) {
    const outcome = evaluateExpression(compiled.expression, values, budget);
    const { reason = 'Invalid' } = compiled.validation;
    if ('error' in outcome) {
      if (fails) failures.push({ message: outcome.error, reason: 'Invalid', index });
    } else if (outcome.value !== true) {
      failures.push({ message: messageOf(compiled, values, budget), reason, index });
    }
  }
  const auditAnnotations: Record<string, string> = {};
  for (const { key, value } of policy.auditAnnotations) {
    const outcome = evaluateExpression(value, values, budget);
    if ('error' in outcome) {
      if (fails) failures.push({ message: outcome.error, reason: 'Invalid', index: 0 });
    } else if (typeof outcome.value === 'string' && outcome.value.trim() !== '') {
      auditAnnotations[key] = outcome.value.slice(0, MAX_AUDIT_VALUE);
    }
  }
  return { failures, auditAnnotations };
}

/** What the expression for it makes, if that is a fit message; else the plain message, else the expression that failed. */
function messageOf({ validation, message }: CompiledValidation, values: ExpressionValues, budget: Budget): string {
  if (message !== undefined) {
    const outcome = evaluateExpression(message, values, budget);
    if ('value' in outcome && typeof outcome.value === 'string') {
      const text = outcome.value.trim();
      if (text !== '' && text.length <= MAX_MESSAGE && !/[\r\n]/.test(text)) return text;
    }
  }
  return validation.message?.trim() || `failed expression: ${validation.expression.trim()}`;
}
