import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { basename } from 'node:path';
import { errorCode, errorMessage, KeelsonError } from '../base/index.ts';
import { type ApiConfig, apiConfigCheck } from './api-config.ts';
import { cidr, fields, list, oneOf, port, text } from './checks.ts';
import { adminPem, createPki, ensureTokenKey, renewPki } from './cluster-pki.ts';
import {
  CONFIG_API_VERSION,
  CONFIG_KIND,
  checkMembers,
  checkStore,
  kubernetesServiceIp,
  type MemberConfig,
  memberCheck,
  type NodeMode,
  nodeModes,
} from './config.ts';
import { type ClusterPaths, makePrivateDir, removeFile, unusable, writeFileAtomic } from './data-dir.ts';
import { type EtcdStoreConfig, etcdStoreCheck } from './etcd-store-config.ts';
import { kubeconfigOf } from './kubeconfig.ts';
import { isAlive, readPid } from './process-id.ts';

/** What a cluster on one machine looks like; kept in `cluster.json`. */
export interface ClusterShape {
  clusterId: string;
  members: MemberConfig[];
  sharedApiPort: number;
  mode: NodeMode;
  /** Addresses of Services. Absent: the default. */
  serviceCIDR?: string | undefined;
  /** Absent: the embedded store. */
  store?: EtcdStoreConfig | undefined;
  /** Further ways to come in, and what is written down of requests. */
  api?: ApiConfig | undefined;
}

/** What a user asks of a cluster; absent: as it is, or the default for a new one. */
export interface ShapeOptions {
  peers?: number | undefined;
  /** API port of the first peer; the next peers' follow. */
  port?: number | undefined;
  /** etcd API port of the first peer; the next peers' follow. */
  etcdPort?: number | undefined;
  mode?: NodeMode | undefined;
  serviceCIDR?: string | undefined;
  /** An etcd cluster to stand on; the servers and files of one that is there may change. */
  store?: EtcdStoreConfig | undefined;
  /** May be said anew at any start. */
  api?: ApiConfig | undefined;
}

export const shapeDefaults = { peers: 3, port: 6443, mode: 'auto' } as const satisfies ShapeOptions;
export const MAX_LOCAL_PEERS = 99;

/** Raft ports lie this far above the API ports. */
const PEER_PORT_OFFSET = 1_000;
const HOST = '127.0.0.1';
/** Rootless addresses: the loopback takes all of 127.0.0.0/8. */
export const DEFAULT_SERVICE_CIDR = '127.96.0.0/16';
const podCIDR = (id: number): string => `127.${100 + id}.0.0/16`;

const shapeCheck = fields(
  {
    clusterId: text,
    members: list(memberCheck),
    sharedApiPort: port,
    mode: oneOf(...nodeModes),
    serviceCIDR: cidr,
    store: etcdStoreCheck,
    api: apiConfigCheck,
  },
  { serviceCIDR: undefined, store: undefined, api: undefined },
);

/** The cluster that a data directory holds; undefined when one may be laid out there. Throws DATA_FOREIGN or DATA_DIR. */
export function findCluster(paths: ClusterPaths): ClusterShape | undefined {
  if (existsSync(paths.cluster)) return readShape(paths);
  const names = namesIn(paths.root);
  // A start that was interrupted while it laid the directory out has left nothing of worth.
  if (names.length === 0 || names.includes(basename(paths.layout))) return undefined;
  if (names.some((name) => /^peer-\d+$/.test(name)) && names.includes('pki')) {
    throw new KeelsonError(
      'DATA_FOREIGN',
      `${paths.root} holds peers' data, but ${paths.cluster} is missing: restore that file, or choose another --data-dir`,
    );
  }
  throw new KeelsonError(
    'DATA_FOREIGN',
    `${paths.root} holds "${names[0]}", which is not Keelson's: choose another --data-dir, or an empty directory`,
  );
}

