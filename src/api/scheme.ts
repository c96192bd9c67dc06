/** The kinds that are served: those that Kubernetes v1.35 serves by default. */
import { LiveScheme, type Scheme } from './live-scheme.ts';
import type { ResourceType, SubresourceType } from './resource.ts';

const allVerbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const createOnly = ['create'];
const changeVerbs = ['get', 'patch', 'update'];
const proxyVerbs = ['create', 'delete', 'get', 'patch', 'update'];
const connectVerbs = ['create', 'get'];

interface Options {
  short?: readonly string[];
  categories?: readonly string[];
  verbs?: readonly string[];
  subresources?: readonly Subresource[];
}

/** A subresource; without `kind` its body is the parent's kind, without `group` of the parent's group version. */
type Subresource = { name: string; verbs: readonly string[]; kind?: string; group?: string; version?: string };

const status: Subresource = { name: 'status', verbs: changeVerbs };
const scale: Subresource = { name: 'scale', verbs: changeVerbs, kind: 'Scale', group: 'autoscaling', version: 'v1' };
const withStatus: Options = { subresources: [status] };
const workload = (...short: string[]): Options => ({ short, categories: ['all'], subresources: [scale, status] });
const review: Options = { verbs: createOnly };
const extension: Options = { categories: ['api-extensions'] };

type Row = [resource: string, kind: string, options?: Options];

