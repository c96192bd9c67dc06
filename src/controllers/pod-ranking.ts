import type { v1 } from '../api/index.ts';
import { uidOf } from './context.ts';
import { isReady, maxRestarts, readySince, timeOf } from './pods.ts';

const PHASES: Record<string, number> = { Pending: 0, Unknown: 1, Running: 2 };

/**
 * Which pods to delete first, in Kubernetes' order: those not placed, not running, not ready; then by their
 * deletion cost; then those on nodes with many of their siblings; then those ready for a shorter time, restarted
 * more often, younger. Times count by their magnitude only, so that not always the youngest goes.
 */
export function rankForDeletion(pods: readonly v1.Pod[], siblings: readonly v1.Pod[], now: number): v1.Pod[] {
  const perNode = new Map<string, number>();
  for (const { spec } of siblings) {
    if (spec?.nodeName) perNode.set(spec.nodeName, (perNode.get(spec.nodeName) ?? 0) + 1);
  }
  const onNode = ({ spec }: v1.Pod): number => perNode.get(spec?.nodeName ?? '') ?? 0;
  const placed = ({ spec }: v1.Pod): number => (spec?.nodeName ? 1 : 0);
  const phase = ({ status }: v1.Pod): number => PHASES[status?.phase ?? 'Unknown'] ?? 1;
  const ready = (pod: v1.Pod): number => (isReady(pod) ? 1 : 0);
  const age = (since: number | undefined): number =>
    since === undefined ? 0 : Math.floor(Math.log2(Math.max(1, now - since)));
  const compare = (a: v1.Pod, b: v1.Pod): number =>
    placed(a) - placed(b) ||
    phase(a) - phase(b) ||
    ready(a) - ready(b) ||
    deletionCost(a) - deletionCost(b) ||
    onNode(b) - onNode(a) ||
    age(readySince(a)) - age(readySince(b)) ||
    maxRestarts(b) - maxRestarts(a) ||
    age(timeOf(a.metadata.creationTimestamp)) - age(timeOf(b.metadata.creationTimestamp)) ||
    (uidOf(a) < uidOf(b) ? -1 : 1);
  return pods.toSorted(compare);
}

function deletionCost({ metadata }: v1.Pod): number {
  const text = metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'];
  return text !== undefined && /^[+-]?\d+$/.test(text) ? Number(text) : 0;
}
