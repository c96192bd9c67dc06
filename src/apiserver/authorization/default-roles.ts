import type { rbacv1 } from '../../api/index.ts';
import type { Rule } from './rbac.ts';

/**
 * The roles and bindings that every cluster begins with
 * (https://kubernetes.io/docs/reference/access-authn-authz/rbac/#default-roles-and-role-bindings).
 */

const meta = (name: string, labels?: Record<string, string>): rbacv1.ClusterRole['metadata'] => ({
  name,
  labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
  annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
});

function role(name: string, rules: Rule[], labels?: Record<string, string>): rbacv1.ClusterRole {
  return { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: meta(name, labels), rules };
}

function binding(
  name: string,
  roleName: string,
  subjects: rbacv1.ClusterRoleBinding['subjects'],
): rbacv1.ClusterRoleBinding {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: meta(name),
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: roleName },
    subjects,
  };
}

const group = (name: string) => ({ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name });
const user = (name: string) => ({ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name });
const on = (apiGroup: string, resources: string[], verbs: string[]): Rule => ({
  apiGroups: [apiGroup],
  resources,
  verbs,
});

const read = ['get', 'list', 'watch'];
const write = ['create', 'delete', 'deletecollection', 'patch', 'update'];
const all = ['*'];

/** What the holders of a namespace see (`view`); `edit` adds writing, and secrets. */
const viewed: readonly [group: string, resources: string[]][] = [
  [
    '',
    [
      'bindings',
      'configmaps',
      'endpoints',
      'events',
      'limitranges',
      'namespaces',
      'namespaces/status',
      'persistentvolumeclaims',
      'persistentvolumeclaims/status',
      'pods',
      'pods/log',
      'pods/status',
      'replicationcontrollers',
      'replicationcontrollers/scale',
      'replicationcontrollers/status',
      'resourcequotas',
      'resourcequotas/status',
      'serviceaccounts',
      'services',
      'services/status',
    ],
  ],
  ['discovery.k8s.io', ['endpointslices']],
  [
    'apps',
    [
      'controllerrevisions',
      'daemonsets',
      'daemonsets/status',
      'deployments',
      'deployments/scale',
      'deployments/status',
      'replicasets',
      'replicasets/scale',
      'replicasets/status',
      'statefulsets',
      'statefulsets/scale',
      'statefulsets/status',
    ],
  ],
  ['autoscaling', ['horizontalpodautoscalers', 'horizontalpodautoscalers/status']],
  ['batch', ['cronjobs', 'cronjobs/status', 'jobs', 'jobs/status']],
  ['policy', ['poddisruptionbudgets', 'poddisruptionbudgets/status']],
  ['networking.k8s.io', ['ingresses', 'ingresses/status', 'networkpolicies']],
];

const edited: readonly [group: string, resources: string[]][] = [
  [
    '',
    [
      'configmaps',
      'events',
      'persistentvolumeclaims',
      'pods',
      'pods/attach',
      'pods/eviction',
      'pods/exec',
      'pods/portforward',
      'pods/proxy',
      'replicationcontrollers',
      'replicationcontrollers/scale',
      'secrets',
      'serviceaccounts',
      'services',
      'services/proxy',
    ],
  ],
  [
    'apps',
    [
      'daemonsets',
      'deployments',
      'deployments/rollback',
      'deployments/scale',
      'replicasets',
      'replicasets/scale',
      'statefulsets',
      'statefulsets/scale',
    ],
  ],
  ['autoscaling', ['horizontalpodautoscalers']],
  ['batch', ['cronjobs', 'jobs']],
  ['policy', ['poddisruptionbudgets']],
  ['networking.k8s.io', ['ingresses', 'networkpolicies']],
  ['coordination.k8s.io', ['leases']],
];

const viewRules = [
  ...viewed.map(([apiGroup, resources]) => on(apiGroup, resources, read)),
  // As metrics-server's system:aggregated-metrics-reader.
  on('metrics.k8s.io', ['pods', 'nodes'], read),
];
const editRules = [
  ...viewRules,
  on('', ['secrets', 'pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy', 'services/proxy'], read),
  on('', ['serviceaccounts'], ['impersonate']),
  on('', ['serviceaccounts/token'], ['create']),
  on('coordination.k8s.io', ['leases'], read),
  ...edited.map(([apiGroup, resources]) => on(apiGroup, resources, write)),
];
const adminRules = [
  ...editRules,
  on('authorization.k8s.io', ['localsubjectaccessreviews'], ['create']),
  on('rbac.authorization.k8s.io', ['roles', 'rolebindings'], [...read, ...write]),
];

const paths = (verbs: string[], ...nonResourceURLs: string[]): Rule => ({ nonResourceURLs, verbs });
const aggregate = (to: string) => ({ [`rbac.authorization.k8s.io/aggregate-to-${to}`]: 'true' });

