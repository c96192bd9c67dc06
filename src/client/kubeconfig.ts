import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { errorMessage, KeelsonError } from '../base/index.ts';
import type { HttpClientOptions } from './http-transport.ts';

/** A kubeconfig that can't be used; the text says where and why. */
export class KubeconfigError extends KeelsonError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('KUBECONFIG_INVALID', message, options);
  }
}

interface Kubeconfig {
  'current-context'?: string;
  contexts?: { name: string; context: { cluster: string; user: string; namespace?: string } }[];
  clusters?: { name: string; cluster: Cluster }[];
  users?: { name: string; user: User }[];
}

interface Cluster {
  server?: string;
  'certificate-authority'?: string;
  'certificate-authority-data'?: string;
  'insecure-skip-tls-verify'?: boolean;
  'tls-server-name'?: string;
}

interface User {
  'client-certificate'?: string;
  'client-certificate-data'?: string;
  'client-key'?: string;
  'client-key-data'?: string;
  token?: string;
  tokenFile?: string;
}

/** Reads how to reach the cluster of a kubeconfig's current (or the given) context. */
export async function loadKubeconfig(path: string, context?: string): Promise<HttpClientOptions> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new KubeconfigError(`${path}: ${errorMessage(error)}`, { cause: error });
  }
  const { parse } = await import('yaml');
  let config: Kubeconfig | null;
  try {
    config = parse(text) as Kubeconfig | null;
  } catch (error) {
    throw new KubeconfigError(`${path}: ${errorMessage(error).split('\n')[0]}`, { cause: error });
  }
  if (config === null || typeof config !== 'object') throw new KubeconfigError(`${path}: not a kubeconfig`);
  return connectionOf(config, context, path);
}

async function connectionOf(config: Kubeconfig, wanted: string | undefined, path: string): Promise<HttpClientOptions> {
  const contextName = wanted ?? config['current-context'];
  if (!contextName) throw new KubeconfigError(`${path}: no current-context`);
  const context = find(config.contexts, contextName, 'context', path).context;
  const { cluster } = find(config.clusters, context.cluster, 'cluster', path);
  const { user } = find(config.users, context.user, 'user', path);
  if (!cluster.server) throw new KubeconfigError(`${path}: cluster ${JSON.stringify(context.cluster)} has no server`);
  const ca = await content(cluster, 'certificate-authority', path);
  const cert = await content(user, 'client-certificate', path);
  const key = await content(user, 'client-key', path);
  const token = user.token ?? (user.tokenFile && (await read(user.tokenFile, path)).trim());
  return {
    servers: serversOf(config, cluster),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(token ? { token } : {}),
    ...(cluster['insecure-skip-tls-verify'] ? { insecure: true } : {}),
    ...(cluster['tls-server-name'] ? { serverName: cluster['tls-server-name'] } : {}),
  };
}

/** kubectl knows one server per cluster; entries under the same authority are further addresses of the same one. */
function serversOf(config: Kubeconfig, chosen: Cluster): string[] {
  const authority = chosen['certificate-authority-data'];
  const others = (config.clusters ?? [])
    .filter(({ cluster }) => authority !== undefined && cluster['certificate-authority-data'] === authority)
    .flatMap(({ cluster }) => cluster.server ?? []);
  return [...new Set([chosen.server!, ...others])];
}

function find<E extends { name: string }>(entries: E[] | undefined, name: string, what: string, path: string): E {
  const found = entries?.find((entry) => entry.name === name);
  if (found === undefined) throw new KubeconfigError(`${path}: no ${what} named ${JSON.stringify(name)}`);
  return found;
}

async function content<N extends string>(
  entry: { [field in N | `${N}-data`]?: string },
  field: N,
  path: string,
): Promise<string | undefined> {
  const data = entry[`${field}-data`];
  if (data) return Buffer.from(data, 'base64').toString();
  const file = entry[field];
  return file ? read(file, path) : undefined;
}

/** Files are named relative to the kubeconfig. */
async function read(file: string, path: string): Promise<string> {
  try {
    return await readFile(resolve(dirname(path), file), 'utf8');
  } catch (error) {
    throw new KubeconfigError(`${path}: ${errorMessage(error)}`, { cause: error });
  }
}
