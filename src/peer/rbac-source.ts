import { type rbacv1, resources } from '../api/index.ts';
import type { RbacSource } from '../apiserver/index.ts';
import type { InformerFactory } from '../client/index.ts';

/** Roles and bindings as informers keep them; nothing is allowed before they are in. */
export function rbacSource(informers: InformerFactory): RbacSource {
  const clusterRoles = informers.informer<rbacv1.ClusterRole>(resources.clusterRoles);
  const clusterRoleBindings = informers.informer<rbacv1.ClusterRoleBinding>(resources.clusterRoleBindings);
  const roles = informers.informer<rbacv1.Role>(resources.roles);
  const roleBindings = informers.informer<rbacv1.RoleBinding>(resources.roleBindings);
  return {
    clusterRole: (name) => clusterRoles.get(undefined, name),
    clusterRoleBindings: () => clusterRoleBindings.list(),
    role: (namespace, name) => roles.get(namespace, name),
    roleBindings: (namespace) => roleBindings.list(namespace),
  };
}
