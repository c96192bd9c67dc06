import { type FieldPath, forbiddenField, invalidValue } from '../../field-errors.ts';
import { podResources } from '../../pod-resources.ts';
import { compareQuantities, formatQuantity, type Quantity, tryParseQuantity, zeroQuantity } from '../../quantity.ts';
import type { v1 } from '../../types/index.ts';
import type { Errors } from '../checks.ts';
import { checkPodRequirements } from './resources.ts';

/** What a pod as a whole may use must have room for what its containers ask for. */
export function checkPodResources(errors: Errors, path: FieldPath, spec: v1.PodSpec): void {
  const { resources } = spec;
  if (resources === undefined) return;
  if (resources.claims !== undefined) {
    errors.push(forbiddenField(path.child('claims'), 'claims cannot be set for Resources at pod-level'));
  }
  checkPodRequirements(errors, path, resources);
  if (!isReadable(spec)) return;
  checkRequests(errors, path.child('requests'), spec);
  checkLimits(errors, path.child('containers'), spec);
}

function checkRequests(errors: Errors, path: FieldPath, spec: v1.PodSpec): void {
  const { containers, initContainers } = spec;
  for (const [name, needed] of podResources({ containers: containers ?? [], initContainers }, 'requests')) {
    const given = amountOf(spec.resources?.requests?.[name]) ?? zeroQuantity;
    if (compareQuantities(needed, given) <= 0) continue;
    const detail = `must be greater than or equal to aggregate container requests of ${formatQuantity(needed)}`;
    errors.push(invalidValue(path.key(name), formatQuantity(given), detail));
  }
}

function checkLimits(errors: Errors, path: FieldPath, { containers, resources }: v1.PodSpec): void {
  for (const [index, container] of (containers ?? []).entries()) {
    for (const [name, text] of Object.entries(container.resources?.limits ?? {})) {
      const limit = amountOf(text);
      const bound = amountOf(resources?.limits?.[name]);
      if (limit === undefined || bound === undefined || compareQuantities(limit, bound) <= 0) continue;
      const detail = `must be less than or equal to pod limits of ${formatQuantity(bound)}`;
      errors.push(invalidValue(path.index(index).key(name).child('limits'), formatQuantity(limit), detail));
    }
  }
}

function amountOf(text: string | number | undefined): Quantity | undefined {
  const quantity = text === undefined ? undefined : tryParseQuantity(text);
  return quantity === undefined || 'error' in quantity ? undefined : quantity;
}

/** What can't be read has errors of its own. */
function isReadable({ containers, initContainers = [] }: v1.PodSpec): boolean {
  return [...(containers ?? []), ...initContainers].every(({ resources }) =>
    Object.values(resources?.requests ?? {}).every((amount) => amountOf(amount) !== undefined),
  );
}