/** Reads `cluster.json`. Throws NO_CLUSTER or DATA_FOREIGN. */
export function readShape(paths: ClusterPaths): ClusterShape {
  let content: string;
  try {
    content = readFileSync(paths.cluster, 'utf8');
  } catch (error) {
    if (errorCode(error) !== 'ENOENT' && errorCode(error) !== 'ENOTDIR') throw unusable(paths.cluster, error);
    throw new KeelsonError(
      'NO_CLUSTER',
      `no cluster in ${paths.root}: start one with "keelson up", or name another with --data-dir`,
    );
  }
  try {
    const shape = shapeCheck(JSON.parse(content), '') as ClusterShape;
    checkMembers(shape.members);
    return shape;
  } catch (error) {
    throw new KeelsonError(
      'DATA_FOREIGN',
      `${paths.cluster} is damaged or not Keelson's (${errorMessage(error)}): restore it, or choose another --data-dir`,
      { cause: error },
    );
  }
}

/** A new cluster as asked for. Throws CONFIG_INVALID when two of its ports are the same. */
export function planShape({ peers, port: first, etcdPort, mode, serviceCIDR, store, api }: ShapeOptions): ClusterShape {
  const base = first ?? shapeDefaults.port;
  const shape: ClusterShape = {
    clusterId: randomUUID(),
    mode: mode ?? shapeDefaults.mode,
    sharedApiPort: base + PEER_PORT_OFFSET - 1,
    members: Array.from({ length: peers ?? shapeDefaults.peers }, (_, i) => ({
      id: i + 1,
      host: HOST,
      apiPort: base + i,
      peerPort: base + PEER_PORT_OFFSET + i,
    })),
    ...(serviceCIDR === undefined ? {} : { serviceCIDR }),
    ...(store === undefined ? {} : { store }),
    ...(api === undefined ? {} : { api }),
  };
  return etcdPort === undefined ? shape : withEtcdPort(shape, etcdPort);
}

/** The cluster with the etcd API from another port on: what peers keep is the same whether they serve it or not. Throws as above. */
export function withEtcdPort(shape: ClusterShape, etcdPort: number): ClusterShape {
  const members = shape.members.map((member, i) => ({ ...member, etcdPort: etcdPort + i }));
  checkMembers(members);
  checkStore({ ...shape, members });
  return { ...shape, members };
}

/** The cluster with other servers of the etcd that it stands on, or other files to reach them. */
export function withStore(shape: ClusterShape, store: EtcdStoreConfig): ClusterShape {
  return { ...shape, store: { ...store, historySeconds: shape.store?.historySeconds ?? store.historySeconds } };
}

/** Throws DATA_DIR_MISMATCH when a cluster that is there is not as asked for. */
export function checkShape(shape: ClusterShape, asked: ShapeOptions, root: string): void {
  if (asked.store !== undefined && asked.store.prefix !== shape.store?.prefix) {
    const has = shape.store === undefined ? 'with the embedded store' : `with --store-prefix ${shape.store.prefix}`;
    throw new KeelsonError(
      'DATA_DIR_MISMATCH',
      `${root} holds a cluster made ${has}, which can't be changed: leave --store and --store-prefix out, or choose another --data-dir`,
    );
  }
  const { members, mode, serviceCIDR = DEFAULT_SERVICE_CIDR } = shape;
  const has = { peers: members.length, port: members[0]?.apiPort, mode, serviceCIDR };
  for (const name of ['peers', 'port', 'mode', 'serviceCIDR'] as const) {
    if (asked[name] === undefined || asked[name] === has[name]) continue;
    const option = name === 'serviceCIDR' ? '--service-cidr' : `--${name}`;
    throw new KeelsonError(
      'DATA_DIR_MISMATCH',
      `${root} holds a cluster made with ${option} ${has[name]}, not ${asked[name]}: leave ${option} out, or choose another --data-dir`,
    );
  }
}

/**
 * Lays out a new cluster: authority, certificates, a configuration file a peer, kubeconfig, and what `fill` puts into the peers'
 * directories. Throws ALREADY_RUNNING when another process does so, DATA_DIR when the directory can't be written.
 */
