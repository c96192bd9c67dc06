import type { ResourceReference } from './resource.ts';

const namespaced = (group: string, version: string, resource: string, kind: string): ResourceReference => ({
  group,
  version,
  resource,
  kind,
  namespaced: true,
});
const cluster = (group: string, version: string, resource: string, kind: string): ResourceReference => ({
  group,
  version,
  resource,
  kind,
  namespaced: false,
});

/** The kinds that Keelson's own components use. */
export const resources = {
  pods: namespaced('', 'v1', 'pods', 'Pod'),
  nodes: cluster('', 'v1', 'nodes', 'Node'),
  namespaces: cluster('', 'v1', 'namespaces', 'Namespace'),
  configMaps: namespaced('', 'v1', 'configmaps', 'ConfigMap'),
  secrets: namespaced('', 'v1', 'secrets', 'Secret'),
  services: namespaced('', 'v1', 'services', 'Service'),
  serviceAccounts: namespaced('', 'v1', 'serviceaccounts', 'ServiceAccount'),
  events: namespaced('', 'v1', 'events', 'Event'),
  leases: namespaced('coordination.k8s.io', 'v1', 'leases', 'Lease'),
  deployments: namespaced('apps', 'v1', 'deployments', 'Deployment'),
  replicaSets: namespaced('apps', 'v1', 'replicasets', 'ReplicaSet'),
  statefulSets: namespaced('apps', 'v1', 'statefulsets', 'StatefulSet'),
  replicationControllers: namespaced('', 'v1', 'replicationcontrollers', 'ReplicationController'),
  podDisruptionBudgets: namespaced('policy', 'v1', 'poddisruptionbudgets', 'PodDisruptionBudget'),
  clusterRoles: cluster('rbac.authorization.k8s.io', 'v1', 'clusterroles', 'ClusterRole'),
  clusterRoleBindings: cluster('rbac.authorization.k8s.io', 'v1', 'clusterrolebindings', 'ClusterRoleBinding'),
  roles: namespaced('rbac.authorization.k8s.io', 'v1', 'roles', 'Role'),
  roleBindings: namespaced('rbac.authorization.k8s.io', 'v1', 'rolebindings', 'RoleBinding'),
  certificateSigningRequests: cluster(
    'certificates.k8s.io',
    'v1',
    'certificatesigningrequests',
    'CertificateSigningRequest',
  ),
  apiServices: cluster('apiregistration.k8s.io', 'v1', 'apiservices', 'APIService'),
  customResourceDefinitions: cluster(
    'apiextensions.k8s.io',
    'v1',
    'customresourcedefinitions',
    'CustomResourceDefinition',
  ),
  validatingAdmissionPolicies: cluster(
    'admissionregistration.k8s.io',
    'v1',
    'validatingadmissionpolicies',
    'ValidatingAdmissionPolicy',
  ),
  flowSchemas: cluster('flowcontrol.apiserver.k8s.io', 'v1', 'flowschemas', 'FlowSchema'),
  priorityLevels: cluster(
    'flowcontrol.apiserver.k8s.io',
    'v1',
    'prioritylevelconfigurations',
    'PriorityLevelConfiguration',
  ),
  priorityClasses: cluster('scheduling.k8s.io', 'v1', 'priorityclasses', 'PriorityClass'),
} as const satisfies Record<string, ResourceReference>;
