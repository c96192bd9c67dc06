import type { rbacv1 } from '../../../api/index.ts';
import { controllerRules } from './controllers.ts';
import { account, clusterBinding, clusterRole, group, parseRules, user } from './notation.ts';
import { nodeRules, systemRules } from './system.ts';
import { userFacingRoles } from './user-facing.ts';

export { namespacedBindings as defaultRoleBindings, namespacedRoles as defaultRoles } from './namespaced.ts';
export { parseRules } from './notation.ts';
export { nodeRules };

/*
 * The roles and bindings that every cluster begins with, as Kubernetes v1.35 has them
 * (https://kubernetes.io/docs/reference/access-authn-authz/rbac/#default-roles-and-role-bindings).
 */

const CONTROLLER_PREFIX = 'system:controller:';

export const defaultClusterRoles: readonly rbacv1.ClusterRole[] = [
  ...userFacingRoles,
  ...Object.entries({ ...systemRules, 'system:node': nodeRules }).map(([name, rules]) =>
    clusterRole(name, parseRules(rules)),
  ),
  ...Object.entries(controllerRules).map(([name, rules]) => clusterRole(CONTROLLER_PREFIX + name, parseRules(rules))),
];

const AUTHENTICATED = group('system:authenticated');
const UNAUTHENTICATED = group('system:unauthenticated');
const CONTROLLERS = user('system:kube-controller-manager');
const SCHEDULER = user('system:kube-scheduler');

export const defaultClusterRoleBindings: readonly rbacv1.ClusterRoleBinding[] = [
  ...[
    ['cluster-admin', [group('system:masters')]] as const,
    ['system:monitoring', [group('system:monitoring')]] as const,
    ['system:discovery', [AUTHENTICATED]] as const,
    ['system:basic-user', [AUTHENTICATED]] as const,
    ['system:public-info-viewer', [AUTHENTICATED, UNAUTHENTICATED]] as const,
    ['system:node-proxier', [user('system:kube-proxy')]] as const,
    ['system:kube-controller-manager', [CONTROLLERS]] as const,
    ['system:kube-dns', [account('kube-dns')]] as const,
    ['system:kube-scheduler', [SCHEDULER]] as const,
    ['system:volume-scheduler', [SCHEDULER]] as const,
    // Nodes are the Node authorizer's; the binding is there for who still looks for it.
    ['system:node', []] as const,
    ['system:service-account-issuer-discovery', [group('system:serviceaccounts')]] as const,
    ['keelson:kubelet-access', [group('keelson:peers')]] as const,
    ['keelson:controllers', [CONTROLLERS]] as const,
    ['keelson:leader-election', [CONTROLLERS, SCHEDULER]] as const,
  ].map(([name, subjects]) => clusterBinding(name, name, [...subjects])),
  ...Object.keys(controllerRules).map((name) =>
    clusterBinding(CONTROLLER_PREFIX + name, CONTROLLER_PREFIX + name, [account(name)]),
  ),
];

/** Without these a cluster's own components can't begin. */
export const componentRoles: ReadonlySet<string> = new Set([
  'keelson:controllers',
  'keelson:kubelet-access',
  'keelson:leader-election',
  'system:kube-controller-manager',
  'system:kube-scheduler',
]);