export async function layOutCluster(
  paths: ClusterPaths,
  shape: ClusterShape,
  now: number,
  fill: () => Promise<void> = async () => {},
): Promise<void> {
  makePrivateDir(paths.root);
  claimLayout(paths.layout);
  makePrivateDir(paths.pki.dir);
  for (const { id } of shape.members) makePrivateDir(paths.peer(id).dir);
  await createPki(paths, shape, serviceIpOf(shape), now);
  for (const { id } of shape.members) writePeerConfig(paths, shape, id);
  writeFileAtomic(paths.kubeconfig, kubeconfigOf(shape, adminPem(paths)));
  await fill();
  // Last: from here on this is a cluster.
  writeShape(paths, shape);
  removeFile(paths.layout);
}

export function serviceIpOf({ serviceCIDR = DEFAULT_SERVICE_CIDR }: Pick<ClusterShape, 'serviceCIDR'>): string {
  return kubernetesServiceIp(serviceCIDR);
}

/** Keeps what the cluster looks like. */
export function writeShape(paths: ClusterPaths, shape: ClusterShape): void {
  writeFileAtomic(paths.cluster, `${JSON.stringify(shape, null, 2)}\n`);
}

/** Brings what is derived up to date in a cluster that is there: certificates that end soon, files that were lost. */
export async function refreshCluster(paths: ClusterPaths, shape: ClusterShape, now: number): Promise<void> {
  const renewed = await renewPki(paths, shape, serviceIpOf(shape), now);
  if (renewed || !existsSync(paths.kubeconfig)) writeFileAtomic(paths.kubeconfig, kubeconfigOf(shape, adminPem(paths)));
  // A cluster that was laid out before there were such tokens gets them now, and its peers are told.
  const outdated = ensureTokenKey(paths);
  for (const { id } of shape.members) {
    if (outdated || !existsSync(paths.peer(id).config)) writePeerConfig(paths, shape, id);
  }
}

/** Makes a changed shape of a cluster that is there the one that its peers start with. */
export function changeCluster(paths: ClusterPaths, shape: ClusterShape): void {
  for (const { id } of shape.members) writePeerConfig(paths, shape, id);
  writeShape(paths, shape);
}

function namesIn(root: string): string[] {
  try {
    return readdirSync(root);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw unusable(root, error);
  }
}

/** Marks the directory as being laid out by this process. */
function claimLayout(path: string): void {
  const owner = readPid(path);
  if (owner !== undefined && owner !== process.pid && isAlive(owner)) throw layingOut(path, owner);
  if (existsSync(path)) removeFile(path);
  try {
    // Of two processes that come this far at once, one wins.
    const file = openSync(path, 'wx', 0o600);
    writeSync(file, `${process.pid}\n`);
    closeSync(file);
  } catch (error) {
    if (errorCode(error) === 'EEXIST') throw layingOut(path, readPid(path));
    throw unusable(path, error);
  }
}

function layingOut(path: string, owner: number | undefined): KeelsonError {
  return new KeelsonError(
    'ALREADY_RUNNING',
    `process ${owner ?? '?'} is making a cluster in this data directory: wait for it, or remove ${path} if it is no "keelson up"`,
  );
}

/** Its paths are relative to the file: a data directory may be moved. */
export function writePeerConfig(paths: ClusterPaths, shape: ClusterShape, id: number): void {
  const config = {
    apiVersion: CONFIG_API_VERSION,
    kind: CONFIG_KIND,
    clusterId: shape.clusterId,
    peerId: id,
    nodeName: `peer-${id}`,
    dataDir: '.',
    members: shape.members,
    sharedApiPort: shape.sharedApiPort,
    mode: shape.mode,
    podCIDR: podCIDR(id),
    serviceCIDR: shape.serviceCIDR ?? DEFAULT_SERVICE_CIDR,
    pki: {
      ca: '../pki/ca.crt',
      caKey: '../pki/ca.key',
      cert: 'peer.crt',
      key: 'peer.key',
      serviceAccountKey: '../pki/sa.key',
    },
    ...(shape.store === undefined ? {} : { store: shape.store }),
    ...(shape.api === undefined ? {} : { api: shape.api }),
  };
  writeFileAtomic(paths.peer(id).config, `${JSON.stringify(config, null, 2)}\n`);
}