/** What a kubelet may do; the NodeRestriction admission plug-in narrows it to its own node and pods. */
const nodeRules: Rule[] = [
  on('authentication.k8s.io', ['tokenreviews'], ['create']),
  on('authorization.k8s.io', ['localsubjectaccessreviews', 'subjectaccessreviews'], ['create']),
  on('', ['services'], read),
  on('', ['nodes'], ['create', ...read, 'patch', 'update', 'delete']),
  on('', ['nodes/status'], ['patch', 'update']),
  on('', ['events'], ['create', 'patch', 'update']),
  on('', ['pods'], [...read, 'create', 'delete']),
  on('', ['pods/status'], ['patch', 'update']),
  on('', ['pods/eviction'], ['create']),
  on('', ['configmaps', 'secrets', 'persistentvolumeclaims', 'persistentvolumes', 'serviceaccounts'], read),
  on('', ['serviceaccounts/token'], ['create']),
  on('coordination.k8s.io', ['leases'], ['create', 'delete', 'get', 'patch', 'update', 'list', 'watch']),
  on('storage.k8s.io', ['csinodes', 'csidrivers', 'volumeattachments'], [...read, 'create', 'patch', 'update']),
  on('node.k8s.io', ['runtimeclasses'], read),
];

const schedulerRules: Rule[] = [
  on('', ['events'], ['create', 'patch', 'update']),
  on('events.k8s.io', ['events'], ['create', 'patch', 'update']),
  on(
    '',
    ['nodes', 'namespaces', 'services', 'persistentvolumes', 'persistentvolumeclaims', 'replicationcontrollers'],
    read,
  ),
  on('', ['pods'], [...read, 'delete']),
  on('', ['pods/binding', 'bindings'], ['create']),
  on('', ['pods/status'], ['patch', 'update']),
  on('apps', ['replicasets', 'statefulsets'], read),
  on('policy', ['poddisruptionbudgets'], read),
  on('coordination.k8s.io', ['leases'], [...read, 'create', 'update', 'patch']),
  on('scheduling.k8s.io', ['priorityclasses'], read),
  on('storage.k8s.io', all, read),
];

export const defaultClusterRoles: readonly rbacv1.ClusterRole[] = [
  role('cluster-admin', [{ apiGroups: all, resources: all, verbs: all }, paths(all, '*')]),
  role('admin', adminRules),
  role('edit', editRules, aggregate('admin')),
  role('view', viewRules, aggregate('edit')),
  role('system:discovery', [
    paths(
      ['get'],
      '/api',
      '/api/*',
      '/apis',
      '/apis/*',
      '/healthz',
      '/livez',
      '/openapi',
      '/openapi/*',
      '/readyz',
      '/version',
      '/version/',
    ),
  ]),
  role('system:basic-user', [
    on('authorization.k8s.io', ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'], ['create']),
    on('authentication.k8s.io', ['selfsubjectreviews'], ['create']),
  ]),
  role('system:public-info-viewer', [paths(['get'], '/healthz', '/livez', '/readyz', '/version', '/version/')]),
  role('system:monitoring', [
    paths(['get'], '/healthz', '/healthz/*', '/livez', '/livez/*', '/metrics', '/metrics/slis', '/readyz', '/readyz/*'),
  ]),
  role('system:node', nodeRules),
  role('system:kube-scheduler', schedulerRules),
  // Controllers act on every kind, as the sum of Kubernetes' system:controller:* roles does.
  role('system:kube-controller-manager', [{ apiGroups: all, resources: all, verbs: all }]),
  // What an API server asks of the kubelets of other peers, for those whom it has let through.
  role('keelson:kubelet-access', [
    paths(['get'], '/containerLogs/*', '/pods', '/stats/*'),
    paths(['get', 'post'], '/exec/*', '/attach/*', '/portForward/*', '/dial/*'),
  ]),
  role('system:kubelet-api-admin', [
    on('', ['nodes'], [...read, 'proxy']),
    on('', ['nodes/log', 'nodes/metrics', 'nodes/proxy', 'nodes/stats'], all),
  ]),
];

export const defaultClusterRoleBindings: readonly rbacv1.ClusterRoleBinding[] = [
  binding('cluster-admin', 'cluster-admin', [group('system:masters')]),
  binding('system:discovery', 'system:discovery', [group('system:authenticated')]),
  binding('system:basic-user', 'system:basic-user', [group('system:authenticated')]),
  binding('system:public-info-viewer', 'system:public-info-viewer', [
    group('system:authenticated'),
    group('system:unauthenticated'),
  ]),
  binding('system:monitoring', 'system:monitoring', [group('system:monitoring')]),
  binding('system:node', 'system:node', [group('system:nodes')]),
  binding('system:kube-scheduler', 'system:kube-scheduler', [user('system:kube-scheduler')]),
  binding('system:kube-controller-manager', 'system:kube-controller-manager', [user('system:kube-controller-manager')]),
  binding('keelson:kubelet-access', 'keelson:kubelet-access', [group('keelson:peers')]),
];
