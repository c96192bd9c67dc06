import { duplicate, type FieldPath, invalidValue, notSupported, required } from '../../field-errors.ts';
import type { v1 } from '../../types/index.ts';
import type { Errors } from '../checks.ts';
import { checkLabelSelector } from '../placement.ts';
import { checkLabelKeys } from './affinity.ts';

const actions = ['DoNotSchedule', 'ScheduleAnyway'];
const nodePolicies = ['Honor', 'Ignore'];
const positiveText = 'must be greater than zero';

export function checkSpread(
  errors: Errors,
  path: FieldPath,
  constraints: readonly v1.TopologySpreadConstraint[],
): void {
  for (const [index, constraint] of constraints.entries()) {
    const { maxSkew = 0, topologyKey, whenUnsatisfiable: action = '' } = constraint;
    const item = path.index(index);
    if (maxSkew <= 0) errors.push(invalidValue(item.child('maxSkew'), maxSkew, positiveText));
    if (!topologyKey) errors.push(required(item.child('topologyKey'), 'can not be empty'));
    if (!actions.includes(action)) errors.push(notSupported(item.child('whenUnsatisfiable'), action, actions));
    const isRepeated = constraints
      .slice(index + 1)
      .some((other) => other.topologyKey === topologyKey && (other.whenUnsatisfiable ?? '') === action);
    if (isRepeated) {
      const pair = `{${topologyKey ?? ''}, ${action}}`;
      errors.push(duplicate(item.child('{topologyKey, whenUnsatisfiable}'), pair));
    }
    checkMinDomains(errors, item.child('minDomains'), constraint.minDomains, action);
    for (const name of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const) {
      const policy = constraint[name];
      if (policy !== undefined && !nodePolicies.includes(policy)) {
        errors.push(notSupported(item.child(name), policy, nodePolicies));
      }
    }
    checkLabelKeys(errors, item, constraint);
    checkLabelSelector(errors, item.child('labelSelector'), constraint.labelSelector);
  }
}

function checkMinDomains(errors: Errors, path: FieldPath, minDomains: number | undefined, action: string): void {
  if (minDomains === undefined) return;
  if (minDomains <= 0) errors.push(invalidValue(path, minDomains, positiveText));
  if (action !== 'DoNotSchedule') {
    const detail = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${action}`;
    errors.push(invalidValue(path, minDomains, detail));
  }
}
