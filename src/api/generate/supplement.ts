import type { FactGroup } from './facts.ts';

const text = (number: number) => ({ type: 'string', pb: [number, 'bytes'] as [number, string] });
const optionalText = (number: number) => ({ ...text(number), omitempty: true });

/** apiregistration.k8s.io, which is declared apart from the other groups. */
const apiRegistration: FactGroup['types'] = {
  ServiceReference: {
    fields: {
      namespace: optionalText(1),
      name: optionalText(2),
      port: { type: '*int32', pb: [3, 'varint'], omitempty: true },
    },
  },
  APIServiceSpec: {
    fields: {
      service: { type: '*ServiceReference', pb: [1, 'bytes'], omitempty: true },
      group: optionalText(2),
      version: optionalText(3),
      insecureSkipTLSVerify: { type: 'bool', pb: [4, 'varint'], omitempty: true },
      caBundle: { type: '[]byte', pb: [5, 'bytes'], omitempty: true, listType: 'atomic' },
      groupPriorityMinimum: { type: 'int32', pb: [7, 'varint'] },
      versionPriority: { type: 'int32', pb: [8, 'varint'] },
    },
  },
  APIServiceCondition: {
    fields: {
      type: text(1),
      status: text(2),
      lastTransitionTime: { type: 'metav1.Time', pb: [3, 'bytes'], omitempty: true },
      reason: optionalText(4),
      message: optionalText(5),
    },
  },
  APIServiceStatus: {
    fields: {
      conditions: {
        type: '[]APIServiceCondition',
        pb: [1, 'bytes'],
        omitempty: true,
        patchStrategy: 'merge',
        patchMergeKey: 'type',
        listType: 'map',
        listMapKeys: ['type'],
      },
    },
  },
  APIService: {
    kind: true,
    fields: {
      metadata: { type: 'metav1.ObjectMeta', pb: [1, 'bytes'], omitempty: true },
      spec: { type: 'APIServiceSpec', pb: [2, 'bytes'], omitempty: true },
      status: { type: 'APIServiceStatus', pb: [3, 'bytes'], omitempty: true },
    },
  },
  APIServiceList: {
    kind: true,
    fields: {
      metadata: { type: 'metav1.ListMeta', pb: [1, 'bytes'], omitempty: true },
      items: { type: '[]APIService', pb: [2, 'bytes'] },
    },
  },
};

/** Types that are referred to but missing from the facts, as Kubernetes declares them. */
export const missingTypes: Record<string, FactGroup['types']> = {
  'meta/v1': {
    GroupResource: { fields: { group: text(1), resource: text(2) } },
    GroupVersionKind: { fields: { group: text(1), version: text(2), kind: text(3) } },
    GroupVersionResource: { fields: { group: text(1), version: text(2), resource: text(3) } },
    Patch: { fields: {} },
    WatchEvent: { fields: { type: text(1), object: { type: 'runtime.RawExtension', pb: [2, 'bytes'] } } },
  },
  'apiextensions.k8s.io/v1': { CustomResourceSubresourceStatus: { fields: {} } },
  'apiextensions.k8s.io/v1beta1': { CustomResourceSubresourceStatus: { fields: {} } },
  'apiregistration.k8s.io/v1': apiRegistration,
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
