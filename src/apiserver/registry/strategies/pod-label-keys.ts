import type { metav1, v1 } from '../../../api/index.ts';

type Labels = Readonly<Record<string, string>>;

const needed = 'requiredDuringSchedulingIgnoredDuringExecution';
const wanted = 'preferredDuringSchedulingIgnoredDuringExecution';

/**
 * Labels in which other pods must be like a new pod, or unlike it, become conditions of the selectors, so that who
 * schedules it need not look at its labels. Changes `spec`.
 */
export function mergeLabelKeys(spec: v1.PodSpec, labels: Labels): void {
  for (const affinity of [spec.affinity?.podAffinity, spec.affinity?.podAntiAffinity]) {
    for (const { podAffinityTerm } of affinity?.[wanted] ?? []) mergeTerm(podAffinityTerm, labels);
    for (const term of affinity?.[needed] ?? []) mergeTerm(term, labels);
  }
  for (const { labelSelector, matchLabelKeys } of spec.topologySpreadConstraints ?? []) {
    merge(labelSelector, matchLabelKeys, 'In', labels);
  }
}

function mergeTerm({ labelSelector, matchLabelKeys, mismatchLabelKeys }: v1.PodAffinityTerm, labels: Labels): void {
  merge(labelSelector, matchLabelKeys, 'In', labels);
  merge(labelSelector, mismatchLabelKeys, 'NotIn', labels);
}

/** A selector that isn't there matches no pod, whatever the labels. */
function merge(
  selector: metav1.LabelSelector | undefined,
  keys: readonly string[] | undefined,
  operator: 'In' | 'NotIn',
  labels: Labels,
): void {
  if (selector === undefined) return;
  for (const key of keys ?? []) {
    const value = labels[key];
    if (value === undefined) continue;
    selector.matchExpressions = [...(selector.matchExpressions ?? []), { key, operator, values: [value] }];
  }
}
