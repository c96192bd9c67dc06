import { isDeepStrictEqual } from 'node:util';
import { findResource, reasonOf, resources, type v1 } from '../../api/index.ts';
import { type Controller, createController, keyOf, source, splitKey } from '../../client/index.ts';
import type { ControllerContext } from '../context.ts';
import { isReady } from '../pods.ts';
import { hasSelector, hostnameOf, serviceKeys, targetGroups, targetReference } from './targets.ts';

export const endpointsType = findResource('', 'v1', 'endpoints')!;
const MANAGED_BY = 'endpoints.kubernetes.io/managed-by';
const MANAGER = 'endpoint-controller';
const HEADLESS = 'service.kubernetes.io/headless';
/** More than so many addresses are cut off, as this old form holds them all in one object. */
const MAX_ADDRESSES = 1_000;

/** Keeps the Endpoints of each Service, the older form of EndpointSlices, for who still reads it. */
export function endpointsController(context: ControllerContext): Controller {
  const { client, informers } = context;
  const services = informers.informer<v1.Service>(resources.services);
  const pods = informers.informer<v1.Pod>(resources.pods);
  const endpoints = informers.informer<v1.Endpoints>(endpointsType);
  return createController({
    name: 'endpoints',
    clock: context.clock,
    logger: context.logger,
    metrics: context.metrics,
    sources: [
      source(services),
      source(pods, serviceKeys(services)),
      source(endpoints, ({ type, object }) => (type === 'added' ? [] : [keyOf(object)])),
    ],
    reconciler: {
      async reconcile(key, signal) {
        const { namespace, name } = splitKey(key);
        const service = services.get(namespace, name);
        const current = endpoints.get(namespace, name);
        if (service === undefined) {
          if (current?.metadata.labels?.[MANAGED_BY] === MANAGER) await remove(namespace!, name, signal);
          return undefined;
        }
        if (!hasSelector(service)) return undefined;
        const subsets = targetGroups(service, pods.list(namespace)).flatMap(({ ports, pods }) =>
          subsetOf(service, ports as v1.EndpointPort[], pods),
        );
        const labels = {
          ...service.metadata.labels,
          ...(service.spec!.clusterIP === 'None' ? { [HEADLESS]: '' } : {}),
          [MANAGED_BY]: MANAGER,
        };
        if (current === undefined) {
          const metadata = { name, namespace: namespace!, labels };
          await client.create<v1.Endpoints>(
            endpointsType,
            { apiVersion: 'v1', kind: 'Endpoints', metadata, subsets },
            { signal },
          );
        } else if (
          !isDeepStrictEqual(current.subsets ?? [], subsets) ||
          !isDeepStrictEqual(current.metadata.labels, labels)
        ) {
          await client.update(
            endpointsType,
            { ...current, metadata: { ...current.metadata, labels }, subsets },
            { signal },
          );
        }
        return undefined;
      },
    },
  });

  async function remove(namespace: string, name: string, signal: AbortSignal): Promise<void> {
    await client.delete(endpointsType, namespace, name, { signal }).catch((error: unknown) => {
      if (reasonOf(error) !== 'NotFound') throw error;
    });
  }
}

/** Pods that are going are left out; this form can't say so. */
function subsetOf(service: v1.Service, ports: v1.EndpointPort[], pods: readonly v1.Pod[]): v1.EndpointSubset[] {
  const publishAll = service.spec!.publishNotReadyAddresses ?? false;
  const addresses: v1.EndpointAddress[] = [];
  const notReadyAddresses: v1.EndpointAddress[] = [];
  for (const pod of pods.slice(0, MAX_ADDRESSES)) {
    if (pod.metadata.deletionTimestamp !== undefined && !publishAll) continue;
    const address = {
      ip: pod.status!.podIP!,
      ...hostnameOf(service, pod),
      ...(pod.spec?.nodeName ? { nodeName: pod.spec.nodeName } : {}),
      targetRef: targetReference(pod),
    };
    (publishAll || isReady(pod) ? addresses : notReadyAddresses).push(address);
  }
  if (addresses.length + notReadyAddresses.length === 0) return [];
  return [
    {
      ...(addresses.length === 0 ? {} : { addresses }),
      ...(notReadyAddresses.length === 0 ? {} : { notReadyAddresses }),
      ports: ports.map(({ name, ...port }) => (name ? { name, ...port } : port)),
    },
  ];
}
