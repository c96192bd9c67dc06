import { fieldPath, invalidValue } from '../field-errors.ts';
import type { policyv1 } from '../types/index.ts';
import { checkAtMost100Percent, checkIntOrPercent, checkNonNegative } from './checks.ts';
import { checkLabelSelector } from './placement.ts';
import { kindRules } from './rules.ts';

const spec = fieldPath('spec');

export const disruptionBudgetRules = kindRules<policyv1.PodDisruptionBudget>({
  check({ spec: budget }, errors) {
    if (budget === undefined) return;
    if (budget.minAvailable !== undefined && budget.maxUnavailable !== undefined) {
      errors.push(invalidValue(spec, budget, 'minAvailable and maxUnavailable cannot be both set'));
    }
    for (const name of ['minAvailable', 'maxUnavailable'] as const) {
      checkIntOrPercent(errors, spec.child(name), budget[name]);
      checkAtMost100Percent(errors, spec.child(name), budget[name]);
    }
    checkLabelSelector(errors, spec.child('selector'), budget.selector);
  },
  subresources: {
    status({ status }, _old, errors) {
      for (const name of ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'] as const) {
        checkNonNegative(errors, fieldPath('status', name), status?.[name]);
      }
    },
  },
});
