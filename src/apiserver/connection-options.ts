import { booleanParameter, errors, type KubernetesObject } from '../api/index.ts';

/** What a request to connect asks for, as admission sees it and may change it: an object of core/v1 without metadata. */
export type ConnectionOptions = { apiVersion: 'v1'; kind: string } & Readonly<Record<string, unknown>>;

const streams = ['stdin', 'stdout', 'stderr', 'tty'];

/** PodExecOptions or PodAttachOptions of a request's parameters. What is off is left out. */
export function streamOptions(kind: 'PodExecOptions' | 'PodAttachOptions', query: URLSearchParams): ConnectionOptions {
  const container = query.get('container') ?? '';
  return {
    kind,
    apiVersion: 'v1',
    ...Object.fromEntries(streams.flatMap((name) => (booleanParameter(query, name) ? [[name, true]] : []))),
    ...(container === '' ? {} : { container }),
    ...(kind === 'PodExecOptions' ? { command: query.getAll('command') } : {}),
  };
}

/** PodPortForwardOptions. Throws 400 for what is no port. */
export function portForwardOptions(query: URLSearchParams): ConnectionOptions {
  const ports = query.getAll('ports').flatMap((ports) => ports.split(',').map(portOf));
  return { kind: 'PodPortForwardOptions', apiVersion: 'v1', ...(ports.length === 0 ? {} : { ports }) };
}

const proxyKinds: Readonly<Record<string, string>> = {
  pods: 'PodProxyOptions',
  services: 'ServiceProxyOptions',
  nodes: 'NodeProxyOptions',
};

/** The options of a proxy of one of `pods`, `services` and `nodes`; `path` is what is asked of the backend. */
export function proxyOptions(resource: string, path: string): ConnectionOptions {
  return { kind: proxyKinds[resource] ?? '', apiVersion: 'v1', path: path.startsWith('/') ? path : `/${path}` };
}

/** As the registry takes them. */
export function asObject(options: ConnectionOptions): KubernetesObject {
  return options as unknown as KubernetesObject;
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw errors.badRequest(
    `cannot convert to []int32: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
  );
}
