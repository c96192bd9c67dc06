import type { rbacv1 } from '../../../api/index.ts';
import { account, binding, parseRules, role, user } from './notation.ts';

const KUBE_SYSTEM = 'kube-system';
const KUBE_PUBLIC = 'kube-public';
const leaderLocking = parseRules(`
  create,get,list,update,watch coordination.k8s.io leases
  create,get,list,update,watch coordination.k8s.io leasecandidates
`);

/** Roles within the system's own namespaces. */
export const namespacedRoles: readonly rbacv1.Role[] = [
  role(
    KUBE_PUBLIC,
    'system:controller:bootstrap-signer',
    parseRules(`
      read core configmaps
      update core configmaps cluster-info
      events
    `),
  ),
  role(
    KUBE_SYSTEM,
    'extension-apiserver-authentication-reader',
    parseRules('read core configmaps extension-apiserver-authentication'),
  ),
  role(KUBE_SYSTEM, 'system::leader-locking-kube-controller-manager', leaderLocking),
  role(KUBE_SYSTEM, 'system::leader-locking-kube-scheduler', leaderLocking),
  role(KUBE_SYSTEM, 'system:controller:bootstrap-signer', parseRules('read core secrets')),
  role(KUBE_SYSTEM, 'system:controller:cloud-provider', parseRules('create,get,list,watch core configmaps')),
  role(
    KUBE_SYSTEM,
    'system:controller:token-cleaner',
    parseRules(`
      delete,get,list,watch core secrets
      events
    `),
  ),
];

const CONTROLLERS = user('system:kube-controller-manager');
const SCHEDULER = user('system:kube-scheduler');

export const namespacedBindings: readonly rbacv1.RoleBinding[] = [
  bindingTo(KUBE_PUBLIC, 'system:controller:bootstrap-signer', [account('bootstrap-signer')]),
  binding(
    KUBE_SYSTEM,
    'system::extension-apiserver-authentication-reader',
    'extension-apiserver-authentication-reader',
    [CONTROLLERS, SCHEDULER],
  ),
  bindingTo(KUBE_SYSTEM, 'system::leader-locking-kube-controller-manager', [
    CONTROLLERS,
    account('kube-controller-manager'),
    account('leader-election-controller'),
  ]),
  bindingTo(KUBE_SYSTEM, 'system::leader-locking-kube-scheduler', [SCHEDULER, account('kube-scheduler')]),
  bindingTo(KUBE_SYSTEM, 'system:controller:bootstrap-signer', [account('bootstrap-signer')]),
  bindingTo(KUBE_SYSTEM, 'system:controller:cloud-provider', [account('cloud-provider')]),
  bindingTo(KUBE_SYSTEM, 'system:controller:token-cleaner', [account('token-cleaner')]),
];

/** To the role of the same name. */
function bindingTo(
  namespace: string,
  name: string,
  subjects: NonNullable<rbacv1.RoleBinding['subjects']>,
): rbacv1.RoleBinding {
  return binding(namespace, name, name, subjects);
}
