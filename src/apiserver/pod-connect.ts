import { errors, type ResourceType, type v1 } from '../api/index.ts';
import { type Authorizer, denied } from './authorization/index.ts';
import { asObject, type ConnectionOptions, portForwardOptions, streamOptions } from './connection-options.ts';
import type { Exchange } from './exchange.ts';
import type { KubeletConnection } from './kubelet-connection.ts';
import { containerOf } from './pod-container.ts';
import type { Registry } from './registry/types.ts';
import { requestOf, type SubresourceRoutes } from './resources.ts';
import type { UpgradeRoute } from './server.ts';

/** What the kubelet calls a subresource of a pod, and the parameters that it takes. */
interface Connectable {
  kubeletPath: string;
  /** It is one container's. */
  ofContainer: boolean;
  options(asked: URLSearchParams): ConnectionOptions;
  query(options: ConnectionOptions): [name: string, value: string][];
}

const connectables: Readonly<Record<string, Connectable>> = {
  exec: {
    kubeletPath: 'exec',
    ofContainer: true,
    options: (asked) => streamOptions('PodExecOptions', asked),
    query: (options) => [...streamQuery(options), ...listed('command', options['command'])],
  },
  attach: {
    kubeletPath: 'attach',
    ofContainer: true,
    options: (asked) => streamOptions('PodAttachOptions', asked),
    query: streamQuery,
  },
  portforward: {
    kubeletPath: 'portForward',
    ofContainer: false,
    options: portForwardOptions,
    query: (options) => listed('ports', options['ports']),
  },
};

/** The kubelet's own names. */
const kubeletStreams = { stdin: 'input', stdout: 'output', stderr: 'error', tty: 'tty' };

function streamQuery(options: ConnectionOptions): [string, string][] {
  return Object.entries(kubeletStreams).flatMap(([name, kubeletName]): [string, string][] =>
    options[name] === true ? [[kubeletName, '1']] : [],
  );
}

function listed(name: string, values: unknown): [string, string][] {
  return ((values ?? []) as unknown[]).map((value): [string, string] => [name, String(value)]);
}

export interface PodConnectOptions {
  registry: Registry;
  pods: ResourceType;
  kubelets: KubeletConnection;
  authorizer: Authorizer;
}

/** `exec`, `attach` and `portforward` of pods: the client's connection becomes one to the kubelet that runs the pod. */
export function podConnectRoute(options: PodConnectOptions): UpgradeRoute {
  return async (exchange, socket, head) => {
    const { info } = exchange;
    const connectable = connectables[info.subresource];
    if (!info.isResource || info.group !== '' || info.resource !== 'pods' || !connectable) return false;
    const { nodeName, path } = await destinationOf(exchange, connectable, options);
    await options.kubelets.upgrade(nodeName, path, { request: exchange.request, socket, head });
    return true;
  };
}

/** The same without a request to switch protocols: refused, though only after whatever else there is to refuse. */
export function podConnectWithoutUpgrade(options: PodConnectOptions): SubresourceRoutes {
  return Object.fromEntries(
    Object.entries(connectables).map(([name, connectable]) => [
      `pods/${name}`,
      async (exchange) => {
        await destinationOf(exchange, connectable, options);
        throw errors.badRequest('Upgrade request required');
      },
    ]),
  );
}

/** Where to connect to, when that may be. */
async function destinationOf(
  exchange: Exchange,
  { kubeletPath, ofContainer, options: optionsOf, query: queryOf }: Connectable,
  { registry, pods, authorizer }: PodConnectOptions,
): Promise<{ nodeName: string; path: string }> {
  const { info } = exchange;
  if (info.verb !== 'get' && info.verb !== 'create') throw errors.methodNotAllowed(pods, info.verb);
  if (exchange.query.has('dryRun')) throw errors.badRequest('dryRun is not supported');
  const { subresource: _connected, ...request } = requestOf(exchange, pods);
  const asked = asObject(optionsOf(exchange.query));
  const admitted = await registry.connect({ ...request, subresource: info.subresource, options: asked });
  const options = admitted as unknown as ConnectionOptions;
  await authorizeCreate(exchange, authorizer);
  const pod = (await registry.get(request)).object as v1.Pod;
  const names = [pod.metadata.namespace, pod.metadata.name];
  if (ofContainer) names.push(containerOf(pod, String(options['container'] ?? '')));
  const nodeName = pod.spec?.nodeName ?? '';
  if (nodeName === '') throw errors.badRequest(`pod ${pod.metadata.name} does not have a host assigned`);
  const path = [kubeletPath, ...names.map((name) => encodeURIComponent(name ?? ''))].join('/');
  return { nodeName, path: `/${path}?${new URLSearchParams(queryOf(options))}` };
}

/** A WebSocket begins with a GET; what may be done through it takes more than the right to read. */
async function authorizeCreate({ info, user }: Exchange, authorizer: Authorizer): Promise<void> {
  if (info.verb === 'create') return;
  const { group, version, resource, subresource, namespace, name, path } = info;
  const attributes = {
    user,
    verb: 'create',
    path,
    resource: { group, version, resource, subresource, namespace, name },
  };
  const { allowed, reason } = await authorizer.authorize(attributes);
  if (!allowed) throw denied(attributes, reason);
}
