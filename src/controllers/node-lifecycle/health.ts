import { type coordinationv1, formatTime, type v1 } from '../../api/index.ts';

/**
 * When each node gave its last sign of life, by the clock here: what nodes write into their Leases
 * is only looked at for whether it changed, so their clocks don't matter.
 */
export class NodeHealth {
  readonly #signs = new Map<string, { sign: string; at: number }>();

  /** Notes what was seen of a node. A sign that differs from the last is one of life. */
  observe(name: string, node: v1.Node, lease: coordinationv1.Lease | undefined, now: number): void {
    const heartbeats = (node.status?.conditions ?? []).map(({ lastHeartbeatTime }) => lastHeartbeatTime);
    const sign = `${lease?.spec?.renewTime ?? ''} ${heartbeats.join()}`;
    if (this.#signs.get(name)?.sign !== sign) this.#signs.set(name, { sign, at: now });
  }

  forget(name: string): void {
    this.#signs.delete(name);
  }

  /** How long until the node must be taken for dead; not positive: it is. */
  remainingMs(name: string, graceMs: number, now: number): number {
    return (this.#signs.get(name)?.at ?? now) + graceMs - now;
  }
}

const JUDGED = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'];

/** The conditions of a node that says nothing any more; undefined when they say so already. */
export function unknownConditions(node: v1.Node, now: number): v1.NodeCondition[] | undefined {
  const current = node.status?.conditions ?? [];
  const time = formatTime(now);
  let changed = false;
  const judged = JUDGED.map((type): v1.NodeCondition => {
    const known = current.find((condition) => condition.type === type);
    if (known?.status === 'Unknown') return known;
    changed = true;
    const never = {
      lastHeartbeatTime: node.metadata.creationTimestamp ?? time,
      reason: 'NodeStatusNeverUpdated',
      message: 'Kubelet never posted node status.',
    };
    const silent = { reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting node status.' };
    return { ...(known ?? { ...never }), ...(known && silent), type, status: 'Unknown', lastTransitionTime: time };
  });
  if (!changed) return undefined;
  const others = current.filter(({ type }) => !JUDGED.includes(type));
  return [...judged, ...others].sort((a, b) => position(current, a) - position(current, b));
}

/** Conditions stay in the order in which the kubelet lists them. */
function position(conditions: readonly v1.NodeCondition[], { type }: v1.NodeCondition): number {
  const index = conditions.findIndex((condition) => condition.type === type);
  return index < 0 ? conditions.length : index;
}
