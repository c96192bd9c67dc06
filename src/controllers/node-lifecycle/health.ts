import { type coordinationv1, formatTime, type v1 } from '../../api/index.ts';

interface Sign {
  text: string;
  /** When it was seen here. */
  at: number;
  /** How long it stands for. */
  graceMs: number;
}

/**
 * When each node gave its last sign of life, by the clock here: the times that nodes write into their Leases
 * are only looked at for whether they changed, so their clocks don't matter. How long a node may be silent is
 * for its Lease to say, because who renews it knows how often: a node that renews every two seconds is missed
 * within eight, and one that renews every ten isn't taken for dead between two renewals.
 */
export class NodeHealth {
  readonly #defaultGraceMs: number;
  readonly #signs = new Map<string, Sign>();

  /** `defaultGraceMs`: for nodes without a Lease. */
  constructor(defaultGraceMs: number) {
    this.#defaultGraceMs = defaultGraceMs;
  }

  /** Notes what was seen of a node. A sign that differs from the last is one of life. */
  observe(name: string, node: v1.Node, lease: coordinationv1.Lease | undefined, now: number): void {
    const heartbeats = (node.status?.conditions ?? []).map(({ lastHeartbeatTime }) => lastHeartbeatTime);
    const text = `${lease?.spec?.renewTime ?? ''} ${heartbeats.join()}`;
    const { leaseDurationSeconds } = lease?.spec ?? {};
    const graceMs = leaseDurationSeconds === undefined ? this.#defaultGraceMs : leaseDurationSeconds * 1_000;
    if (this.#signs.get(name)?.text !== text) this.#signs.set(name, { text, at: now, graceMs });
  }

  forget(name: string): void {
    this.#signs.delete(name);
  }

  /** How long until the node must be taken for dead; not positive: it is. */
  remainingMs(name: string, now: number): number {
    const sign = this.#signs.get(name);
    return sign === undefined ? this.#defaultGraceMs : sign.at + sign.graceMs - now;
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
