import type { Logger } from '../base/index.ts';
import type { Peer, PeerOptions } from './peer.ts';

export type * from '../store/index.ts';
export { type ClusterShape, MAX_LOCAL_PEERS, prepareCluster, readShape } from './cluster-files.ts';
export { loadPeerConfig, type MemberConfig, type NodeMode, type PeerConfig, parsePeerConfig } from './config.ts';
export {
  type ClusterPaths,
  clusterPaths,
  isAlive,
  livePid,
  type PeerPaths,
  removeFile,
  writeFileAtomic,
} from './data-dir.ts';
export type { LoggerOptions } from './logger.ts';
export { applyManifest, readManifest, waitForPods } from './manifest.ts';
export type { Peer, PeerOptions } from './peer.ts';
export { type PeerStatus, STATUS_PATH } from './status.ts';

/*
 * Commands that only look at a cluster must not pay for a peer's modules: those are loaded when they are used.
 */

/** See peer.ts. */
export async function startPeer(options: PeerOptions): Promise<Peer> {
  return (await import('./peer.ts')).startPeer(options);
}

/** See logger.ts. */
export async function createLogger(options: import('./logger.ts').LoggerOptions): Promise<Logger> {
  return (await import('./logger.ts')).createLogger(options);
}

/** The store by itself: its client, and its types. */
export function importStore(): Promise<typeof import('../store/index.ts')> {
  return import('../store/index.ts');
}
