import type { DiskStatus } from '../replica/index.ts';
import type { SpaceUsage } from '../store/index.ts';

export const STATUS_PATH = '/keelson/status';

/** Of the store that a peer keeps the cluster's state in. */
export interface StoreState {
  /** Raft's; `etcd` when the store is an etcd cluster, of which the peer is no member. */
  role: string;
  term: number;
  /** 0 when unknown. */
  leader: number;
  commit: number;
  applied: number;
  revision: number;
  /** What the store takes in this peer's memory; absent: it is elsewhere. */
  space?: SpaceUsage;
  /** Of the data directory; absent: not watched. */
  disk?: DiskStatus;
  members: readonly number[];
}

/** What a peer says of itself at `/keelson/status`. */
export interface PeerStatus extends StoreState {
  peerId: number;
  clusterId: string;
  mode: string;
  /** Pods that this node's kubelet runs. */
  pods: number;
}

/** The same in Prometheus' text format. */
export function metricsOf({ space, disk }: PeerStatus): string {
  const gauges = {
    ...(space === undefined
      ? {}
      : {
          keelson_store_used_bytes: space.used,
          keelson_store_quota_bytes: space.quota,
          keelson_store_full: space.full ? 1 : 0,
        }),
    ...(disk === undefined ? {} : { keelson_disk_free_bytes: disk.free, keelson_disk_low: disk.low ? 1 : 0 }),
  };
  return Object.entries(gauges)
    .map(([name, value]) => `# TYPE ${name} gauge\n${name} ${value}\n`)
    .join('');
}
