import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { errorMessage, KeelsonError } from '../base/index.ts';
import { type ApiConfig, apiConfigCheck, resolveApiFiles } from './api-config.ts';
import {
  bool,
  cidr,
  count,
  dnsName,
  fields,
  invalid,
  list,
  oneOf,
  port,
  portOrNone,
  positive,
  text,
} from './checks.ts';
import { type EtcdStoreConfig, etcdStoreCheck, resolveFiles } from './etcd-store-config.ts';

/** How workloads run: `auto` takes the best that the machine allows. */
export type NodeMode = 'rootless' | 'auto';

/** A member of the cluster as the others reach it. */
export interface MemberConfig {
  id: number;
  host: string;
  /** Raft between peers. */
  peerPort: number;
  /** The Kubernetes API. */
  apiPort: number;
  /** It was added to a cluster that ran already, and starts by waiting for that cluster to tell it who is in it. */
  joined?: boolean | undefined;
  /** etcd's gRPC API; absent: not served. */
  etcdPort?: number | undefined;
}

/** All that a peer needs to know, as in its configuration file (`keelson peer --config F`). */
export interface PeerConfig {
  clusterId: string;
  peerId: number;
  /** Name of its Node object. */
  nodeName: string;
  /** Holds log, snapshots, containers; absolute. */
  dataDir: string;
  members: MemberConfig[];
  /** Port that all peers of one machine share, so that clients reach whichever lives; 0: none. */
  sharedApiPort: number;
  mode: NodeMode;
  /** Addresses of this node's pods. */
  podCIDR: string;
  /** Addresses of Services; the same on every peer. */
  serviceCIDR: string;
  pki: {
    /** Paths of PEM files; absolute. The certificate serves, and is the client's towards other peers. */
    ca: string;
    cert: string;
    key: string;
    /** Of the authority, to sign certificates that are asked for through the API; absent: none are signed. */
    caKey?: string | undefined;
    /** Signs service account tokens, the same on every peer; absent: there are none. */
    serviceAccountKey?: string | undefined;
  };
  /** Seconds that a pod stays on a node that was found not to answer, which takes ten; unless the pod says something else. */
  unreachableTolerationSeconds: number;
  /**
   * What makes a read linearizable, the same on every peer. `index`: a round of heartbeats. `lease`: the last heartbeats'
   * promise, without a round; sound only while no peer's clock runs that much faster than another's.
   */
  reads: { mode: 'index' | 'lease'; maxClockDriftPercent: number };
  /** Of keys and their history in memory; beyond it only deletions and compactions are taken. Absent: 2 GiB. */
  storeQuotaBytes?: number | undefined;
  /** Further ways to come in, and what is written down of requests. */
  api?: ApiConfig | undefined;
  /** An etcd cluster to stand on. Absent: the embedded store, which the members replicate among themselves. */
  store?: EtcdStoreConfig | undefined;
  /** While less is free where the data are, this peer takes no writes from its clients. 0: not watched. */
  diskReserveBytes: number;
}

export const CONFIG_API_VERSION = 'keelson/v1';
export const CONFIG_KIND = 'PeerConfiguration';
export const nodeModes: readonly NodeMode[] = ['rootless', 'auto'];

export const memberCheck = fields(
  { id: positive, host: text, peerPort: port, apiPort: port, etcdPort: port, joined: bool },
  { etcdPort: undefined, joined: undefined },
);

const configCheck = fields(
  {
    apiVersion: oneOf(CONFIG_API_VERSION),
    kind: oneOf(CONFIG_KIND),
    clusterId: text,
    peerId: positive,
    nodeName: dnsName,
    dataDir: text,
    members: list(memberCheck),
    sharedApiPort: portOrNone,
    mode: oneOf(...nodeModes),
    podCIDR: cidr,
    serviceCIDR: cidr,
    pki: fields(
      { ca: text, cert: text, key: text, caKey: text, serviceAccountKey: text },
      { caKey: undefined, serviceAccountKey: undefined },
    ),
    unreachableTolerationSeconds: count,
    reads: fields(
      { mode: oneOf('index', 'lease'), maxClockDriftPercent: count },
      { mode: 'index', maxClockDriftPercent: 10 },
    ),
    storeQuotaBytes: positive,
    diskReserveBytes: count,
    store: etcdStoreCheck,
    api: apiConfigCheck,
  },
  {
    mode: 'auto',
    sharedApiPort: 0,
    unreachableTolerationSeconds: 20,
    reads: {},
    storeQuotaBytes: undefined,
    store: undefined,
    api: undefined,
    diskReserveBytes: 64 * 1024 * 1024,
  },
);

