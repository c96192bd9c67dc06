import type { Plugin } from '../framework.ts';

/** A pod that names its node runs there or nowhere. */
export const nodeName: Plugin = {
  name: 'NodeName',
  filter({ pod }, node) {
    const wanted = pod.spec?.nodeName ?? '';
    if (wanted === '' || wanted === node.name) return undefined;
    return { reasons: ["node(s) didn't match the requested node name"], resolvable: false };
  },
};
