import { duplicate, type FieldPath, invalidValue, notSupported, required, tooMany } from '../../field-errors.ts';
import type { v1 } from '../../types/index.ts';
import { checkOneOf, type Errors } from '../checks.ts';

const policies = ['Always', 'Never', 'OnFailure'];
const operators = ['In', 'NotIn'];
const maxRules = 20;
const maxExitCodes = 255;

/** When a container is restarted, where it has a say of its own. */
export function checkRestarts(
  errors: Errors,
  path: FieldPath,
  { restartPolicy, restartPolicyRules: rules = [] }: v1.Container,
): void {
  if (restartPolicy === undefined) {
    if (rules.length === 0) return;
    errors.push(required(path.child('restartPolicy'), 'must specify restartPolicy when restart rules are used'));
  } else if (!policies.includes(restartPolicy)) {
    errors.push(notSupported(path.child('restartPolicy'), restartPolicy, policies));
  }
  const list = path.child('restartPolicyRules');
  if (rules.length > maxRules) errors.push(tooMany(list, rules.length, maxRules));
  for (const [index, { action, exitCodes }] of rules.entries()) {
    const rule = list.index(index);
    if (action !== 'Restart') errors.push(notSupported(rule.child('action'), action ?? '', ['Restart']));
    if (exitCodes === undefined) {
      errors.push(required(rule.child('exitCodes'), 'must be specified'));
      continue;
    }
    const { operator = '', values = [] } = exitCodes;
    const codes = rule.child('exitCodes');
    if (!operators.includes(operator)) errors.push(notSupported(codes.child('operator'), operator, operators));
    if (values.length > maxExitCodes) errors.push(tooMany(codes.child('values'), values.length, maxExitCodes));
  }
}

const resizable = ['cpu', 'memory'];
const resizePolicies = ['NotRequired', 'RestartContainer'];

/** Whether a change of a resource restarts the container. */
export function checkResizePolicies(
  errors: Errors,
  path: FieldPath,
  list: readonly v1.ContainerResizePolicy[],
  podRestartPolicy: string | undefined,
): void {
  const seen = new Set<string>();
  for (const [index, { resourceName, restartPolicy }] of list.entries()) {
    if (seen.has(resourceName)) errors.push(duplicate(path.index(index), resourceName));
    seen.add(resourceName);
    checkOneOf(errors, path, resourceName, resizable);
    checkOneOf(errors, path, restartPolicy, resizePolicies);
    if (podRestartPolicy === 'Never' && restartPolicy !== 'NotRequired') {
      const detail = "must be 'NotRequired' when `restartPolicy` is 'Never'";
      errors.push(invalidValue(path, restartPolicy ?? '', detail));
    }
  }
}
