import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode, KeelsonError } from '../base/index.ts';

/** Where a cluster that `keelson up` made keeps its things. */
export interface ClusterPaths {
  root: string;
  /** The cluster's id and shape. */
  cluster: string;
  kubeconfig: string;
  pki: { dir: string; caCert: string; caKey: string; clientCert: string; clientKey: string };
  peer(id: number): PeerPaths;
}

export interface PeerPaths {
  dir: string;
  config: string;
  pid: string;
  log: string;
  cert: string;
  key: string;
}

export function clusterPaths(root: string): ClusterPaths {
  const pki = join(root, 'pki');
  return {
    root,
    cluster: join(root, 'cluster.json'),
    kubeconfig: join(root, 'kubeconfig'),
    pki: {
      dir: pki,
      caCert: join(pki, 'ca.crt'),
      caKey: join(pki, 'ca.key'),
      clientCert: join(pki, 'client.crt'),
      clientKey: join(pki, 'client.key'),
    },
    peer(id) {
      const dir = join(root, `peer-${id}`);
      return {
        dir,
        config: join(dir, 'config.json'),
        pid: join(dir, 'pid'),
        log: join(dir, 'log'),
        cert: join(dir, 'peer.crt'),
        key: join(dir, 'peer.key'),
      };
    },
  };
}

/** Makes a directory that only its owner may enter. Throws DATA_DIR when that can't be. */
export function makePrivateDir(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    chmodSync(path, 0o700);
  } catch (error) {
    throw new KeelsonError('DATA_DIR', `can't use ${path} for data: ${errorCode(error) ?? error}`, { cause: error });
  }
}

/** Replaces a file in one step; only its owner may read it unless `mode` says otherwise. */
export function writeFileAtomic(path: string, content: string, mode = 0o600): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, content, { mode });
  renameSync(temporary, path);
}

/** The process in a pid file, when it is alive. */
export function livePid(path: string): number | undefined {
  if (!existsSync(path)) return undefined;
  const pid = Number(readFileSync(path, 'utf8').trim());
  return Number.isSafeInteger(pid) && pid > 0 && isAlive(pid) ? pid : undefined;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
  return !isZombie(pid);
}

/** A process that has ended and waits for its parent to notice is not alive. */
function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    return false;
  }
}

/** Removes a file, if it is there. */
export function removeFile(path: string): void {
  rmSync(path, { force: true });
}
