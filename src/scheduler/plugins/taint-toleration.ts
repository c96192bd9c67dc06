import type { v1 } from '../../api/index.ts';
import { normalizeByMaximum, type Plugin } from '../framework.ts';

/** Keeps pods off nodes with taints that they don't tolerate, and prefers nodes with few PreferNoSchedule ones. */
export const taintToleration: Plugin = {
  name: 'TaintToleration',
  weight: 3,
  filter({ pod }, { node }) {
    const untolerated = node.spec?.taints?.some(
      (taint) =>
        (taint.effect === 'NoSchedule' || taint.effect === 'NoExecute') && !tolerates(pod.spec?.tolerations, taint),
    );
    return untolerated === true ? { reasons: ['node(s) had untolerated taint(s)'], resolvable: false } : undefined;
  },
  score({ pod }, { node }) {
    const soft = node.spec?.taints?.filter(
      (taint) => taint.effect === 'PreferNoSchedule' && !tolerates(pod.spec?.tolerations, taint),
    );
    return soft?.length ?? 0;
  },
  normalize: (scores) => normalizeByMaximum(scores, true),
};

/** Does one of the tolerations cover the taint? */
export function tolerates(
  tolerations: readonly v1.Toleration[] | undefined,
  taint: { key: string; value?: string; effect: string },
): boolean {
  return (tolerations ?? []).some(({ key, operator, value, effect }) => {
    if (effect !== undefined && (effect as string) !== '' && effect !== taint.effect) return false;
    if (key !== undefined && key !== '' && key !== taint.key) return false;
    return operator === 'Exists' || ((value ?? '') === (taint.value ?? '') && key !== undefined && key !== '');
  });
}
