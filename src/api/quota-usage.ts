import type { UnstructuredObject } from './object.ts';
import { parseQuantities, podResources, type Quantities } from './pod-resources.ts';
import { addQuantities, parseQuantity, type Quantity } from './quantity.ts';
import { qualifiedResource } from './resource.ts';
import type { resourcev1, v1 } from './types/index.ts';

/*
 * What objects count for in ResourceQuotas (https://kubernetes.io/docs/concepts/policy/resource-quotas/): the same for the
 * admission of new objects and for the controller that counts those that are there.
 */

type ScopeRequirement = NonNullable<
  NonNullable<NonNullable<v1.ResourceQuota['spec']>['scopeSelector']>['matchExpressions']
>[number];
type Counted = { group: string; resource: string };

const one: Quantity = parseQuantity('1');
const DEVICES_OF_CLASS = '.deviceclass.resource.k8s.io/devices';
/** Devices that one claim can get. */
const MAX_DEVICES = 32;

/** Kinds that also count under their plain name. */
const plainNames = new Set([
  'configmaps',
  'persistentvolumeclaims',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'services',
]);

/** What one object counts for, by the names that quotas have for it. */
export function quotaUsage(type: Counted, object: UnstructuredObject): Quantities {
  const usage: Quantities = new Map([[`count/${qualifiedResource(type)}`, one]]);
  if (type.group === 'resource.k8s.io' && type.resource === 'resourceclaims')
    addDevices(usage, object as unknown as resourcev1.ResourceClaim);
  if (type.group !== '') return usage;
  if (plainNames.has(type.resource)) usage.set(type.resource, one);
  switch (type.resource) {
    case 'pods':
      addPod(usage, object as unknown as v1.Pod);
      break;
    case 'services':
      addService(usage, object as unknown as v1.Service);
      break;
    case 'persistentvolumeclaims':
      addClaim(usage, object as unknown as v1.PersistentVolumeClaim);
  }
  return usage;
}

/** A pod that has ended uses nothing any more, though the object is still there. */
function addPod(usage: Quantities, { spec, status }: v1.Pod): void {
  if (spec === undefined || status?.phase === 'Succeeded' || status?.phase === 'Failed') return;
  usage.set('pods', one);
  for (const [name, amount] of podResources(spec, 'requests')) {
    usage.set(`requests.${name}`, amount);
    if (/^(cpu|memory|ephemeral-storage|hugepages-.*)$/.test(name)) usage.set(name, amount);
  }
  for (const [name, amount] of podResources(spec, 'limits')) {
    if (/^(cpu|memory|ephemeral-storage)$/.test(name)) usage.set(`limits.${name}`, amount);
  }
}

function addService(usage: Quantities, { spec }: v1.Service): void {
  const balanced = spec?.type === 'LoadBalancer';
  usage.set('services.loadbalancers', parseQuantity(balanced ? '1' : '0'));
  const allocates = spec?.type === 'NodePort' || (balanced && spec.allocateLoadBalancerNodePorts !== false);
  const ports = (spec?.ports ?? []).filter(({ nodePort }) => allocates || nodePort);
  usage.set('services.nodeports', parseQuantity(String(ports.length)));
}

function addClaim(usage: Quantities, { spec, metadata }: v1.PersistentVolumeClaim): void {
  const storageClass = spec?.storageClassName ?? metadata.annotations?.['volume.beta.kubernetes.io/storage-class'];
  const prefix = storageClass ? `${storageClass}.storageclass.storage.k8s.io/` : undefined;
  if (prefix !== undefined) usage.set(`${prefix}persistentvolumeclaims`, one);
  const storage = spec?.resources?.requests?.['storage'];
  if (storage === undefined) return;
  usage.set('requests.storage', parseQuantity(storage));
  if (prefix !== undefined) usage.set(`${prefix}requests.storage`, parseQuantity(storage));
}

/** Devices by class, as many as the claim may get at most: of alternatives, the most of each class. */
function addDevices(usage: Quantities, { spec }: resourcev1.ResourceClaim): void {
  for (const { exactly, firstAvailable = [] } of spec.devices?.requests ?? []) {
    const most = new Map<string, number>();
    for (const { deviceClassName, allocationMode, count } of exactly === undefined ? firstAvailable : [exactly]) {
      const devices = allocationMode === 'All' ? MAX_DEVICES : Number(count ?? 0);
      const name = `${deviceClassName}${DEVICES_OF_CLASS}`;
      most.set(name, Math.max(devices, most.get(name) ?? 0));
    }
    addUsage(usage, new Map([...most].map(([name, devices]) => [name, parseQuantity(String(devices))])));
  }
}

/** Whether an object of the kind may count for a quota of that name. */
export function countsFor(type: Counted, name: string): boolean {
  if (name === `count/${qualifiedResource(type)}`) return true;
  if (type.group === 'resource.k8s.io') return type.resource === 'resourceclaims' && name.endsWith(DEVICES_OF_CLASS);
  if (type.group !== '') return false;
  switch (type.resource) {
    case 'pods':
      if (name === 'pods' || /^(cpu|memory|ephemeral-storage|hugepages-.*)$/.test(name)) return true;
      return /^(requests|limits)\./.test(name) && name !== 'requests.storage';
    case 'services':
      return name === 'services' || name.startsWith('services.');
    case 'persistentvolumeclaims':
      return (
        name === 'persistentvolumeclaims' ||
        name === 'requests.storage' ||
        name.includes('.storageclass.storage.k8s.io/')
      );
    default:
      return plainNames.has(type.resource) && name === type.resource;
  }
}

