import type { Plugin } from '../framework.ts';
import { tolerates } from './taint-toleration.ts';

const taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' } as const;

/** Keeps pods off cordoned nodes. */
export const nodeUnschedulable: Plugin = {
  name: 'NodeUnschedulable',
  filter({ pod }, { node }) {
    if (node.spec?.unschedulable !== true || tolerates(pod.spec?.tolerations, taint)) return undefined;
    return { reasons: ['node(s) were unschedulable'], resolvable: false };
  },
};
