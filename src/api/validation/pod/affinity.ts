import { type FieldPath, forbiddenField, invalidValue, required } from '../../field-errors.ts';
import { checkDns1123Label, checkDns1123Subdomain, checkLabelValue, checkQualifiedName } from '../../names.ts';
import type { metav1, v1 } from '../../types/index.ts';
import { addEach, type Errors } from '../checks.ts';
import { checkLabelSelector, checkValueCount } from '../placement.ts';

const needed = 'requiredDuringSchedulingIgnoredDuringExecution';
const wanted = 'preferredDuringSchedulingIgnoredDuringExecution';
const operatorText = 'not a valid selector operator';
const operators: ReadonlySet<string> = new Set(['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt']);

export function checkAffinity(errors: Errors, path: FieldPath, affinity: v1.Affinity): void {
  const { nodeAffinity } = affinity;
  if (nodeAffinity !== undefined) checkNodeAffinity(errors, path.child('nodeAffinity'), nodeAffinity);
  for (const name of ['podAffinity', 'podAntiAffinity'] as const) {
    const terms = affinity[name];
    for (const [index, term] of (terms?.[needed] ?? []).entries()) {
      checkPodTerm(errors, path.child(name, needed).index(index), term);
    }
    for (const [index, { weight, podAffinityTerm }] of (terms?.[wanted] ?? []).entries()) {
      const item = path.child(name, wanted).index(index);
      checkWeight(errors, item.child('weight'), weight);
      checkPodTerm(errors, item.child('podAffinityTerm'), podAffinityTerm);
    }
  }
}

function checkNodeAffinity(errors: Errors, path: FieldPath, affinity: v1.NodeAffinity): void {
  const selector = affinity[needed];
  if (selector !== undefined) checkNodeSelector(errors, path.child(needed), selector);
  for (const [index, { weight, preference }] of (affinity[wanted] ?? []).entries()) {
    const item = path.child(wanted).index(index);
    checkWeight(errors, item.child('weight'), weight);
    // What is only wished for may ask for values that no node can have.
    checkNodeTerm(errors, item.child('preference'), preference, false);
  }
}

function checkNodeSelector(errors: Errors, path: FieldPath, { nodeSelectorTerms: terms }: v1.NodeSelector): void {
  const list = path.child('nodeSelectorTerms');
  if (!terms?.length) errors.push(required(list, 'must have at least one node selector term'));
  for (const [index, term] of (terms ?? []).entries()) checkNodeTerm(errors, list.index(index), term, true);
}

function checkWeight(errors: Errors, path: FieldPath, weight: number): void {
  if (!(weight >= 1 && weight <= 100)) errors.push(invalidValue(path, weight ?? 0, 'must be in the range 1-100'));
}

function checkNodeTerm(
  errors: Errors,
  path: FieldPath,
  { matchExpressions = [], matchFields = [] }: v1.NodeSelectorTerm = {},
  checksValues: boolean,
): void {
  for (const [index, { key = '', operator = '', values = [] }] of matchExpressions.entries()) {
    const item = path.child('matchExpressions').index(index);
    checkValueCount(errors, item.child('values'), operator, values);
    if ((operator === 'Gt' || operator === 'Lt') && values.length !== 1) {
      const detail = "must be specified single value when `operator` is 'Lt' or 'Gt'";
      errors.push(required(item.child('values'), detail));
    }
    if (!operators.has(operator)) errors.push(invalidValue(item.child('operator'), operator, operatorText));
    addEach(errors, item.child('key'), key, checkQualifiedName(key));
    if (!checksValues) continue;
    for (const [at, value] of values.entries()) {
      addEach(errors, item.child('values').index(at), value, checkLabelValue(value));
    }
  }
  for (const [index, field] of matchFields.entries())
    checkNodeField(errors, path.child('matchFields').index(index), field);
}

/** Of a node's fields its name alone can be asked for. */
function checkNodeField(
  errors: Errors,
  path: FieldPath,
  { key = '', operator, values = [] }: v1.NodeSelectorRequirement,
): void {
  if (operator !== 'In' && operator !== 'NotIn') {
    errors.push(invalidValue(path.child('operator'), operator ?? '', operatorText));
  } else if (values.length !== 1) {
    const detail = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
    errors.push(required(path.child('values'), detail));
  }
  if (key !== 'metadata.name') errors.push(invalidValue(path.child('key'), key, 'not a valid field selector key'));
  else {
    for (const [at, value] of values.entries()) {
      addEach(errors, path.child('values').index(at), value, checkDns1123Subdomain(value));
    }
  }
}

function checkPodTerm(errors: Errors, path: FieldPath, term: v1.PodAffinityTerm): void {
  const { topologyKey = '', namespaces = [] } = term;
  checkLabelSelector(errors, path.child('labelSelector'), term.labelSelector);
  checkLabelSelector(errors, path.child('namespaceSelector'), term.namespaceSelector);
  for (const name of namespaces) addEach(errors, path.child('namespace'), name, checkDns1123Label(name));
  checkLabelKeys(errors, path, term);
  const key = path.child('topologyKey');
  if (topologyKey === '') errors.push(required(key, 'can not be empty'));
  addEach(errors, key, topologyKey, checkQualifiedName(topologyKey));
}

interface HasLabelKeys {
  matchLabelKeys?: string[];
  mismatchLabelKeys?: string[];
  labelSelector?: metav1.LabelSelector;
}

/** Keys of labels in which other pods must be like this one, or unlike it. */
export function checkLabelKeys(errors: Errors, path: FieldPath, term: HasLabelKeys): void {
  const { matchLabelKeys: matching = [], mismatchLabelKeys: mismatching = [], labelSelector } = term;
  checkKeys(errors, path.child('matchLabelKeys'), matching, labelSelector);
  checkKeys(errors, path.child('mismatchLabelKeys'), mismatching, labelSelector);
  if (matching.length === 0) return;
  // A new pod's own labels have been made expressions of the selector, so only a second one is the user's.
  const seen = new Set(Object.keys(labelSelector?.matchLabels ?? {}));
  for (const { key } of labelSelector?.matchExpressions ?? []) {
    const index = matching.indexOf(key);
    if (index >= 0 && seen.has(key)) {
      errors.push(invalidValue(path.index(index), key, 'exists in both matchLabelKeys and labelSelector'));
    }
    seen.add(key);
  }
  for (const [index, key] of matching.entries()) {
    if (!mismatching.includes(key)) continue;
    const item = path.child('matchLabelKeys').index(index);
    errors.push(invalidValue(item, key, 'exists in both matchLabelKeys and mismatchLabelKeys'));
  }
}

function checkKeys(
  errors: Errors,
  path: FieldPath,
  keys: readonly string[],
  selector: metav1.LabelSelector | undefined,
): void {
  if (keys.length > 0 && selector === undefined) {
    errors.push(forbiddenField(path, 'must not be specified when labelSelector is not set'));
    return;
  }
  for (const [index, key] of keys.entries()) addEach(errors, path.index(index), key, checkQualifiedName(key));
}
