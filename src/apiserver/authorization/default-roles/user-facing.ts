import { aggregateRules, type rbacv1 } from '../../../api/index.ts';
import { clusterRole, parseRules } from './notation.ts';

/* Roles for people: `view`, `edit` and `admin` gather what roles with the right label say, those of custom resources too. */

const toView = clusterRole(
  'system:aggregate-to-view',
  parseRules(`
    read core configmaps,endpoints,persistentvolumeclaims,persistentvolumeclaims/status,pods,replicationcontrollers,replicationcontrollers/scale,serviceaccounts,services,services/status
    read core bindings,events,limitranges,namespaces/status,pods/log,pods/status,replicationcontrollers/status,resourcequotas,resourcequotas/status
    read core namespaces
    read discovery.k8s.io endpointslices
    read apps controllerrevisions,daemonsets,daemonsets/status,deployments,deployments/scale,deployments/status,replicasets,replicasets/scale,replicasets/status,statefulsets,statefulsets/scale,statefulsets/status
    read autoscaling horizontalpodautoscalers,horizontalpodautoscalers/status
    read batch cronjobs,cronjobs/status,jobs,jobs/status
    read extensions daemonsets,daemonsets/status,deployments,deployments/scale,deployments/status,ingresses,ingresses/status,networkpolicies,replicasets,replicasets/scale,replicasets/status,replicationcontrollers/scale
    read policy poddisruptionbudgets,poddisruptionbudgets/status
    read networking.k8s.io ingresses,ingresses/status,networkpolicies
    read resource.k8s.io resourceclaims,resourceclaims/status,resourceclaimtemplates
  `),
  { aggregatesTo: 'view' },
);

/** As metrics-server brings it along. */
const metricsToView = clusterRole('system:aggregated-metrics-reader', parseRules('read metrics.k8s.io nodes,pods'), {
  aggregatesTo: 'view',
});

const toEdit = clusterRole(
  'system:aggregate-to-edit',
  parseRules(`
    read core pods/attach,pods/exec,pods/portforward,pods/proxy,secrets,services/proxy
    impersonate core serviceaccounts
    write core pods,pods/attach,pods/exec,pods/portforward,pods/proxy
    create core pods/eviction
    write core configmaps,events,persistentvolumeclaims,replicationcontrollers,replicationcontrollers/scale,secrets,serviceaccounts,services,services/proxy
    create core serviceaccounts/token
    write apps daemonsets,deployments,deployments/rollback,deployments/scale,replicasets,replicasets/scale,statefulsets,statefulsets/scale
    write autoscaling horizontalpodautoscalers
    write batch cronjobs,jobs
    write extensions daemonsets,deployments,deployments/rollback,deployments/scale,ingresses,networkpolicies,replicasets,replicasets/scale,replicationcontrollers/scale
    write policy poddisruptionbudgets
    write networking.k8s.io ingresses,networkpolicies
    all coordination.k8s.io leases
    write resource.k8s.io resourceclaims,resourceclaimtemplates
  `),
  { aggregatesTo: 'edit' },
);

const toAdmin = clusterRole(
  'system:aggregate-to-admin',
  parseRules(`
    create authorization.k8s.io localsubjectaccessreviews
    all rbac.authorization.k8s.io rolebindings,roles
  `),
  { aggregatesTo: 'admin' },
);

/** With the rules that they gather: nobody has to wait for a controller. */
const view = gathering([toView, metricsToView], clusterRole('view', [], { aggregates: 'view', aggregatesTo: 'edit' }));
const edit = gathering([toEdit, view], clusterRole('edit', [], { aggregates: 'edit', aggregatesTo: 'admin' }));
const admin = gathering([edit, toAdmin], clusterRole('admin', [], { aggregates: 'admin' }));

function gathering(sources: rbacv1.ClusterRole[], role: rbacv1.ClusterRole): rbacv1.ClusterRole {
  return { ...role, rules: aggregateRules(role, sources) };
}

export const userFacingRoles: readonly rbacv1.ClusterRole[] = [
  clusterRole(
    'cluster-admin',
    parseRules(`
      * * *
      * *
    `),
  ),
  admin,
  edit,
  view,
  toAdmin,
  toEdit,
  toView,
  metricsToView,
];
