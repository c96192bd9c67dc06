import type { ResourceType } from '../../../api/index.ts';
import type { GroupResource } from '../types.ts';
import { policyBindingStrategy, policyStrategy, webhookConfigurationStrategy } from './admission-registration.ts';
import { apiServiceStrategy } from './api-service.ts';
import { certificateSigningRequestStrategy } from './certificate-signing-request.ts';
import { customStrategy, customWithStatusStrategy } from './custom.ts';
import { definitionStrategy } from './definition.ts';
import { leaseStrategy } from './lease.ts';
import { namespaceStrategy } from './namespace.ts';
import { podStrategy } from './pod.ts';
import { serviceStrategy } from './service.ts';
import type { Strategy } from './strategy.ts';
import { templated } from './templated.ts';

export type { Strategy, StrategyServices } from './strategy.ts';

const generation: Strategy = { generation: true };
const workload = templated(generation, 'spec', 'template');
const job: Strategy = {
  ...workload,
  orphansDependents: true,
  orphansWarning:
    'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning',
};
const createsOnUpdate: Strategy = { createsOnUpdate: true };
const returnsDeleted: Strategy = { returnsDeleted: true };
/** Claims and volumes wait for each other. */
const volume: Strategy = {
  returnsDeleted: true,
  prepareForCreate(object) {
    object['status'] = { phase: 'Pending' };
  },
};
const requiresResourceVersion: Strategy = { requiresResourceVersion: true };

/** Kinds with ways of their own; by group, then resource. */
const strategies: Readonly<Record<string, Readonly<Record<string, Strategy>>>> = {
  '': {
    endpoints: createsOnUpdate,
    events: { createsOnUpdate: true, timeToLiveSeconds: 3600 },
    limitranges: createsOnUpdate,
    namespaces: namespaceStrategy,
    nodes: { keepsStatusOnCreate: true },
    persistentvolumeclaims: volume,
    persistentvolumes: volume,
    pods: podStrategy,
    podtemplates: templated({ generation: true, createsOnUpdate: true, returnsDeleted: true }, 'template'),
    replicationcontrollers: { ...workload, orphansDependents: true },
    resourcequotas: returnsDeleted,
    serviceaccounts: returnsDeleted,
    services: serviceStrategy,
  },
  'admissionregistration.k8s.io': {
    mutatingwebhookconfigurations: webhookConfigurationStrategy,
    validatingadmissionpolicies: policyStrategy,
    validatingadmissionpolicybindings: policyBindingStrategy,
    validatingwebhookconfigurations: webhookConfigurationStrategy,
  },
  'apiregistration.k8s.io': { apiservices: apiServiceStrategy },
  'apiextensions.k8s.io': { customresourcedefinitions: definitionStrategy },
  apps: {
    daemonsets: workload,
    deployments: templated({ generation: true, generationCountsAnnotations: true }, 'spec', 'template'),
    replicasets: workload,
    statefulsets: workload,
  },
  batch: { cronjobs: templated(generation, 'spec', 'jobTemplate', 'spec', 'template'), jobs: job },
  'certificates.k8s.io': { certificatesigningrequests: certificateSigningRequestStrategy },
  'coordination.k8s.io': { leases: leaseStrategy },
  'discovery.k8s.io': { endpointslices: generation },
  'flowcontrol.apiserver.k8s.io': { flowschemas: generation, prioritylevelconfigurations: generation },
  'networking.k8s.io': {
    ingressclasses: generation,
    ingresses: generation,
    networkpolicies: generation,
  },
  'node.k8s.io': { runtimeclasses: requiresResourceVersion },
  policy: { poddisruptionbudgets: { generation: true, requiresResourceVersion: true } },
  'rbac.authorization.k8s.io': {
    clusterrolebindings: createsOnUpdate,
    clusterroles: createsOnUpdate,
    rolebindings: createsOnUpdate,
    roles: createsOnUpdate,
  },
  'resource.k8s.io': {
    deviceclasses: { generation: true, returnsDeleted: true },
    resourceclaims: returnsDeleted,
    resourceclaimtemplates: returnsDeleted,
    resourceslices: { generation: true, returnsDeleted: true },
  },
  'scheduling.k8s.io': { priorityclasses: generation },
  'storage.k8s.io': {
    csidrivers: { requiresResourceVersion: true, returnsDeleted: true },
    csinodes: { requiresResourceVersion: true, returnsDeleted: true },
    storageclasses: returnsDeleted,
    volumeattachments: { requiresResourceVersion: true, returnsDeleted: true },
    volumeattributesclasses: returnsDeleted,
  },
};

const none: Strategy = {};

export function strategyOf({ group, resource, custom }: GroupResource & Pick<ResourceType, 'custom'>): Strategy {
  if (custom !== undefined) return custom.hasStatus ? customWithStatusStrategy : customStrategy;
  return strategies[group]?.[resource] ?? none;
}
