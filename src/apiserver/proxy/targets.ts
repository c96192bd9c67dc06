import { type discoveryv1, errors, type ResourceType, type v1 } from '../../api/index.ts';
import type { Random } from '../../base/index.ts';
import type { Registry, User } from '../registry/types.ts';
import type { ProxyPath } from './path.ts';

/** Where a proxied request goes. */
export type Target =
  /** A path of a node's kubelet. */
  | { kind: 'kubelet'; node: string }
  /** A port of a pod, reached by way of its node: a pod's address may mean something on that machine only. */
  | { kind: 'pod'; node: string; namespace: string; pod: string; port: number }
  /** An endpoint that is no pod. */
  | { kind: 'address'; host: string; port: number };

export interface TargetContext {
  registry: Registry;
  types: { pods: ResourceType; services: ResourceType; nodes: ResourceType; endpointSlices: ResourceType };
  random: Random;
}

/** Finds who answers; the user has been allowed to ask. Throws an ApiError. */
export async function targetOf(
  context: TargetContext,
  path: ProxyPath,
  namespace: string | undefined,
  user: User,
): Promise<Target> {
  const get = async <T>(type: ResourceType, name: string): Promise<T> => {
    const { object } = await context.registry.get({ type, namespace, name, user, warnings: [] });
    return object as T;
  };
  const { pods, nodes, services } = context.types;
  switch (path.resource) {
    case 'nodes': {
      const node = await get<v1.Node>(nodes, path.name);
      return { kind: 'kubelet', node: node.metadata.name! };
    }
    case 'pods': {
      const pod = await get<v1.Pod>(pods, path.name);
      return podTarget(pod, path.port === '' ? defaultPort(pod, path.scheme) : portNumber(path.port));
    }
    default:
      return serviceTarget(context, await get<v1.Service>(services, path.name), path);
  }
}

function podTarget({ metadata, spec, status }: v1.Pod, port: number): Target {
  const { name, namespace } = metadata;
  if (!spec?.nodeName || !status?.podIP) throw errors.badRequest(`address not allowed: pod ${name} has none yet`);
  return { kind: 'pod', node: spec.nodeName, namespace: namespace!, pod: name!, port };
}

/** The first that the pod's containers name. */
function defaultPort({ spec }: v1.Pod, scheme: ProxyPath['scheme']): number {
  const named = spec?.containers.flatMap(({ ports = [] }) => ports)[0]?.containerPort;
  return named ?? (scheme === 'https' ? 443 : 80);
}

function portNumber(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw errors.badRequest(`invalid port "${text}"`);
  return port;
}

/** Any of the service's ready endpoints. */
async function serviceTarget(context: TargetContext, service: v1.Service, { port }: ProxyPath): Promise<Target> {
  const { name, namespace } = service.metadata;
  const ports = service.spec?.ports ?? [];
  const asked = port === '' ? (ports.length === 1 ? ports[0] : undefined) : ports.find((p) => isNamed(p, port));
  if (!asked) {
    throw port === ''
      ? errors.serviceUnavailable(`no endpoints available for service "${name}"`)
      : errors.serviceUnavailable(`no service port "${port}" found for service "${name}"`);
  }
  const { items } = await context.registry.list({
    type: context.types.endpointSlices,
    namespace,
    // Whoever may use the service's proxy need not see what is behind it.
    user: self,
    warnings: [],
    labelSelector: `kubernetes.io/service-name=${name}`,
    resourceVersion: '0',
  });
  const candidates = items.flatMap(({ object }) => candidatesOf(object as discoveryv1.EndpointSlice, asked.name ?? ''));
  if (candidates.length === 0) throw errors.serviceUnavailable(`no endpoints available for service "${name}"`);
  return candidates[Math.floor(context.random.next() * candidates.length)]!;
}

const self: User = { name: 'system:apiserver', groups: ['system:masters'] };

function isNamed({ name, port }: v1.ServicePort, text: string): boolean {
  return name === text || String(port) === text;
}

function candidatesOf({ metadata, endpoints = [], ports = [] }: discoveryv1.EndpointSlice, portName: string): Target[] {
  const port = ports?.find(({ name }) => (name ?? '') === portName)?.port;
  if (port === undefined) return [];
  return endpoints
    .filter(({ conditions }) => conditions?.ready !== false)
    .flatMap(({ addresses, nodeName, targetRef }): Target[] => {
      if (nodeName && targetRef?.kind === 'Pod' && targetRef.name) {
        return [{ kind: 'pod', node: nodeName, namespace: metadata.namespace!, pod: targetRef.name, port }];
      }
      const [host] = addresses ?? [];
      return host === undefined ? [] : [{ kind: 'address', host, port }];
    });
}
