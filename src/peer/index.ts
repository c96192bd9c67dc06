import type { Logger } from '../base/index.ts';
import type { CheckedPeer } from './check.ts';
import type { ClusterShape } from './cluster-files.ts';
import type { ClusterPaths } from './data-dir.ts';
import type { Cluster, ClusterOptions } from './embedded-cluster.ts';
import type { Peer, PeerOptions } from './peer.ts';

export type * from '../store/index.ts';
export { type ApiConfig, apiConfigCheck } from './api-config.ts';
export type { CheckedPeer } from './check.ts';
export * as checks from './checks.ts';
export * from './cluster-files.ts';
export { addToCluster, dropFromCluster } from './cluster-members.ts';
export { adminPem } from './cluster-pki.ts';
export {
  loadPeerConfig,
  type MemberConfig,
  type NodeMode,
  nodeModes,
  type PeerConfig,
  parsePeerConfig,
} from './config.ts';
export {
  type ClusterPaths,
  clusterPaths,
  type PeerPaths,
  pidFile,
  removeFile,
  unusable,
  writeFileAtomic,
} from './data-dir.ts';
export type { Cluster, ClusterOptions } from './embedded-cluster.ts';
export { type EtcdStoreConfig, etcdStoreCheck, etcdStoreDefaults, resolveFiles } from './etcd-store-config.ts';
export type { LoggerOptions } from './logger.ts';
export { isMemberRequest, MEMBERS_PATH, type MemberList, type MemberRequest } from './member-request.ts';
export type { Peer, PeerOptions } from './peer.ts';
export { isAlive, livePid, readPid } from './process-id.ts';
export { SNAPSHOT_PATH } from './snapshot-path.ts';
export { type PeerStatus, STATUS_PATH } from './status.ts';
export { suggestion } from './suggestion.ts';

/*
 * Commands that only look at a cluster must not pay for a peer's modules: those are loaded when they are used.
 */

/** See peer.ts. */
export async function startPeer(options: PeerOptions): Promise<Peer> {
  return (await import('./peer.ts')).startPeer(options);
}

/** See embedded-cluster.ts. */
export async function startCluster(options?: ClusterOptions): Promise<Cluster> {
  return (await import('./embedded-cluster.ts')).startCluster(options);
}

/** See workloads.ts. */
export async function stopOrphans(dataDir: string): Promise<number> {
  return (await import('./workloads.ts')).stopOrphans(dataDir);
}

/** See check.ts. */
export async function checkPeer(configFile: string): Promise<CheckedPeer> {
  return (await import('./check.ts')).checkPeer(configFile);
}

/** See restore.ts. */
export async function restoreCluster(paths: ClusterPaths, shape: ClusterShape, file: string): Promise<void> {
  return (await import('./restore.ts')).restoreCluster(paths, shape, file);
}

/** See logger.ts. */
export async function createLogger(options: import('./logger.ts').LoggerOptions): Promise<Logger> {
  return (await import('./logger.ts')).createLogger(options);
}

/** The store by itself: its client, and its types. */
export function importStore(): Promise<typeof import('../store/index.ts')> {
  return import('../store/index.ts');
}
