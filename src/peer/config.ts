import { readFile } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import { errorCode, errorMessage, KeelsonError } from '../base/index.ts';
import { suggestion } from './suggestion.ts';

/** How workloads run: `auto` takes the best that the machine allows. */
export type NodeMode = 'rootless' | 'linux' | 'auto';

/** A member of the cluster as the others reach it. */
export interface MemberConfig {
  id: number;
  host: string;
  /** Raft between peers. */
  peerPort: number;
  /** The Kubernetes API. */
  apiPort: number;
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
  };
  /** Seconds that a pod stays bound to a node that does not answer. */
  unreachableTolerationSeconds: number;
}

export const CONFIG_API_VERSION = 'keelson/v1';
export const CONFIG_KIND = 'PeerConfiguration';

type Check = (value: unknown, field: string) => unknown;

const text: Check = (value, field) =>
  typeof value === 'string' && value !== '' ? value : wrong(field, 'a text', value);
const positive: Check = (value, field) =>
  Number.isSafeInteger(value) && (value as number) > 0 ? value : wrong(field, 'a positive integer', value);
const count: Check = (value, field) =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? value : wrong(field, 'an integer, 0 or more', value);
const port: Check = (value, field) =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 65_535
    ? value
    : wrong(field, 'a port number', value);
const mode: Check = (value, field) =>
  value === 'rootless' || value === 'linux' || value === 'auto'
    ? value
    : wrong(field, 'one of rootless, linux, auto', value);
const cidr: Check = (value, field) =>
  typeof value === 'string' && /^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/.test(value)
    ? value
    : wrong(field, 'a block of addresses such as 10.1.0.0/16', value);
const list =
  (item: Check): Check =>
  (value, field) =>
    Array.isArray(value) ? value.map((entry, i) => item(entry, `${field}[${i}]`)) : wrong(field, 'a list', value);

/** The fields of an object: all required but those with a default, and no others. */
function fields(shape: Record<string, Check>, defaults: Record<string, unknown> = {}): Check {
  return (value, field) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return wrong(field || 'the configuration', 'an object', value);
    const prefix = field === '' ? '' : `${field}.`;
    for (const name of Object.keys(value)) {
      if (!Object.hasOwn(shape, name))
        throw invalid(`unknown field "${prefix}${name}"${suggestion(name, Object.keys(shape))}`);
    }
    const result: Record<string, unknown> = {};
    for (const [name, check] of Object.entries(shape)) {
      const given = (value as Record<string, unknown>)[name] ?? defaults[name];
      if (given === undefined) throw invalid(`field "${prefix}${name}" is missing`);
      result[name] = check(given, `${prefix}${name}`);
    }
    return result;
  };
}

const checkConfig = fields(
  {
    apiVersion: (value, field) => (value === CONFIG_API_VERSION ? value : wrong(field, CONFIG_API_VERSION, value)),
    kind: (value, field) => (value === CONFIG_KIND ? value : wrong(field, CONFIG_KIND, value)),
    clusterId: text,
    peerId: positive,
    nodeName: text,
    dataDir: text,
    members: list(fields({ id: positive, host: text, peerPort: port, apiPort: port })),
    sharedApiPort: port,
    mode,
    podCIDR: cidr,
    serviceCIDR: cidr,
    pki: fields({ ca: text, cert: text, key: text }),
    unreachableTolerationSeconds: count,
  },
  { mode: 'auto', sharedApiPort: 0, unreachableTolerationSeconds: 30 },
);

/** Checks a parsed configuration. Throws KeelsonError CONFIG_INVALID, whose text names the field. Relative paths start at `base`. */
export function parsePeerConfig(value: unknown, base: string): PeerConfig {
  const {
    apiVersion: _apiVersion,
    kind: _kind,
    ...config
  } = checkConfig(value, '') as PeerConfig & { apiVersion: string; kind: string };
  if (!config.members.some(({ id }) => id === config.peerId))
    throw invalid(`members has no entry with id ${config.peerId} (peerId)`);
  if (new Set(config.members.map(({ id }) => id)).size !== config.members.length)
    throw invalid('members has two entries with one id');
  const absolute = (path: string): string => (isAbsolute(path) ? path : resolve(base, path));
  config.dataDir = absolute(config.dataDir);
  for (const name of Object.keys(config.pki) as (keyof PeerConfig['pki'])[])
    config.pki[name] = absolute(config.pki[name]);
  return config;
}

/** Reads a configuration file (YAML or JSON). Throws KeelsonError CONFIG_INVALID or CONFIG_MISSING. */
export async function loadPeerConfig(path: string): Promise<PeerConfig> {
  let content: string;
  try {
    content = await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') throw new KeelsonError('CONFIG_MISSING', `no configuration file at ${path}`);
    throw new KeelsonError('CONFIG_MISSING', `can't read ${path}: ${errorMessage(error)}`, { cause: error });
  }
  try {
    return parsePeerConfig(await parse(content), resolve(path, '..'));
  } catch (error) {
    throw new KeelsonError('CONFIG_INVALID', `${path}: ${errorMessage(error).split('\n')[0]}`, { cause: error });
  }
}

/** `keelson up` writes JSON, which needs no YAML library at a peer's start. */
async function parse(content: string): Promise<unknown> {
  if (content.trimStart().startsWith('{')) return JSON.parse(content);
  const { parse: parseYaml } = await import('yaml');
  return parseYaml(content);
}

function wrong(field: string, expected: string, value: unknown): never {
  throw invalid(`field "${field}" must be ${expected}, not ${JSON.stringify(value)}`);
}

function invalid(message: string): KeelsonError {
  return new KeelsonError('CONFIG_INVALID', message);
}
