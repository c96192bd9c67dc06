import { isDeepStrictEqual } from 'node:util';
import { type discoveryv1, reasonOf, resources, type v1 } from '../../api/index.ts';
import { type Controller, createController, type Key, keyFor, keyOf, source } from '../../client/index.ts';
import type { ControllerContext } from '../context.ts';
import { endpointsType } from './endpoints.ts';
import { endpointSlices } from './endpointslice.ts';

const NAMESPACE = 'default';
const SERVICE = 'kubernetes';
const KEY = keyFor(NAMESPACE, SERVICE);
const SERVICE_NAME = 'kubernetes.io/service-name';
/** Both forms are written here: nobody needs to make slices of the Endpoints. */
const SKIP_MIRROR = 'endpointslice.kubernetes.io/skip-mirror';

/** API servers that listen on the same port. */
interface Servers {
  port: number;
  addresses: string[];
}

/**
 * Keeps the endpoints of the Service `kubernetes`, which has no selector: the API servers that live. Every node is a peer, and
 * its kubelet answers where its API server does.
 */
export function kubernetesServiceController(context: ControllerContext): Controller {
  const { client, informers } = context;
  const nodes = informers.informer<v1.Node>(resources.nodes);
  const endpoints = informers.informer<v1.Endpoints>(endpointsType);
  const slices = informers.informer<discoveryv1.EndpointSlice>(endpointSlices);
  const isOurs = ({ metadata }: discoveryv1.EndpointSlice): boolean =>
    metadata.namespace === NAMESPACE && metadata.labels?.[SERVICE_NAME] === SERVICE;

  return createController({
    name: 'kubernetes-service',
    clock: context.clock,
    logger: context.logger,
    metrics: context.metrics,
    sources: [
      source(nodes, (): Key[] => [KEY]),
      source(endpoints, ({ object }) => (keyOf(object) === KEY ? [KEY] : [])),
      source(slices, ({ object }) => (isOurs(object) ? [KEY] : [])),
    ],
    reconciler: {
      async reconcile(_key, signal) {
        const servers = apiServersOf(nodes.list());
        // Better an old answer than none.
        if (servers.length === 0) return undefined;
        await writeEndpoints(servers, signal);
        await writeSlices(servers, signal);
        return undefined;
      },
    },
  });

  async function writeEndpoints(servers: readonly Servers[], signal: AbortSignal): Promise<void> {
    const current = endpoints.get(NAMESPACE, SERVICE);
    const subsets = servers.map(({ port, addresses }) => ({
      addresses: addresses.map((ip) => ({ ip })),
      ports: [portOf(port)],
    }));
    const metadata = { name: SERVICE, namespace: NAMESPACE, labels: { [SKIP_MIRROR]: 'true' } };
    const wanted: v1.Endpoints = { apiVersion: 'v1', kind: 'Endpoints', metadata, subsets };
    if (current === undefined) await client.create(endpointsType, wanted, { signal }).catch(unlessThere);
    else if (!isDeepStrictEqual(current.subsets, subsets)) {
      await client.update(endpointsType, { ...current, subsets }, { signal });
    }
  }

  async function writeSlices(servers: readonly Servers[], signal: AbortSignal): Promise<void> {
    const unused = new Map(
      slices
        .list(NAMESPACE)
        .filter(isOurs)
        .map((slice) => [slice.metadata.name!, slice]),
    );
    for (const [index, { port, addresses }] of servers.entries()) {
      const name = index === 0 ? SERVICE : `${SERVICE}-${port}`;
      const current = unused.get(name);
      unused.delete(name);
      const content = {
        endpoints: addresses.map((ip) => ({ addresses: [ip], conditions: { ready: true } })),
        ports: [portOf(port)],
      };
      const metadata = { name, namespace: NAMESPACE, labels: { [SERVICE_NAME]: SERVICE } };
      const wanted = {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata,
        addressType: 'IPv4',
      } as const;
      if (current === undefined) {
        await client.create(endpointSlices, { ...wanted, ...content }, { signal }).catch(unlessThere);
      } else if (!isDeepStrictEqual({ endpoints: current.endpoints, ports: current.ports }, content)) {
        await client.update(endpointSlices, { ...current, ...content }, { signal });
      }
    }
    for (const name of unused.keys()) {
      await client.delete(endpointSlices, NAMESPACE, name, { signal }).catch((error: unknown) => {
        if (reasonOf(error) !== 'NotFound') throw error;
      });
    }
  }
}

/** Where the API servers of ready nodes listen, in order of ports and addresses. Pure. */
export function apiServersOf(nodes: readonly v1.Node[]): Servers[] {
  const byPort = new Map<number, Set<string>>();
  for (const { status } of nodes) {
    const port = status?.daemonEndpoints?.kubeletEndpoint?.Port;
    const address = status?.addresses?.find(({ type }) => type === 'InternalIP')?.address;
    const ready = status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
    if (!ready || !port || address === undefined) continue;
    byPort.set(port, (byPort.get(port) ?? new Set()).add(address));
  }
  return [...byPort]
    .map(([port, addresses]) => ({ port, addresses: [...addresses].sort() }))
    .sort((a, b) => a.port - b.port);
}

const portOf = (port: number) => ({ name: 'https', port, protocol: 'TCP' }) as const;

/** The cache lags. */
function unlessThere(error: unknown): void {
  if (reasonOf(error) !== 'AlreadyExists') throw error;
}
