import type { DiskStatus, Replica } from '../replica/index.ts';
import type { LocalStore, SpaceUsage } from '../store/index.ts';

export const STATUS_PATH = '/keelson/status';

/** What a peer says of itself at `/keelson/status`. */
export interface PeerStatus {
  peerId: number;
  clusterId: string;
  role: string;
  term: number;
  /** 0 when unknown. */
  leader: number;
  commit: number;
  applied: number;
  revision: number;
  /** What the store takes in memory. */
  space: SpaceUsage;
  /** Of the data directory; absent: not watched. */
  disk?: DiskStatus;
  members: readonly number[];
  mode: string;
  /** Pods that this node's kubelet runs. */
  pods: number;
}

export function peerStatusOf(
  clusterId: string,
  replica: Replica,
  store: LocalStore,
  node: { mode: string; pods: number },
): PeerStatus {
  const { id, role, term, leader, commit, applied, members, disk } = replica.status();
  return {
    peerId: id,
    clusterId,
    role,
    term,
    leader,
    commit,
    applied,
    revision: store.local.revision,
    space: store.local.space(),
    members,
    ...(disk === undefined ? {} : { disk }),
    ...node,
  };
}

/** The same in Prometheus' text format. */
export function metricsOf({ space, disk }: PeerStatus): string {
  const gauges = {
    keelson_store_used_bytes: space.used,
    keelson_store_quota_bytes: space.quota,
    keelson_store_full: space.full ? 1 : 0,
    ...(disk === undefined ? {} : { keelson_disk_free_bytes: disk.free, keelson_disk_low: disk.low ? 1 : 0 }),
  };
  return Object.entries(gauges)
    .map(([name, value]) => `# TYPE ${name} gauge\n${name} ${value}\n`)
    .join('');
}
