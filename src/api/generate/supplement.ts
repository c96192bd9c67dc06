import type { FactGroup } from './facts.ts';

const text = (number: number) => ({ type: 'string', pb: [number, 'bytes'] as [number, string] });

/** Types that are referred to but missing from the facts, as Kubernetes declares them. */
export const missingTypes: Record<string, FactGroup['types']> = {
  'meta/v1': {
    GroupResource: { fields: { group: text(1), resource: text(2) } },
    GroupVersionKind: { fields: { group: text(1), version: text(2), kind: text(3) } },
    GroupVersionResource: { fields: { group: text(1), version: text(2), resource: text(3) } },
    WatchEvent: { fields: { type: text(1), object: { type: 'runtime.RawExtension', pb: [2, 'bytes'] } } },
  },
  'apiextensions.k8s.io/v1': { CustomResourceSubresourceStatus: { fields: {} } },
  'apiextensions.k8s.io/v1beta1': { CustomResourceSubresourceStatus: { fields: {} } },
  'internal.apiserver.k8s.io/v1alpha1': { StorageVersionSpec: { fields: {} } },
};

/** Fields that are left out when zero although they are structs (`omitzero`). */
export const omittedWhenZero: ReadonlySet<string> = new Set(['ObjectMeta.creationTimestamp']);

/** Structs that server-side apply takes as one value wherever they stand (`structType=atomic` on the type). */
export const atomicStructs: ReadonlySet<string> = new Set([
  'ConfigMapKeySelector',
  'CrossVersionObjectReference',
  'EndpointAddress',
  'EndpointPort',
  'FieldsV1',
  'FileKeySelector',
  'LabelSelector',
  'LocalObjectReference',
  'MatchResources',
  'NamedRuleWithOperations',
  'NodeSelector',
  'NodeSelectorTerm',
  'ObjectFieldSelector',
  'ObjectReference',
  'ParamKind',
  'ParamRef',
  'ResourceFieldSelector',
  'RoleRef',
  'ScopeSelector',
  'ScopedResourceSelectorRequirement',
  'SecretKeySelector',
  'SecretReference',
  'Subject',
  'TopologySelectorTerm',
  'TypedLocalObjectReference',
]);

/** Named lists that are messages of their own in protobuf, with the items in field 1. */
export const wrappedLists: ReadonlySet<string> = new Set(['ExtraValue', 'Verbs']);

/** Kinds that the facts don't mark as such. */
export const unmarkedKinds: Record<string, readonly string[]> = {
  'apidiscovery.k8s.io/v2': ['APIGroupDiscovery', 'APIGroupDiscoveryList'],
  'apidiscovery.k8s.io/v2beta1': ['APIGroupDiscovery', 'APIGroupDiscoveryList'],
};
