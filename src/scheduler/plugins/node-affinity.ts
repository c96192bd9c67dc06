import type { v1 } from '../../api/index.ts';
import { normalizeByMaximum, type Plugin } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';

/** nodeSelector and node affinity, required and preferred. */
export const nodeAffinity: Plugin = {
  name: 'NodeAffinity',
  weight: 2,
  filter({ pod }, node) {
    if (matchesNodeSelectorAndAffinity(pod, node)) return undefined;
    return { reasons: ["node(s) didn't match Pod's node affinity/selector"], resolvable: false };
  },
  score({ pod }, node) {
    const preferred = pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    let score = 0;
    for (const { weight, preference } of preferred) if (matchesTerm(preference, node)) score += weight;
    return score;
  },
  normalize: (scores) => normalizeByMaximum(scores, false),
};

/** May the pod run on a node with these labels and this name? */
export function matchesNodeSelectorAndAffinity(pod: v1.Pod, node: NodeInfo): boolean {
  for (const [key, value] of Object.entries(pod.spec?.nodeSelector ?? {})) if (node.labels[key] !== value) return false;
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (required === undefined) return true;
  return required.nodeSelectorTerms.some((term) => matchesTerm(term, node));
}

function matchesTerm({ matchExpressions, matchFields }: v1.NodeSelectorTerm, node: NodeInfo): boolean {
  // A term without any condition matches nothing.
  if ((matchExpressions?.length ?? 0) + (matchFields?.length ?? 0) === 0) return false;
  return (
    (matchExpressions ?? []).every((requirement) => matches(requirement, node.labels[requirement.key])) &&
    (matchFields ?? []).every((requirement) =>
      matches(requirement, requirement.key === 'metadata.name' ? node.name : undefined),
    )
  );
}

function matches({ operator, values = [] }: v1.NodeSelectorRequirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return value !== undefined && /^-?\d+$/.test(value) && BigInt(value) > BigInt(values[0] ?? '0');
    case 'Lt':
      return value !== undefined && /^-?\d+$/.test(value) && BigInt(value) < BigInt(values[0] ?? '0');
    default:
      return false;
  }
}
