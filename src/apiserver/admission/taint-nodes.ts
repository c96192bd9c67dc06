import type { v1 } from '../../api/index.ts';
import type { AdmissionPlugin } from './types.ts';

const KEY = 'node.kubernetes.io/not-ready';

/** Nothing is scheduled on a new node before it was seen to be ready: the controller for nodes takes the taint away. */
export function taintNodesByCondition(): AdmissionPlugin {
  return {
    name: 'TaintNodesByCondition',
    admit({ operation, type, subresource, object }) {
      if (operation !== 'CREATE' || type.group !== '' || type.resource !== 'nodes' || subresource !== undefined) return;
      const node = object as unknown as v1.Node;
      const taints = node.spec?.taints ?? [];
      if (taints.some(({ key, effect }) => key === KEY && effect === 'NoSchedule')) return;
      node.spec = { ...node.spec, taints: [...taints, { key: KEY, effect: 'NoSchedule' }] };
    },
  };
}