/** In the order in which Kubernetes' discovery names groups, versions and resources. */
const table: readonly { group: string; version: string; namespaced?: readonly Row[]; cluster?: readonly Row[] }[] = [
  {
    group: '',
    version: 'v1',
    namespaced: [
      ['bindings', 'Binding', { verbs: createOnly }],
      ['configmaps', 'ConfigMap', { short: ['cm'] }],
      ['endpoints', 'Endpoints', { short: ['ep'] }],
      ['events', 'Event', { short: ['ev'] }],
      ['limitranges', 'LimitRange', { short: ['limits'] }],
      ['persistentvolumeclaims', 'PersistentVolumeClaim', { short: ['pvc'], subresources: [status] }],
      [
        'pods',
        'Pod',
        {
          short: ['po'],
          categories: ['all'],
          subresources: [
            { name: 'attach', verbs: connectVerbs, kind: 'PodAttachOptions' },
            { name: 'binding', verbs: createOnly, kind: 'Binding' },
            { name: 'ephemeralcontainers', verbs: changeVerbs },
            { name: 'eviction', verbs: createOnly, kind: 'Eviction', group: 'policy', version: 'v1' },
            { name: 'exec', verbs: connectVerbs, kind: 'PodExecOptions' },
            { name: 'log', verbs: ['get'] },
            { name: 'portforward', verbs: connectVerbs, kind: 'PodPortForwardOptions' },
            { name: 'proxy', verbs: proxyVerbs, kind: 'PodProxyOptions' },
            { name: 'resize', verbs: changeVerbs },
            status,
          ],
        },
      ],
      ['podtemplates', 'PodTemplate'],
      ['replicationcontrollers', 'ReplicationController', workload('rc')],
      ['resourcequotas', 'ResourceQuota', { short: ['quota'], subresources: [status] }],
      ['secrets', 'Secret'],
      [
        'serviceaccounts',
        'ServiceAccount',
        {
          short: ['sa'],
          subresources: [
            { name: 'token', verbs: createOnly, kind: 'TokenRequest', group: 'authentication.k8s.io', version: 'v1' },
          ],
        },
      ],
      [
        'services',
        'Service',
        {
          short: ['svc'],
          categories: ['all'],
          subresources: [{ name: 'proxy', verbs: proxyVerbs, kind: 'ServiceProxyOptions' }, status],
        },
      ],
    ],
    cluster: [
      ['componentstatuses', 'ComponentStatus', { short: ['cs'], verbs: ['get', 'list'] }],
      [
        'namespaces',
        'Namespace',
        {
          short: ['ns'],
          verbs: allVerbs.filter((verb) => verb !== 'deletecollection'),
          subresources: [{ name: 'finalize', verbs: ['update'] }, status],
        },
      ],
      [
        'nodes',
        'Node',
        {
          short: ['no'],
          subresources: [{ name: 'proxy', verbs: proxyVerbs, kind: 'NodeProxyOptions' }, status],
        },
      ],
      ['persistentvolumes', 'PersistentVolume', { short: ['pv'], subresources: [status] }],
    ],
  },
  {
    group: 'apiregistration.k8s.io',
    version: 'v1',
    cluster: [['apiservices', 'APIService', { ...extension, ...withStatus }]],
  },
  {
    group: 'apps',
    version: 'v1',
    namespaced: [
      ['controllerrevisions', 'ControllerRevision'],
      ['daemonsets', 'DaemonSet', { short: ['ds'], categories: ['all'], subresources: [status] }],
      ['deployments', 'Deployment', workload('deploy')],
      ['replicasets', 'ReplicaSet', workload('rs')],
      ['statefulsets', 'StatefulSet', workload('sts')],
    ],
  },
  { group: 'events.k8s.io', version: 'v1', namespaced: [['events', 'Event', { short: ['ev'] }]] },
  {
    group: 'authentication.k8s.io',
    version: 'v1',
    cluster: [
      ['selfsubjectreviews', 'SelfSubjectReview', review],
      ['tokenreviews', 'TokenReview', review],
    ],
  },
  {
    group: 'authorization.k8s.io',
    version: 'v1',
    namespaced: [['localsubjectaccessreviews', 'LocalSubjectAccessReview', review]],
    cluster: [
      ['selfsubjectaccessreviews', 'SelfSubjectAccessReview', review],
      ['selfsubjectrulesreviews', 'SelfSubjectRulesReview', review],
      ['subjectaccessreviews', 'SubjectAccessReview', review],
    ],
  },
  ...['v2', 'v1'].map((version) => ({
    group: 'autoscaling',
    version,
    namespaced: [
      [
        'horizontalpodautoscalers',
        'HorizontalPodAutoscaler',
        { short: ['hpa'], categories: ['all'], subresources: [status] },
      ],
    ] satisfies Row[],
  })),
  {
    group: 'batch',
    version: 'v1',
    namespaced: [
      ['cronjobs', 'CronJob', { short: ['cj'], categories: ['all'], subresources: [status] }],
      ['jobs', 'Job', { categories: ['all'], subresources: [status] }],
    ],
  },
  {
    group: 'certificates.k8s.io',
    version: 'v1',
    cluster: [
      [
        'certificatesigningrequests',
        'CertificateSigningRequest',
        { short: ['csr'], subresources: [{ name: 'approval', verbs: changeVerbs }, status] },
      ],
    ],
  },
  {
    group: 'networking.k8s.io',
    version: 'v1',
    namespaced: [
      ['ingresses', 'Ingress', { short: ['ing'], subresources: [status] }],
      ['networkpolicies', 'NetworkPolicy', { short: ['netpol'] }],
    ],
    cluster: [
      ['ingressclasses', 'IngressClass'],
      ['ipaddresses', 'IPAddress', { short: ['ip'] }],
      ['servicecidrs', 'ServiceCIDR', withStatus],
    ],
  },
  {
    group: 'policy',
    version: 'v1',
    namespaced: [['poddisruptionbudgets', 'PodDisruptionBudget', { short: ['pdb'], subresources: [status] }]],
  },
  {
    group: 'rbac.authorization.k8s.io',
    version: 'v1',
    namespaced: [
      ['rolebindings', 'RoleBinding'],
      ['roles', 'Role'],
    ],
    cluster: [
      ['clusterrolebindings', 'ClusterRoleBinding'],
      ['clusterroles', 'ClusterRole'],
    ],
  },
  {
    group: 'storage.k8s.io',
    version: 'v1',
    namespaced: [['csistoragecapacities', 'CSIStorageCapacity']],
    cluster: [
      ['csidrivers', 'CSIDriver'],
      ['csinodes', 'CSINode'],
      ['storageclasses', 'StorageClass', { short: ['sc'] }],
      ['volumeattachments', 'VolumeAttachment', withStatus],
      ['volumeattributesclasses', 'VolumeAttributesClass', { short: ['vac'] }],
    ],
  },
  {
    group: 'admissionregistration.k8s.io',
    version: 'v1',
    cluster: [
      ['mutatingwebhookconfigurations', 'MutatingWebhookConfiguration', extension],
      ['validatingadmissionpolicies', 'ValidatingAdmissionPolicy', { ...extension, ...withStatus }],
      ['validatingadmissionpolicybindings', 'ValidatingAdmissionPolicyBinding', extension],
      ['validatingwebhookconfigurations', 'ValidatingWebhookConfiguration', extension],
    ],
  },
  {
    group: 'apiextensions.k8s.io',
    version: 'v1',
    cluster: [
      [
        'customresourcedefinitions',
        'CustomResourceDefinition',
        { ...extension, ...withStatus, short: ['crd', 'crds'] },
      ],
    ],
  },
  { group: 'scheduling.k8s.io', version: 'v1', cluster: [['priorityclasses', 'PriorityClass', { short: ['pc'] }]] },
  { group: 'coordination.k8s.io', version: 'v1', namespaced: [['leases', 'Lease']] },
  { group: 'node.k8s.io', version: 'v1', cluster: [['runtimeclasses', 'RuntimeClass']] },
  { group: 'discovery.k8s.io', version: 'v1', namespaced: [['endpointslices', 'EndpointSlice']] },
  {
    group: 'resource.k8s.io',
    version: 'v1',
    namespaced: [
      ['resourceclaims', 'ResourceClaim', withStatus],
      ['resourceclaimtemplates', 'ResourceClaimTemplate'],
    ],
    cluster: [
      ['deviceclasses', 'DeviceClass'],
      ['resourceslices', 'ResourceSlice'],
    ],
  },
  {
    group: 'flowcontrol.apiserver.k8s.io',
    version: 'v1',
    cluster: [
      ['flowschemas', 'FlowSchema', withStatus],
      ['prioritylevelconfigurations', 'PriorityLevelConfiguration', withStatus],
    ],
  },
];

