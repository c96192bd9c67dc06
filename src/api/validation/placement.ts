import { type FieldPath, forbiddenField, invalidValue, notSupported, required } from '../field-errors.ts';
import { checkLabelValue, checkQualifiedName } from '../names.ts';
import type { metav1, v1 } from '../types/index.ts';
import { addEach, checkLabels, type Errors } from './checks.ts';

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

export function checkTolerations(errors: Errors, path: FieldPath, tolerations: readonly v1.Toleration[]): void {
  for (const [index, toleration] of tolerations.entries()) {
    const { key, operator = '', value = '', effect = '', tolerationSeconds } = toleration;
    const item = path.index(index);
    if (key) addEach(errors, item.child('key'), key, checkQualifiedName(key));
    else if (operator !== 'Exists') {
      const detail = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
      errors.push(invalidValue(item.child('operator'), operator, detail));
    }
    if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
      const detail = "effect must be 'NoExecute' when `tolerationSeconds` is set";
      errors.push(invalidValue(item.child('effect'), effect, detail));
    }
    if (operator === '' || operator === 'Equal') {
      const problems = checkLabelValue(value);
      if (problems.length > 0) errors.push(invalidValue(item.child('operator'), value, problems.join(';')));
    } else if (operator !== 'Exists') {
      errors.push(notSupported(item.child('operator'), operator, ['Equal', 'Exists']));
    } else if (value) {
      errors.push(invalidValue(item.child('operator'), value, "value must be empty when `operator` is 'Exists'"));
    }
    if (effect && !effects.includes(effect)) errors.push(notSupported(item.child('effect'), effect, effects));
  }
}

const selectorOperators: ReadonlySet<string> = new Set(['In', 'NotIn', 'Exists', 'DoesNotExist']);

/** A selector that objects carry. */
export function checkLabelSelector(errors: Errors, path: FieldPath, selector: metav1.LabelSelector = {}): void {
  checkLabels(errors, path.child('matchLabels'), selector.matchLabels);
  for (const [index, expression] of (selector.matchExpressions ?? []).entries()) {
    const { key = '', operator = '', values = [] } = expression;
    const item = path.child('matchExpressions').index(index);
    checkValueCount(errors, item.child('values'), operator, values);
    if (!selectorOperators.has(operator)) {
      errors.push(invalidValue(item.child('operator'), operator, 'not a valid selector operator'));
    }
    addEach(errors, item.child('key'), key, checkQualifiedName(key));
    for (const [at, value] of values.entries()) {
      addEach(errors, item.child('values').index(at), value, checkLabelValue(value));
    }
  }
}

/** As many values as the operator takes, of those that labels and nodes have in common. */
export function checkValueCount(errors: Errors, path: FieldPath, operator: string, values: readonly string[]): void {
  if ((operator === 'In' || operator === 'NotIn') && values.length === 0) {
    errors.push(required(path, "must be specified when `operator` is 'In' or 'NotIn'"));
  }
  if ((operator === 'Exists' || operator === 'DoesNotExist') && values.length > 0) {
    errors.push(forbiddenField(path, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
  }
}
