import { type ClusterShape, serviceIpOf, writePeerConfig, writeShape } from './cluster-files.ts';
import { adminPem, issuePeer } from './cluster-pki.ts';
import { checkMembers, type MemberConfig } from './config.ts';
import { type ClusterPaths, makePrivateDir, writeFileAtomic } from './data-dir.ts';
import { kubeconfigOf } from './kubeconfig.ts';

/**
 * Lays out a peer that joins a cluster of this data directory: its certificate and configuration, the cluster's list of
 * peers, the kubeconfig. Throws CONFIG_INVALID when its address is another's, DATA_DIR or PKI.
 */
export async function addToCluster(
  paths: ClusterPaths,
  shape: ClusterShape,
  member: Omit<MemberConfig, 'joined'>,
  now: number,
): Promise<ClusterShape> {
  const grown: ClusterShape = { ...shape, members: [...shape.members, { ...member, joined: true }] };
  checkMembers(grown.members);
  makePrivateDir(paths.peer(member.id).dir);
  await issuePeer(paths, grown, member.id, serviceIpOf(grown), now);
  writePeerConfig(paths, grown, member.id);
  adopt(paths, grown);
  return grown;
}

/** Forgets a peer that was removed; its own directory stays. */
export function dropFromCluster(paths: ClusterPaths, shape: ClusterShape, id: number): void {
  adopt(paths, { ...shape, members: shape.members.filter((member) => member.id !== id) });
}

function adopt(paths: ClusterPaths, shape: ClusterShape): void {
  writeShape(paths, shape);
  writeFileAtomic(paths.kubeconfig, kubeconfigOf(shape, adminPem(paths)));
}
