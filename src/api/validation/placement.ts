import { type FieldPath, forbiddenField, invalidValue, required } from '../field-errors.ts';
import { checkLabelValue, checkQualifiedName } from '../names.ts';
import type { metav1, v1 } from '../types/index.ts';
import { addEach, checkLabels, type Errors } from './checks.ts';

export function checkTolerations(errors: Errors, path: FieldPath, tolerations: readonly v1.Toleration[]): void {
  tolerations.forEach((toleration, index) => {
    const { key, operator, value, effect, tolerationSeconds } = toleration;
    const item = path.index(index);
    if (key) addEach(errors, item.child('key'), key, checkQualifiedName(key));
    else if (operator !== 'Exists') {
      const detail = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
      errors.push(invalidValue(item.child('operator'), operator ?? '', detail));
    }
    if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
      const detail = "effect must be 'NoExecute' when `tolerationSeconds` is set";
      errors.push(invalidValue(item.child('effect'), effect ?? '', detail));
    }
    if (operator === 'Exists' && value) {
      const detail = "value must be empty when `operator` is 'Exists'";
      errors.push(invalidValue(item.child('operator'), toleration, detail));
    } else if (value && (operator ?? 'Equal') === 'Equal') {
      addEach(errors, item.child('operator'), value, checkLabelValue(value));
    }
  });
}

export function checkAffinity(errors: Errors, path: FieldPath, affinity: v1.Affinity = {}): void {
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity;
  const needed = 'requiredDuringSchedulingIgnoredDuringExecution';
  const wanted = 'preferredDuringSchedulingIgnoredDuringExecution';
  nodeAffinity?.[needed]?.nodeSelectorTerms?.forEach((term, index) => {
    const terms = path.child('nodeAffinity', needed, 'nodeSelectorTerms');
    checkNodeTerm(errors, terms.index(index), term);
  });
  nodeAffinity?.[wanted]?.forEach(({ weight, preference }, index) => {
    const item = path.child('nodeAffinity', wanted).index(index);
    checkWeight(errors, item.child('weight'), weight);
    checkNodeTerm(errors, item.child('preference'), preference);
  });
  for (const [name, terms] of Object.entries({ podAffinity, podAntiAffinity })) {
    terms?.[needed]?.forEach((term, index) => {
      checkPodTerm(errors, path.child(name, needed).index(index), term);
    });
    terms?.[wanted]?.forEach(({ weight, podAffinityTerm }, index) => {
      const item = path.child(name, wanted).index(index);
      checkWeight(errors, item.child('weight'), weight);
      checkPodTerm(errors, item.child('podAffinityTerm'), podAffinityTerm);
    });
  }
}

function checkWeight(errors: Errors, path: FieldPath, weight: number): void {
  if (!(weight >= 1 && weight <= 100)) errors.push(invalidValue(path, weight, 'must be in the range 1-100'));
}

function checkNodeTerm(errors: Errors, path: FieldPath, term: v1.NodeSelectorTerm = {}): void {
  term.matchExpressions?.forEach(({ key, operator, values = [] }, index) => {
    const item = path.child('matchExpressions').index(index);
    if (key) addEach(errors, item.child('key'), key, checkQualifiedName(key));
    checkValueCount(errors, item.child('values'), operator, values);
    if ((operator === 'Gt' || operator === 'Lt') && values.length !== 1) {
      const detail = "must be specified single value when `operator` is 'Lt' or 'Gt'";
      errors.push(required(item.child('values'), detail));
    }
  });
}

function checkPodTerm(errors: Errors, path: FieldPath, { topologyKey, labelSelector }: v1.PodAffinityTerm): void {
  checkTopologyKey(errors, path.child('topologyKey'), topologyKey);
  checkLabelSelector(errors, path.child('labelSelector'), labelSelector);
}

function checkTopologyKey(errors: Errors, path: FieldPath, key: string | undefined): void {
  if (!key) errors.push(required(path, 'can not be empty'));
  else addEach(errors, path, key, checkQualifiedName(key));
}

export function checkSpread(
  errors: Errors,
  path: FieldPath,
  constraints: readonly v1.TopologySpreadConstraint[],
): void {
  constraints.forEach(({ maxSkew, topologyKey, minDomains, whenUnsatisfiable, labelSelector }, index) => {
    const item = path.index(index);
    if (!(maxSkew > 0)) errors.push(invalidValue(item.child('maxSkew'), maxSkew ?? 0, 'must be greater than zero'));
    checkTopologyKey(errors, item.child('topologyKey'), topologyKey);
    checkLabelSelector(errors, item.child('labelSelector'), labelSelector);
    if (minDomains === undefined) return;
    const domains = item.child('minDomains');
    if (minDomains <= 0) errors.push(invalidValue(domains, minDomains, 'must be greater than zero'));
    if (whenUnsatisfiable !== 'DoNotSchedule') {
      const detail = 'can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway';
      errors.push(invalidValue(domains, minDomains, detail));
    }
  });
}

/** A selector that objects carry. */
export function checkLabelSelector(errors: Errors, path: FieldPath, selector: metav1.LabelSelector = {}): void {
  checkLabels(errors, path.child('matchLabels'), selector.matchLabels);
  selector.matchExpressions?.forEach(({ key, operator, values = [] }, index) => {
    const item = path.child('matchExpressions').index(index);
    if (key) addEach(errors, item.child('key'), key, checkQualifiedName(key));
    checkValueCount(errors, item.child('values'), operator, values);
    if (operator && !['In', 'NotIn', 'Exists', 'DoesNotExist'].includes(operator)) {
      errors.push(invalidValue(item.child('operator'), operator, 'not a valid selector operator'));
    }
    values.forEach((value, at) => {
      addEach(errors, item.child('values').index(at), value, checkLabelValue(value));
    });
  });
}

function checkValueCount(errors: Errors, path: FieldPath, operator: string, values: readonly string[]): void {
  if ((operator === 'In' || operator === 'NotIn') && values.length === 0) {
    errors.push(required(path, "must be specified when `operator` is 'In' or 'NotIn'"));
  }
  if ((operator === 'Exists' || operator === 'DoesNotExist') && values.length > 0) {
    errors.push(forbiddenField(path, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
  }
}
