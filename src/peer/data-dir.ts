import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { errorMessage, KeelsonError } from '../base/index.ts';

/** Where a cluster that `keelson up` made keeps its things. */
export interface ClusterPaths {
  root: string;
  /** The cluster's id and shape. */
  cluster: string;
  /** There while `keelson up` lays the directory out; holds that process' id. */
  layout: string;
  kubeconfig: string;
  pki: {
    dir: string;
    caCert: string;
    caKey: string;
    clientCert: string;
    clientKey: string;
    /** Signs service account tokens. */
    tokenKey: string;
  };
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

/** The paths in a data directory; all absolute. */
export function clusterPaths(dataDir: string): ClusterPaths {
  const root = resolve(dataDir);
  const pki = join(root, 'pki');
  return {
    root,
    cluster: join(root, 'cluster.json'),
    layout: join(root, 'cluster.json.layout'),
    kubeconfig: join(root, 'kubeconfig'),
    pki: {
      dir: pki,
      caCert: join(pki, 'ca.crt'),
      caKey: join(pki, 'ca.key'),
      clientCert: join(pki, 'client.crt'),
      clientKey: join(pki, 'client.key'),
      tokenKey: join(pki, 'sa.key'),
    },
    peer(id) {
      const dir = join(root, `peer-${id}`);
      return {
        dir,
        config: join(dir, 'config.json'),
        pid: pidFile(dir),
        log: join(dir, 'log'),
        cert: join(dir, 'peer.crt'),
        key: join(dir, 'peer.key'),
      };
    },
  };
}

/** The file in a peer's data directory that holds its process' id. */
export function pidFile(peerDir: string): string {
  return join(peerDir, 'pid');
}

/** Makes a directory that only its owner may enter. Throws DATA_DIR when that can't be. */
export function makePrivateDir(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    chmodSync(path, 0o700);
  } catch (error) {
    throw unusable(path, error);
  }
}

/** Replaces a file in one step, durably; only its owner may read it unless `mode` says otherwise. Throws DATA_DIR. */
export function writeFileAtomic(path: string, content: string, mode = 0o600): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = openSync(temporary, 'w', mode);
    try {
      writeSync(file, content);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    throw unusable(path, error);
  }
}

/** Removes a file, if it is there. */
export function removeFile(path: string): void {
  rmSync(path, { force: true });
}

export function unusable(path: string, error: unknown): KeelsonError {
  return new KeelsonError(
    'DATA_DIR',
    `can't use ${path} for data (${errorMessage(error)}): make it writable, or choose another place`,
    { cause: error },
  );
}
