import { MAX_SCORE, type Plugin } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';

const DEFAULT_MAX_PODS = 110;

/** Does the pod fit beside those that are there? Prefers nodes with much left (LeastAllocated). */
export const nodeResourcesFit: Plugin = {
  name: 'NodeResourcesFit',
  filter(pod, node) {
    const reasons: string[] = [];
    if (node.pods.size + 1 > (node.allocatable.get('pods') ?? DEFAULT_MAX_PODS)) reasons.push('Too many pods');
    let resolvable = true;
    for (const [name, amount] of pod.requests) {
      if (amount === 0) continue;
      const allocatable = node.allocatable.get(name) ?? 0;
      if (amount <= allocatable - (node.requested.get(name) ?? 0)) continue;
      reasons.push(`Insufficient ${name}`);
      // More than the node has: no other pod is to blame.
      if (amount > allocatable) resolvable = false;
    }
    return reasons.length === 0 ? undefined : { reasons, resolvable };
  },
  score(pod, node) {
    return (freeShare(pod, node, 'cpu') + freeShare(pod, node, 'memory')) / 2;
  },
};

/** Evens out how much of CPU and of memory is used. */
export const nodeResourcesBalancedAllocation: Plugin = {
  name: 'NodeResourcesBalancedAllocation',
  score(pod, node) {
    const cpu = usedShare(pod, node, 'cpu');
    const memory = usedShare(pod, node, 'memory');
    // With two resources the standard deviation is half of their distance.
    return (1 - Math.abs(cpu - memory) / 2) * MAX_SCORE;
  },
};

function freeShare(pod: PodInfo, node: NodeInfo, resource: 'cpu' | 'memory'): number {
  return Math.max(0, 1 - usedShare(pod, node, resource)) * MAX_SCORE;
}

function usedShare(pod: PodInfo, node: NodeInfo, resource: 'cpu' | 'memory'): number {
  const allocatable = node.allocatable.get(resource) ?? 0;
  if (allocatable === 0) return 1;
  return Math.min(1, (node.scoring[resource] + pod.scoring[resource]) / allocatable);
}