/** The scopes of a quota, in one form. */
function scopesOf({ spec }: v1.ResourceQuota): ScopeRequirement[] {
  const scopes = (spec?.scopes ?? []).map((scopeName): ScopeRequirement => ({ scopeName, operator: 'Exists' }));
  return [...scopes, ...(spec?.scopeSelector?.matchExpressions ?? [])];
}

/** Whether an object is in all scopes of a quota. Only pods and claims of volumes have scopes. */
export function inScopes(quota: v1.ResourceQuota, type: Counted, object: UnstructuredObject): boolean {
  return scopesOf(quota).every((scope) => {
    if (type.group !== '') return false;
    if (type.resource === 'pods') return podInScope(scope, object as unknown as v1.Pod);
    return type.resource === 'persistentvolumeclaims' && claimInScope(scope, object as v1.PersistentVolumeClaim);
  });
}

function claimInScope({ scopeName, ...scope }: ScopeRequirement, claim: v1.PersistentVolumeClaim): boolean {
  if (scopeName !== 'VolumeAttributesClass') return false;
  const classes = volumeAttributesClassesOf(claim);
  return classes.length === 0 ? namedInScope(scope, '') : classes.some((name) => namedInScope(scope, name));
}

/** The classes that a claim has, is to get, or is on the way to: it counts for each. */
export function volumeAttributesClassesOf({ spec, status }: v1.PersistentVolumeClaim): string[] {
  const wanted = spec?.volumeAttributesClassName;
  const target = status?.modifyVolumeStatus?.targetVolumeAttributesClassName;
  return [wanted, status?.currentVolumeAttributesClassName, target].filter((name): name is string => Boolean(name));
}

/** Of what is chosen by a name; '' when it has none. */
function namedInScope({ operator, values = [] }: Omit<ScopeRequirement, 'scopeName'>, name: string): boolean {
  if (operator === 'Exists') return name !== '';
  if (operator === 'DoesNotExist') return name === '';
  return values.includes(name) === (operator === 'In');
}

function podInScope({ scopeName, ...scope }: ScopeRequirement, { spec }: v1.Pod): boolean {
  switch (scopeName) {
    case 'Terminating':
      return spec?.activeDeadlineSeconds !== undefined;
    case 'NotTerminating':
      return spec?.activeDeadlineSeconds === undefined;
    case 'BestEffort':
      return isBestEffort(spec);
    case 'NotBestEffort':
      return !isBestEffort(spec);
    case 'CrossNamespacePodAffinity':
      return crossesNamespaces(spec);
    case 'PriorityClass':
      return namedInScope(scope, spec?.priorityClassName ?? '');
    default:
      return false;
  }
}

function isBestEffort(spec: v1.PodSpec | undefined): boolean {
  return [...(spec?.containers ?? []), ...(spec?.initContainers ?? []), { resources: spec?.resources }].every(
    ({ resources }) => {
      const asked = [...parseQuantities(resources?.requests), ...parseQuantities(resources?.limits)];
      return asked.every(([name, { nanos }]) => nanos === 0n || (name !== 'cpu' && name !== 'memory'));
    },
  );
}

function crossesNamespaces(spec: v1.PodSpec | undefined): boolean {
  const terms = [spec?.affinity?.podAffinity, spec?.affinity?.podAntiAffinity].flatMap((affinity) => [
    ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm),
  ]);
  return terms.some(({ namespaces, namespaceSelector }) => namespaces?.length || namespaceSelector !== undefined);
}

/** What containers must say because a quota limits it: `limits.cpu for: a,b`. Empty: nothing is missing. */
export function missingForQuota(type: Counted, object: UnstructuredObject, hard: readonly string[]): string[] {
  if (type.group !== '' || type.resource !== 'pods') return [];
  const { spec } = object as unknown as v1.Pod;
  const names = hard.filter((name) => /^(?:requests\.|limits\.)?(?:cpu|memory)$/.test(name)).sort();
  return names.flatMap((name) => {
    const [kind, resource] = name.startsWith('limits.')
      ? (['limits', name.slice('limits.'.length)] as const)
      : (['requests', name.replace('requests.', '')] as const);
    if (spec?.resources?.[kind]?.[resource] !== undefined) return [];
    const silent = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])]
      .filter(({ resources }) => resources?.[kind]?.[resource] === undefined)
      .map((container) => container.name)
      .sort();
    return silent.length === 0 ? [] : [`${name} for: ${silent.join(',')}`];
  });
}

/** The sum, by name. */
export function addUsage(to: Quantities, usage: ReadonlyMap<string, Quantity>): void {
  for (const [name, amount] of usage) {
    const before = to.get(name);
    to.set(name, before === undefined ? amount : addQuantities(before, amount));
  }
}
