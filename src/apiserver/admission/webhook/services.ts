import type { admissionregistrationv1, discoveryv1, v1 } from '../../../api/index.ts';
import type { StateReader } from '../../registry/types.ts';

/** Where a Service of the cluster is to be reached from here. Rejects with the reason. */
export type ServiceResolver = (
  service: admissionregistrationv1.ServiceReference,
) => Promise<{ host: string; port: number }>;

const services = { group: '', resource: 'services' };
const slices = { group: 'discovery.k8s.io', resource: 'endpointslices' };
const DEFAULT_PORT = 443;

/**
 * Goes straight to one of a Service's ready endpoints, as the API server is no pod and may have no way to the Service's own
 * address. `choose` picks one of so many.
 */
export function endpointResolver(state: StateReader, choose: (count: number) => number): ServiceResolver {
  return async ({ namespace, name, port: wanted = DEFAULT_PORT }) => {
    const service = state.lookup(services, namespace, name)?.object as v1.Service | undefined;
    if (service === undefined) throw new Error(`service "${name}" not found`);
    if (service.spec?.type === 'ExternalName') return { host: service.spec.externalName ?? '', port: wanted };
    const port = service.spec?.ports?.find((candidate) => candidate.port === wanted);
    if (port === undefined) throw new Error(`no service port ${wanted} found for service "${name}"`);
    const addresses = state
      .all(slices, namespace)
      .map(({ object }) => object as unknown as discoveryv1.EndpointSlice)
      .filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === name)
      .flatMap((slice) => addressesOf(slice, port.name ?? ''));
    const chosen = addresses[choose(addresses.length)];
    if (chosen === undefined) throw new Error(`no endpoints available for service "${name}"`);
    return chosen;
  };
}

function addressesOf(slice: discoveryv1.EndpointSlice, portName: string): { host: string; port: number }[] {
  const port = slice.ports?.find(({ name = '' }) => name === portName)?.port;
  if (port === undefined) return [];
  return slice.endpoints
    .filter(({ conditions }) => conditions?.ready !== false)
    .flatMap(({ addresses }) => addresses.slice(0, 1).map((host) => ({ host, port })));
}
