import type { EnvVar, Mount } from '../../runtime/index.ts';

const TOKEN_MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * Where a node can't make mounts at all, a pod that asked for none must run all the same: instead of the mount that every pod
 * gets, a variable tells where the files of its service account lie.
 */
export function tokenInstead(mounts: readonly Mount[]): { mounts: Mount[]; env: EnvVar[] } {
  const isToken = ({ containerPath }: Mount): boolean => containerPath === TOKEN_MOUNT_PATH;
  const token = mounts.find(isToken);
  return {
    mounts: mounts.filter((mount) => !isToken(mount)),
    env: token === undefined ? [] : [{ name: 'KEELSON_SERVICE_ACCOUNT_DIR', value: token.hostPath }],
  };
}
