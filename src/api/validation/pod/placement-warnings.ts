import type { FieldPath } from '../../field-errors.ts';
import { checkLabelValue } from '../../names.ts';
import type { v1 } from '../../types/index.ts';

const needed = 'requiredDuringSchedulingIgnoredDuringExecution';
const wanted = 'preferredDuringSchedulingIgnoredDuringExecution';
const nothingText = 'a null labelSelector results in matching no pod';

const oldLabels = new Map([
  ['beta.kubernetes.io/arch', 'deprecated since v1.14; use "kubernetes.io/arch" instead'],
  ['beta.kubernetes.io/os', 'deprecated since v1.14; use "kubernetes.io/os" instead'],
  ['failure-domain.beta.kubernetes.io/region', 'deprecated since v1.17; use "topology.kubernetes.io/region" instead'],
  ['failure-domain.beta.kubernetes.io/zone', 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead'],
  ['beta.kubernetes.io/instance-type', 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead'],
  ['app.kubernetes.io/created-by', 'deprecated since v1.9'],
  ['scheduler.alpha.kubernetes.io/preferAvoidPods', 'deprecated since v1.22; use Taints and Tolerations instead'],
  ['node-role.kubernetes.io/master', 'use "node-role.kubernetes.io/control-plane" instead'],
]);

/** Old names of nodes' labels, and selectors that select nothing. `path`: of the pod's spec. */
export function placementWarnings(warnings: string[], path: FieldPath, spec: v1.PodSpec): void {
  for (const key of Object.keys(spec.nodeSelector ?? {})) {
    const text = oldLabels.get(key);
    if (text !== undefined) warnings.push(`${path.child('nodeSelector').key(key)}: ${text}`);
  }
  const nodes = spec.affinity?.nodeAffinity;
  const nodesPath = path.child('affinity', 'nodeAffinity');
  for (const [index, term] of (nodes?.[needed]?.nodeSelectorTerms ?? []).entries()) {
    termWarnings(warnings, nodesPath.child(needed, 'nodeSelectorTerms').index(index), term, false);
  }
  for (const [index, { preference }] of (nodes?.[wanted] ?? []).entries()) {
    termWarnings(warnings, nodesPath.child(wanted).index(index).child('preference'), preference, true);
  }
  for (const [index, { topologyKey, labelSelector }] of (spec.topologySpreadConstraints ?? []).entries()) {
    const item = path.child('topologySpreadConstraints').index(index);
    const text = oldLabels.get(topologyKey);
    if (text !== undefined) warnings.push(`${item.child('topologyKey')}: ${topologyKey} is ${text}`);
    if (labelSelector === undefined) warnings.push(`${item.child('labelSelector')}: ${nothingText}`);
  }
  for (const name of ['podAffinity', 'podAntiAffinity'] as const) {
    const terms = spec.affinity?.[name];
    const at = path.child('affinity', name);
    for (const [index, { labelSelector }] of (terms?.[needed] ?? []).entries()) {
      if (labelSelector !== undefined) continue;
      warnings.push(`${at.child(needed).index(index).child('labelSelector')}: ${nothingText}`);
    }
    for (const [index, { podAffinityTerm: term }] of (terms?.[wanted] ?? []).entries()) {
      if (term.labelSelector !== undefined) continue;
      warnings.push(`${at.child(wanted).index(index).child('podAffinityTerm', 'labelSelector')}: ${nothingText}`);
    }
  }
}

/** What is required is checked elsewhere; what is only wished for may ask for values that no node can have. */
function termWarnings(
  warnings: string[],
  path: FieldPath,
  { matchExpressions = [] }: v1.NodeSelectorTerm,
  isWish: boolean,
): void {
  for (const [index, { key, values = [] }] of matchExpressions.entries()) {
    const item = path.child('matchExpressions').index(index);
    const text = oldLabels.get(key);
    if (text !== undefined) warnings.push(`${item.child('key')}: ${key} is ${text}`);
    if (!isWish) continue;
    for (const [at, value] of values.entries()) {
      for (const problem of checkLabelValue(value)) {
        warnings.push(`${item.child('values').index(at)}: ${value} is invalid, ${problem}`);
      }
    }
  }
}