const types: readonly ResourceType[] = table.flatMap(({ group, version, namespaced = [], cluster = [] }) =>
  [
    ...namespaced.map((row) => resourceType(group, version, true, row)),
    ...cluster.map((row) => resourceType(group, version, false, row)),
  ].sort((a, b) => (a.resource < b.resource ? -1 : 1)),
);

function resourceType(group: string, version: string, namespaced: boolean, row: Row): ResourceType {
  const [resource, kind, options = {}] = row;
  const subresource = (entry: Subresource): SubresourceType => ({
    name: entry.name,
    group: entry.group ?? group,
    version: entry.version ?? version,
    kind: entry.kind ?? kind,
    verbs: entry.verbs,
  });
  return Object.freeze({
    group,
    version,
    kind,
    resource,
    singular: kind.toLowerCase(),
    shortNames: options.short ?? [],
    categories: options.categories ?? [],
    namespaced,
    verbs: options.verbs ?? allVerbs,
    subresources: (options.subresources ?? []).map(subresource),
  });
}

/** The kinds of Kubernetes alone. */
export const builtInScheme: Scheme = new LiveScheme(types);

/** Kubernetes' own kinds, by group version in the order of discovery, and by resource name within. */
export function resourceTypes(): readonly ResourceType[] {
  return types;
}

/** One of Kubernetes' own kinds: `findResource('apps', 'v1', 'deployments')`. `group` is '' for core. */
export function findResource(group: string, version: string, resource: string): ResourceType | undefined {
  return builtInScheme.findResource(group, version, resource);
}

/** One of Kubernetes' own kinds: `findKind('apps/v1', 'Deployment')`. */
export function findKind(apiVersion: string, kind: string): ResourceType | undefined {
  return builtInScheme.findKind(apiVersion, kind);
}

/**
 * The kind as which objects of `type` are stored, where several group versions show the same objects:
 * events.k8s.io's events are core's, autoscaling/v1 shows those of autoscaling/v2, and custom resources have versions.
 */
export function storageType(type: ResourceType): ResourceType {
  if (type.custom !== undefined) return { ...type, version: type.custom.storageVersion };
  if (type.group === 'events.k8s.io') return findResource('', 'v1', 'events')!;
  if (type.group === 'autoscaling') return findResource('autoscaling', 'v2', type.resource)!;
  return type;
}
