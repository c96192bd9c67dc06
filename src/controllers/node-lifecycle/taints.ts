import { formatTime, type v1 } from '../../api/index.ts';

const NOT_READY = 'node.kubernetes.io/not-ready';
const UNREACHABLE = 'node.kubernetes.io/unreachable';
const PRESSURE: Readonly<Record<string, string>> = {
  MemoryPressure: 'node.kubernetes.io/memory-pressure',
  DiskPressure: 'node.kubernetes.io/disk-pressure',
  PIDPressure: 'node.kubernetes.io/pid-pressure',
  NetworkUnavailable: 'node.kubernetes.io/network-unavailable',
};
const UNSCHEDULABLE = 'node.kubernetes.io/unschedulable';
const OWN_KEYS = new Set([NOT_READY, UNREACHABLE, UNSCHEDULABLE, ...Object.values(PRESSURE)]);

/** The taints that a node should have by its conditions: the new list, or undefined when it has them. */
export function lifecycleTaints(node: v1.Node, now: number): v1.Taint[] | undefined {
  const wanted = wantedTaints(node);
  const current = node.spec?.taints ?? [];
  const matches = (a: v1.Taint, b: v1.Taint): boolean => a.key === b.key && a.effect === b.effect;
  const kept = current.filter((taint) => !isOwn(taint) || wanted.some((other) => matches(other, taint)));
  const missing = wanted.filter((taint) => !current.some((other) => matches(other, taint)));
  if (missing.length === 0 && kept.length === current.length) return undefined;
  return [...kept, ...missing.map((taint) => ({ ...taint, timeAdded: formatTime(now) }))];
}

function wantedTaints({ spec, status }: v1.Node): v1.Taint[] {
  const statusOf = (type: string) => status?.conditions?.find((condition) => condition.type === type)?.status;
  const taints: v1.Taint[] = Object.entries(PRESSURE)
    .filter(([type]) => statusOf(type) === 'True')
    .map(([, key]) => ({ key, effect: 'NoSchedule' }));
  if (spec?.unschedulable) taints.push({ key: UNSCHEDULABLE, effect: 'NoSchedule' });
  const ready = statusOf('Ready');
  if (ready === 'True') return taints;
  // It is new, and nothing ran there that would have to go.
  if (ready === undefined) return [...taints, { key: NOT_READY, effect: 'NoSchedule' }];
  const key = ready === 'False' ? NOT_READY : UNREACHABLE;
  return [...taints, { key, effect: 'NoSchedule' }, { key, effect: 'NoExecute' }];
}

function isOwn({ key, effect }: v1.Taint): boolean {
  if (!OWN_KEYS.has(key)) return false;
  return effect === 'NoSchedule' || (effect === 'NoExecute' && (key === NOT_READY || key === UNREACHABLE));
}
