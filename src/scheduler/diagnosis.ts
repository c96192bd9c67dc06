import type { Rejection } from './framework.ts';

/**
 * Why a pod fits nowhere, in the words of the FailedScheduling event (kubernetes/pkg/scheduler/framework, FitError).
 */
export function diagnosis(nodeCount: number, rejections: ReadonlyMap<string, Rejection>): string {
  if (nodeCount === 0) return 'no nodes available to schedule pods';
  const reasons = counted([...rejections.values()].flatMap(({ reasons }) => reasons));
  const preemption = counted(
    [...rejections.values()].map(({ resolvable }) =>
      resolvable ? 'No preemption victims found for incoming pod' : 'Preemption is not helpful for scheduling',
    ),
  );
  const head = `0/${nodeCount} nodes are available:`;
  return `${head} ${reasons}. no new claims to deallocate, preemption: ${head} ${preemption}.`;
}

/** `1 Insufficient cpu, 2 node(s) …`, sorted as text. */
function counted(reasons: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .sort()
    .join(', ');
}
