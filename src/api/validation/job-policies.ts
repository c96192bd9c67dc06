import {
  duplicate,
  type FieldError,
  type FieldPath,
  invalidValue,
  required,
  tooLong,
  tooMany,
} from '../field-errors.ts';
import { checkQualifiedName } from '../names.ts';
import type { batchv1 } from '../types/index.ts';
import { addEach, checkNonNegative, type Errors } from './checks.ts';

const maxRules = 20;
const maxExitCodes = 255;
const maxIndexBytes = 64 * 1024;

/** What a Job makes of failed pods. */
export function checkFailurePolicy(errors: Errors, job: FieldPath, spec: batchv1.JobSpec): void {
  const rules = spec.podFailurePolicy?.rules ?? [];
  const path = job.child('podFailurePolicy', 'rules');
  if (rules.length > maxRules) errors.push(tooMany(path, rules.length, maxRules));
  const { containers, initContainers } = spec.template?.spec ?? {};
  const names = new Set([...(containers ?? []), ...(initContainers ?? [])].map(({ name }) => name));
  rules.forEach(({ action, onExitCodes, onPodConditions = [] }, index) => {
    const rule = path.index(index);
    if (!action) errors.push(required(rule.child('action'), 'valid values: ["Count" "FailIndex" "FailJob" "Ignore"]'));
    if (action === 'FailIndex' && spec.backoffLimitPerIndex === undefined) {
      errors.push(invalidValue(rule.child('action'), action, 'requires the backoffLimitPerIndex to be set'));
    }
    if (onExitCodes !== undefined) checkExitCodes(errors, rule.child('onExitCodes'), onExitCodes, names);
    const conditions = rule.child('onPodConditions');
    if (onPodConditions.length > maxRules) errors.push(tooMany(conditions, onPodConditions.length, maxRules));
    onPodConditions.forEach(({ type, status }, at) => {
      if (type) addEach(errors, conditions.index(at).child('type'), type, checkQualifiedName(type));
      if (!status) {
        errors.push(required(conditions.index(at).child('status'), 'valid values: ["False" "True" "Unknown"]'));
      }
    });
    if (onExitCodes !== undefined && onPodConditions.length > 0) {
      errors.push(invalidWhole(rule, 'specifying both OnExitCodes and OnPodConditions is not supported'));
    }
    if (onExitCodes === undefined && onPodConditions.length === 0) {
      errors.push(invalidWhole(rule, 'specifying one of OnExitCodes and OnPodConditions is required'));
    }
  });
}

function checkExitCodes(
  errors: Errors,
  path: FieldPath,
  { containerName, operator, values: given }: batchv1.PodFailurePolicyOnExitCodesRequirement,
  names: ReadonlySet<string>,
): void {
  // A list that has to be there is null where it isn't given.
  const values = given ?? [];
  if (!operator) errors.push(required(path.child('operator'), 'valid values: ["In" "NotIn"]'));
  if (containerName !== undefined && !names.has(containerName)) {
    const detail = 'must be one of the container or initContainer names in the pod template';
    errors.push(invalidValue(path.child('containerName'), containerName, detail));
  }
  const list = path.child('values');
  if (values.length === 0) errors.push(invalidValue(list, values, 'at least one value is required'));
  else if (values.length > maxExitCodes) errors.push(tooMany(list, values.length, maxExitCodes));
  values.forEach((value, index) => {
    if (operator === 'In' && value === 0) {
      errors.push(invalidValue(list.index(index), value, 'must not be 0 for the In operator'));
    }
    if (values.indexOf(value) < index) errors.push(duplicate(list.index(index), value));
  });
  if (values.some((value, index) => index > 0 && values[index - 1]! > value)) {
    errors.push(invalidValue(list, values, 'must be ordered'));
  }
}

/** When an indexed Job counts as done before all of its indexes are. */
export function checkSuccessPolicy(errors: Errors, job: FieldPath, spec: batchv1.JobSpec): void {
  const { successPolicy: policy, completions = 0 } = spec;
  if (policy === undefined) return;
  const path = job.child('successPolicy');
  if (spec.completionMode !== 'Indexed') {
    errors.push(invalidValue(path, policy, 'requires indexed completion mode'));
    return;
  }
  const rules = policy.rules ?? [];
  if (rules.length === 0) {
    errors.push(
      required(path.child('rules'), 'at least one rules must be specified when the successPolicy is specified'),
    );
  }
  if (rules.length > maxRules) errors.push(tooMany(path.child('rules'), rules.length, maxRules));
  rules.forEach(({ succeededCount: count, succeededIndexes: indexes }, index) => {
    const rule = path.child('rules').index(index);
    if (count === undefined && indexes === undefined) {
      errors.push(required(rule, 'at least one of succeededCount or succeededIndexes must be specified'));
    }
    let total = completions;
    if (indexes !== undefined) {
      const indexPath = rule.child('succeededIndexes');
      if (indexes.length > maxIndexBytes) errors.push(tooLong(indexPath, maxIndexBytes));
      const listed = countIndexes(indexes, completions);
      if (typeof listed === 'string') {
        const detail = `error parsing succeededIndexes: ${listed}`;
        errors.push(invalidValue(indexPath, indexes, detail));
      } else total = listed;
    }
    if (count === undefined) return;
    const countPath = rule.child('succeededCount');
    checkNonNegative(errors, countPath, count);
    if (count > completions) {
      const detail = `must be less than or equal to ${completions} (the number of specified completions)`;
      errors.push(invalidValue(countPath, count, detail));
    }
    if (count > total && indexes !== undefined) {
      const detail = `must be less than or equal to ${total} (the number of indexes in the specified succeededIndexes field)`;
      errors.push(invalidValue(countPath, count, detail));
    }
  });
}

/** How many indexes `1,3-5,7` names, or what is wrong with it. */
export function countIndexes(text: string, completions: number): number | string {
  if (text === '') return 0;
  let total = 0;
  let last = -1;
  for (const part of text.split(',')) {
    const ends = part.split('-');
    if (ends.length > 2) {
      return `the fragment "${part}" violates the requirement that an index interval can have at most two parts separated by '-'`;
    }
    const numbers: number[] = [];
    for (const end of ends) {
      if (!/^\d+$/.test(end)) return `cannot convert string to integer for index: "${end}"`;
      if (Number(end) >= completions) return `too large index: "${end}"`;
      numbers.push(Number(end));
    }
    const [from, to = from] = numbers as [number, number?];
    if (from <= last) return `non-increasing order, previous: ${last}, current: ${from}`;
    if (ends.length === 2 && to <= from) return `non-increasing order, previous: ${from}, current: ${to}`;
    total += to - from + 1;
    last = to;
  }
  return total;
}

/** Without the value, which would only repeat the object. */
function invalidWhole(path: FieldPath, detail: string): FieldError {
  return { type: 'FieldValueInvalid', field: path.toString(), detail };
}
