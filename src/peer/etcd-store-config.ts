import { resolve } from 'node:path';
import { type Check, count, fields, invalid, text } from './checks.ts';

/** The etcd cluster that a cluster stands on. */
export interface EtcdStoreConfig {
  /** `etcd://HOST:PORT,HOST:PORT,…` */
  url: string;
  /** Of all keys: the same etcd may serve others as well. */
  prefix: string;
  /**
   * Paths of PEM files; absolute. `ca` signed the servers' certificates (absent: one that this machine trusts), `cert` and `key`
   * are shown to them. None of them: no TLS.
   */
  ca?: string | undefined;
  cert?: string | undefined;
  key?: string | undefined;
  /** How much of its history is kept, by compacting all of etcd every so often. 0: that is left to etcd. */
  historySeconds: number;
}

export const etcdStoreDefaults = { prefix: '/keelson/', historySeconds: 300 } as const;
const DEFAULT_PORT = 2379;
const MAX_PREFIX = 1_024;

const url: Check = (value, field) => {
  text(value, field);
  parseStoreUrl(value as string);
  return value;
};

const prefix: Check = (value, field) => {
  if (
    typeof text(value, field) === 'string' &&
    /^[\x20-\x7e]+$/.test(value as string) &&
    String(value).length <= MAX_PREFIX
  )
    return value;
  throw invalid(`field "${field}" must be a prefix of printable ASCII characters such as "/keelson/"`);
};

const shape = fields(
  { url, prefix, ca: text, cert: text, key: text, historySeconds: count },
  { ...etcdStoreDefaults, ca: undefined, cert: undefined, key: undefined },
);

export const etcdStoreCheck: Check = (value, field) => {
  const config = shape(value, field) as EtcdStoreConfig;
  if ((config.cert === undefined) !== (config.key === undefined))
    throw invalid(`${field}.cert and ${field}.key belong together: give both, or none`);
  return config;
};

/** The servers of an `etcd://` URL, as `host:port`. Throws CONFIG_INVALID. */
export function parseStoreUrl(text: string): string[] {
  const [, list] = /^etcd:\/\/([^/]+)\/?$/.exec(text) ?? [];
  const servers = list?.split(',').map(parseServer) ?? [];
  if (servers.length === 0 || servers.includes(undefined))
    throw invalid(`the store's URL must be "etcd://HOST:PORT,HOST:PORT,…", not ${JSON.stringify(text.slice(0, 100))}`);
  return servers as string[];
}

function parseServer(text: string): string | undefined {
  const [, host, port = String(DEFAULT_PORT)] = /^(\[[\da-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?$/i.exec(text) ?? [];
  return host === undefined || Number(port) < 1 || Number(port) > 65_535 ? undefined : `${host}:${port}`;
}

/** With the paths of its files made absolute. */
export function resolveFiles(config: EtcdStoreConfig, base: string): EtcdStoreConfig {
  const absolute = (path: string | undefined): string | undefined => path && resolve(base, path);
  return { ...config, ca: absolute(config.ca), cert: absolute(config.cert), key: absolute(config.key) };
}
