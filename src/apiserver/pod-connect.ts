import { booleanParameter, errors, type ResourceType, type v1 } from '../api/index.ts';
import { type Authorizer, denied } from './authorization/index.ts';
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
  query(asked: URLSearchParams): [name: string, value: string][];
}

const connectables: Readonly<Record<string, Connectable>> = {
  exec: {
    kubeletPath: 'exec',
    ofContainer: true,
    query: (asked) => [
      ...streamQuery(asked),
      ...asked.getAll('command').map((word): [string, string] => ['command', word]),
    ],
  },
  attach: { kubeletPath: 'attach', ofContainer: true, query: streamQuery },
  portforward: {
    kubeletPath: 'portForward',
    ofContainer: false,
    query: (asked) => asked.getAll('ports').map((ports): [string, string] => ['ports', ports]),
  },
};

/** Output is on unless it is refused, input and terminal are off unless they are asked for. */
function streamQuery(asked: URLSearchParams): [string, string][] {
  const names = { stdin: 'input', stdout: 'output', stderr: 'error', tty: 'tty' };
  return Object.entries(names).flatMap(([name, kubeletName]): [string, string][] => {
    const on = booleanParameter(asked, name) ?? (name === 'stdout' || name === 'stderr');
    return on ? [[kubeletName, '1']] : [];
  });
}

/** `exec`, `attach` and `portforward` of pods: the client's connection becomes one to the kubelet that runs the pod. */
export function podConnectRoute(options: {
  registry: Registry;
  pods: ResourceType;
  kubelets: KubeletConnection;
  authorizer: Authorizer;
}): UpgradeRoute {
  const { registry, pods, kubelets, authorizer } = options;
  return async (exchange, socket, head) => {
    const { info } = exchange;
    const connectable = connectables[info.subresource];
    if (!info.isResource || info.group !== '' || info.resource !== 'pods' || !connectable) return false;
    if (info.verb !== 'get' && info.verb !== 'create') throw errors.methodNotAllowed(pods, info.verb);
    await authorizeCreate(exchange, authorizer);
    const { subresource: _connected, ...request } = requestOf(exchange, pods);
    const pod = (await registry.get(request)).object as v1.Pod;
    const names = [pod.metadata.namespace, pod.metadata.name];
    if (connectable.ofContainer) names.push(containerOf(pod, exchange.query.get('container') ?? ''));
    const nodeName = pod.spec?.nodeName ?? '';
    if (nodeName === '') throw errors.badRequest(`pod ${pod.metadata.name} does not have a host assigned`);
    const path = [connectable.kubeletPath, ...names.map((name) => encodeURIComponent(name ?? ''))].join('/');
    const query = new URLSearchParams(connectable.query(exchange.query));
    await kubelets.upgrade(nodeName, `/${path}?${query}`, { request: exchange.request, socket, head });
    return true;
  };
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

/** The same without a request to switch protocols. */
export const podConnectWithoutUpgrade: SubresourceRoutes = Object.fromEntries(
  Object.keys(connectables).map((name) => [
    `pods/${name}`,
    async () => {
      throw errors.badRequest('Upgrade request required');
    },
  ]),
);
