import { type discoveryv1, selectorFromLabels, type v1 } from '../../api/index.ts';
import { type Change, type Informer, type Key, keyOf } from '../../client/index.ts';
import { uidOf } from '../context.ts';
import { isReady, isTerminated } from '../pods.ts';

/** Pods behind a Service that offer its ports under the same numbers. */
export interface TargetGroup {
  ports: discoveryv1.EndpointPort[];
  pods: v1.Pod[];
}

/** The Services that a pod's change concerns. */
export function serviceKeys(services: Informer<v1.Service>): (change: Change<v1.Pod>) => Key[] {
  return (change) => {
    const { object } = change;
    if (change.type === 'updated' && sameTarget(change.old, object)) return [];
    const labels = [object.metadata.labels, ...(change.type === 'updated' ? [change.old.metadata.labels] : [])];
    return services
      .list(object.metadata.namespace)
      .filter(
        (service) =>
          hasSelector(service) && labels.some((each) => selectorFromLabels(service.spec!.selector).matches(each)),
      )
      .map(keyOf);
  };
}

/** Services without a selector have their endpoints made by someone else. */
export function hasSelector({ spec }: v1.Service): boolean {
  return spec?.type !== 'ExternalName' && Object.keys(spec?.selector ?? {}).length > 0;
}

/** The pods of a Service that have an address and have not ended, by the ports they offer, in a stable order. */
export function targetGroups(service: v1.Service, pods: readonly v1.Pod[]): TargetGroup[] {
  const selector = selectorFromLabels(service.spec!.selector);
  const groups = new Map<string, TargetGroup>();
  for (const pod of pods) {
    if (!pod.status?.podIP || isTerminated(pod) || !selector.matches(pod.metadata.labels)) continue;
    const ports = portsOf(service, pod);
    const key = JSON.stringify(ports);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { ports, pods: [pod] });
    else group.pods.push(pod);
  }
  for (const { pods } of groups.values()) pods.sort((a, b) => (uidOf(a) < uidOf(b) ? -1 : 1));
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}

/** The Service's ports as this pod offers them; one that it doesn't offer is left out. */
function portsOf({ spec }: v1.Service, pod: v1.Pod): discoveryv1.EndpointPort[] {
  return (spec!.ports ?? []).flatMap(({ name = '', protocol = 'TCP', port, targetPort, appProtocol }) => {
    const number = typeof targetPort === 'string' ? namedPort(pod, targetPort, protocol) : targetPort || port;
    if (number === undefined) return [];
    return [{ name, protocol, port: number, ...(appProtocol === undefined ? {} : { appProtocol }) }];
  });
}

function namedPort({ spec }: v1.Pod, name: string, protocol: string): number | undefined {
  const sidecars = (spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  return [...(spec?.containers ?? []), ...sidecars]
    .flatMap(({ ports = [] }) => ports)
    .find((port) => port.name === name && (port.protocol ?? 'TCP') === protocol)?.containerPort;
}

export function targetReference(pod: v1.Pod): v1.ObjectReference {
  const { name, namespace } = pod.metadata;
  return { kind: 'Pod', namespace: namespace!, name: name!, uid: uidOf(pod) };
}

/** Only a pod of a headless Service of that name answers to its own host name. */
export function hostnameOf(service: v1.Service, { spec }: v1.Pod): { hostname?: string } {
  return spec?.hostname && spec.subdomain === service.metadata.name ? { hostname: spec.hostname } : {};
}

function sameTarget(a: v1.Pod, b: v1.Pod): boolean {
  return (
    a.status?.podIP === b.status?.podIP &&
    a.spec?.nodeName === b.spec?.nodeName &&
    isReady(a) === isReady(b) &&
    isTerminated(a) === isTerminated(b) &&
    a.metadata.deletionTimestamp === b.metadata.deletionTimestamp &&
    JSON.stringify(a.metadata.labels) === JSON.stringify(b.metadata.labels)
  );
}
