import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { KeelsonError } from '../base/index.ts';
import { CONFIG_API_VERSION, CONFIG_KIND, type MemberConfig, type NodeMode } from './config.ts';
import { type ClusterPaths, clusterPaths, makePrivateDir, writeFileAtomic } from './data-dir.ts';
import { kubeconfigOf } from './kubeconfig.ts';

/** What a cluster on one machine looks like; kept in `cluster.json`. */
export interface ClusterShape {
  clusterId: string;
  members: MemberConfig[];
  sharedApiPort: number;
  mode: NodeMode;
}

export interface ClusterFilesOptions {
  dataDir: string;
  peers: number;
  /** API port of the first peer; the next peers' follow. */
  port: number;
  mode: NodeMode;
  now: number;
}

/** Raft ports lie this far above the API ports. */
const PEER_PORT_OFFSET = 1_000;
const HOST = '127.0.0.1';
/** Rootless addresses: the loopback takes all of 127.0.0.0/8. */
const SERVICE_CIDR = '127.96.0.0/16';
const podCIDR = (id: number): string => `127.${100 + id}.0.0/16`;
export const MAX_LOCAL_PEERS = 99;

/**
 * Finds the cluster in a data directory, or lays out a new one: authority, certificates, a configuration file a peer, kubeconfig.
 * Throws DATA_DIR_MISMATCH when what is there has another shape than asked for.
 */
export async function prepareCluster(
  options: ClusterFilesOptions,
): Promise<{ paths: ClusterPaths; shape: ClusterShape; created: boolean }> {
  const paths = clusterPaths(resolve(options.dataDir));
  if (existsSync(paths.cluster)) {
    const shape = readShape(paths);
    checkShape(shape, options, paths.root);
    return { paths, shape, created: false };
  }
  const shape: ClusterShape = {
    clusterId: randomUUID(),
    mode: options.mode,
    sharedApiPort: options.port + PEER_PORT_OFFSET - 1,
    members: Array.from({ length: options.peers }, (_, i) => ({
      id: i + 1,
      host: HOST,
      apiPort: options.port + i,
      peerPort: options.port + PEER_PORT_OFFSET + i,
    })),
  };
  await writePki(paths, shape, options.now);
  for (const { id } of shape.members)
    writeFileAtomic(paths.peer(id).config, `${JSON.stringify(peerConfig(paths, shape, id), null, 2)}\n`);
  writeFileAtomic(paths.kubeconfig, kubeconfigOf(shape, readPem(paths)));
  // Last: a directory without this file is laid out anew.
  writeFileAtomic(paths.cluster, `${JSON.stringify(shape, null, 2)}\n`);
  return { paths, shape, created: true };
}

/** Reads `cluster.json`. Throws NO_CLUSTER or DATA_FOREIGN. */
export function readShape(paths: ClusterPaths): ClusterShape {
  if (!existsSync(paths.cluster))
    throw new KeelsonError('NO_CLUSTER', `no cluster in ${paths.root}: start one with "keelson up"`);
  try {
    const shape = JSON.parse(readFileSync(paths.cluster, 'utf8')) as ClusterShape;
    if (typeof shape.clusterId !== 'string' || !Array.isArray(shape.members)) throw new Error('fields are missing');
    return shape;
  } catch (error) {
    throw new KeelsonError(
      'DATA_FOREIGN',
      `${paths.cluster} is damaged or not Keelson's: move ${paths.root} away, or restore the file`,
      { cause: error },
    );
  }
}

function checkShape(shape: ClusterShape, { peers, port }: ClusterFilesOptions, root: string): void {
  const first = shape.members[0]?.apiPort;
  if (shape.members.length === peers && first === port) return;
  throw new KeelsonError(
    'DATA_DIR_MISMATCH',
    `${root} holds a cluster of ${shape.members.length} peers from port ${first}: use --peers ${shape.members.length} --port ${first}, or another --data-dir`,
  );
}

async function writePki(paths: ClusterPaths, shape: ClusterShape, now: number): Promise<void> {
  makePrivateDir(paths.root);
  makePrivateDir(paths.pki.dir);
  for (const { id } of shape.members) makePrivateDir(paths.peer(id).dir);
  const { createAuthority, issueCertificate } = await import('./pki/certificates.ts');
  const authority = await createAuthority('keelson-ca', now);
  writeFileAtomic(paths.pki.caCert, authority.cert, 0o644);
  writeFileAtomic(paths.pki.caKey, authority.key);
  const client = await issueCertificate(
    authority,
    { commonName: 'kubernetes-admin', organizations: ['system:masters'] },
    now,
  );
  writeFileAtomic(paths.pki.clientCert, client.cert, 0o644);
  writeFileAtomic(paths.pki.clientKey, client.key);
  for (const { id, host } of shape.members) {
    const { cert, key } = await issueCertificate(
      authority,
      { commonName: `keelson:peer:${id}`, organizations: ['keelson:peers'], hosts: serverNames(id, host) },
      now,
    );
    writeFileAtomic(paths.peer(id).cert, cert, 0o644);
    writeFileAtomic(paths.peer(id).key, key);
  }
}

/** Every name that clients call an API server by. */
function serverNames(id: number, host: string): string[] {
  const service = SERVICE_CIDR.replace(/\.0\/\d+$/, '.1');
  const names = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local'];
  return [...new Set([host, '127.0.0.1', '::1', service, 'localhost', `peer-${id}`, ...names])];
}

function peerConfig(paths: ClusterPaths, shape: ClusterShape, id: number): object {
  const peer = paths.peer(id);
  return {
    apiVersion: CONFIG_API_VERSION,
    kind: CONFIG_KIND,
    clusterId: shape.clusterId,
    peerId: id,
    nodeName: `peer-${id}`,
    dataDir: peer.dir,
    members: shape.members,
    sharedApiPort: shape.sharedApiPort,
    mode: shape.mode,
    podCIDR: podCIDR(id),
    serviceCIDR: SERVICE_CIDR,
    pki: { ca: paths.pki.caCert, cert: peer.cert, key: peer.key },
  };
}

function readPem(paths: ClusterPaths): { ca: string; cert: string; key: string } {
  return {
    ca: readFileSync(paths.pki.caCert, 'utf8'),
    cert: readFileSync(paths.pki.clientCert, 'utf8'),
    key: readFileSync(paths.pki.clientKey, 'utf8'),
  };
}
