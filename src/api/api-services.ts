/** APIServices: what stands in the API for each group version that is served. Pure. */
import { apiVersionOf, type ResourceType } from './resource.ts';
import type { APIService, APIServiceCondition, APIServiceSpec } from './types/apiregistration-v1.ts';

/** Who keeps an APIService: `onstart`, looked at when an API server starts, or `true`, kept at all times. Absent: its author. */
export const AUTO_MANAGED = 'kube-aggregator.kubernetes.io/automanaged';

type Priority = [group: number, version: number];

/** As Kubernetes ranks its own group versions: the higher, the more preferred. */
const priorities: Readonly<Record<string, Priority>> = {
  v1: [18_000, 1],
  'apps/v1': [17_800, 15],
  'events.k8s.io/v1': [17_750, 15],
  'authentication.k8s.io/v1': [17_700, 15],
  'authorization.k8s.io/v1': [17_600, 15],
  'autoscaling/v2': [17_500, 30],
  'autoscaling/v1': [17_500, 15],
  'batch/v1': [17_400, 15],
  'certificates.k8s.io/v1': [17_300, 15],
  'networking.k8s.io/v1': [17_200, 15],
  'policy/v1': [17_100, 15],
  'rbac.authorization.k8s.io/v1': [17_000, 15],
  'storage.k8s.io/v1': [16_800, 15],
  'apiextensions.k8s.io/v1': [16_700, 15],
  'admissionregistration.k8s.io/v1': [16_700, 15],
  'scheduling.k8s.io/v1': [16_600, 15],
  'coordination.k8s.io/v1': [16_500, 15],
  'node.k8s.io/v1': [16_300, 15],
  'discovery.k8s.io/v1': [16_200, 15],
  'resource.k8s.io/v1': [16_200, 20],
  'flowcontrol.apiserver.k8s.io/v1': [16_100, 21],
  'metrics.k8s.io/v1beta1': [100, 100],
};
const customPriority: Priority = [1_000, 100];

/** The group that has APIServices speaks for itself: there is none for it. */
const unregistered = 'apiregistration.k8s.io';

/** The APIServices that belong to the kinds, in their order and without a status. */
export function apiServicesOf(types: readonly ResourceType[]): APIService[] {
  const byGroupVersion = new Map(types.map((type) => [apiVersionOf(type), type]));
  byGroupVersion.delete(`${unregistered}/v1`);
  return [...byGroupVersion].map(([apiVersion, { group, version, custom }]) => {
    const [groupPriorityMinimum, versionPriority] = priorities[apiVersion] ?? customPriority;
    return {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: `${version}.${group}`, labels: { [AUTO_MANAGED]: custom === undefined ? 'onstart' : 'true' } },
      spec: { ...(group === '' ? {} : { group }), version, groupPriorityMinimum, versionPriority },
    };
  });
}

/** Whether what it describes is to be had here: requests are not passed on to API servers of extensions. */
export function availabilityOf({
  service,
}: Partial<APIServiceSpec> = {}): Omit<APIServiceCondition, 'lastTransitionTime'> {
  const type = 'Available';
  if (service === undefined) {
    return { type, status: 'True', reason: 'Local', message: 'Local APIServices are always available' };
  }
  const message = `requests are not passed on to service ${service.namespace}/${service.name}: API aggregation is not supported`;
  return { type, status: 'False', reason: 'AggregationNotSupported', message };
}
