import { milliValueOf, type v1, wholeValueOf } from '../api/index.ts';
import { ConfigurationError } from './references.ts';

/** What of a pod is known only on its node. */
export interface PodPlace {
  nodeName: string;
  hostIP: string;
  podIP: string;
  /** Taken for limits that a container does not set. */
  allocatable: Readonly<Record<string, string>>;
}

/** The value of `fieldRef.fieldPath`; throws a ConfigurationError for a path that is not supported. */
export function fieldValue(fieldPath: string, pod: v1.Pod, place: PodPlace): string {
  const { metadata, spec } = pod;
  const keyed = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(fieldPath);
  if (keyed) return metadata[keyed[1] as 'labels' | 'annotations']?.[keyed[2]!] ?? '';
  switch (fieldPath) {
    case 'metadata.name':
      return metadata.name ?? '';
    case 'metadata.namespace':
      return metadata.namespace ?? '';
    case 'metadata.uid':
      return metadata.uid ?? '';
    case 'metadata.labels':
      return formatMap(metadata.labels ?? {});
    case 'metadata.annotations':
      return formatMap(metadata.annotations ?? {});
    case 'spec.nodeName':
      return place.nodeName;
    case 'spec.serviceAccountName':
      return spec?.serviceAccountName ?? '';
    case 'status.hostIP':
    case 'status.hostIPs':
      return place.hostIP;
    case 'status.podIP':
    case 'status.podIPs':
      return place.podIP;
    default:
      throw new ConfigurationError(`unsupported fieldPath: ${fieldPath}`);
  }
}

/** The value of `resourceFieldRef` for a container: a whole number of divisors, rounded up. */
export function resourceValue(
  { resource, divisor }: v1.ResourceFieldSelector,
  container: v1.Container,
  { allocatable }: PodPlace,
): string {
  const [, kind, name] = /^(requests|limits)\.(.+)$/.exec(resource) ?? [];
  if (name === undefined) throw new ConfigurationError(`unsupported container resource : ${resource}`);
  const { resources } = container;
  const set = kind === 'requests' ? resources?.requests?.[name] : resources?.limits?.[name];
  const amount = set ?? (kind === 'limits' ? (allocatable[name] ?? '0') : '0');
  const unit = divisor === undefined || String(divisor) === '0' ? '1' : divisor;
  // Thousandths of a CPU may be asked for; all else is counted in whole units.
  const inUnits =
    name === 'cpu'
      ? Math.ceil(milliValueOf(amount) / milliValueOf(unit))
      : Math.ceil(wholeValueOf(amount) / wholeValueOf(unit));
  return inUnits.toFixed(0);
}

/** As files of a downward API volume have maps: one `key="value"` a line, by key. */
function formatMap(map: Readonly<Record<string, string>>): string {
  return Object.keys(map)
    .sort()
    .map((key) => `${key}=${JSON.stringify(map[key])}`)
    .join('\n');
}