/** Checks a parsed configuration. Throws KeelsonError CONFIG_INVALID, whose text names the field. Relative paths start at `base`. */
export function parsePeerConfig(value: unknown, base: string): PeerConfig {
  const checked = configCheck(value, '') as PeerConfig & { apiVersion: string; kind: string };
  const { apiVersion: _apiVersion, kind: _kind, ...config } = checked;
  checkMembers(config.members);
  if (!config.members.some(({ id }) => id === config.peerId))
    throw invalid(`members has no entry with id ${config.peerId}, which is this peer's (peerId)`);
  checkStore(config);
  const { ca, cert, key, caKey, serviceAccountKey } = config.pki;
  const absolute = (path: string | undefined): string | undefined => path && resolve(base, path);
  return {
    ...config,
    store: config.store && resolveFiles(config.store, base),
    api: config.api && resolveApiFiles(config.api, base),
    dataDir: resolve(base, config.dataDir),
    pki: {
      ca: resolve(base, ca),
      cert: resolve(base, cert),
      key: resolve(base, key),
      caKey: absolute(caKey),
      serviceAccountKey: absolute(serviceAccountKey),
    },
  };
}

/** The address of the Service `kubernetes`: the first that Services may have. */
export function kubernetesServiceIp(serviceCIDR: string): string {
  return serviceCIDR.replace(/\d+\/\d+$/, '1');
}

/** Who stands on etcd has no store of its own to serve etcd's API from. */
export function checkStore({ store, members }: Pick<PeerConfig, 'store' | 'members'>): void {
  if (store !== undefined && members.some(({ etcdPort }) => etcdPort !== undefined))
    throw invalid('etcdPort is for the embedded store: leave it out, and let clients of etcd use the one in store.url');
}

/** Two members can't have one id, or listen at one address. */
export function checkMembers(members: readonly MemberConfig[]): void {
  const seen = new Set<string>();
  for (const { id, host, peerPort, apiPort, etcdPort } of members) {
    const ports = [peerPort, apiPort, ...(etcdPort === undefined ? [] : [etcdPort])];
    for (const what of [`id ${id}`, ...ports.map((each) => `address ${host}:${each}`)]) {
      if (seen.has(what)) throw invalid(`members has ${what} twice`);
      seen.add(what);
    }
  }
}

/** Reads a configuration file (YAML or JSON). Throws KeelsonError CONFIG_INVALID or CONFIG_MISSING. */
export async function loadPeerConfig(path: string): Promise<PeerConfig> {
  let content: string;
  try {
    content = await readFile(path, 'utf8');
  } catch (error) {
    throw new KeelsonError('CONFIG_MISSING', `can't read the configuration file ${path}: ${reason(error)}`, {
      cause: error,
    });
  }
  try {
    return parsePeerConfig(await parse(content), resolve(dirname(path)));
  } catch (error) {
    throw new KeelsonError('CONFIG_INVALID', `${path}: ${reason(error)}`, { cause: error });
  }
}

/** `keelson up` writes JSON, which needs no YAML library at a peer's start. */
async function parse(content: string): Promise<unknown> {
  if (content.trimStart().startsWith('{')) {
    try {
      return JSON.parse(content);
    } catch {
      // A brace begins YAML's flow style too; its parser also tells line and column.
    }
  }
  const { parse: parseYaml } = await import('yaml');
  return parseYaml(content);
}

/** The first line: parsers go on with an excerpt of the text. */
function reason(error: unknown): string {
  return (errorMessage(error).split('\n')[0] ?? '').replace(/:$/, '');
}
