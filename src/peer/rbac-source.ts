import { type KubernetesObject, type rbacv1, resources } from '../api/index.ts';
import { componentRoles, type RbacSource } from '../apiserver/index.ts';
import type { Informer, InformerFactory } from '../client/index.ts';

/**
 * Roles and bindings as informers keep them; nothing is allowed before they are in. `bootstrapped` resolves when those of the
 * components are: from then on the cluster's own components may work.
 */
export function rbacSource(informers: InformerFactory): RbacSource & { bootstrapped(): Promise<void> } {
  const clusterRoles = informers.informer<rbacv1.ClusterRole>(resources.clusterRoles);
  const clusterRoleBindings = informers.informer<rbacv1.ClusterRoleBinding>(resources.clusterRoleBindings);
  const roles = informers.informer<rbacv1.Role>(resources.roles);
  const roleBindings = informers.informer<rbacv1.RoleBinding>(resources.roleBindings);
  return {
    clusterRole: (name) => clusterRoles.get(undefined, name),
    clusterRoleBindings: () => clusterRoleBindings.list(),
    role: (namespace, name) => roles.get(namespace, name),
    roleBindings: (namespace) => roleBindings.list(namespace),
    async bootstrapped() {
      await Promise.all([holds(clusterRoles, componentRoles), holds(clusterRoleBindings, componentRoles)]);
    },
  };
}

/** Resolves when the informer has objects of all these names. */
function holds<T extends KubernetesObject>(informer: Informer<T>, wanted: ReadonlySet<string>): Promise<void> {
  return new Promise((resolve) => {
    const missing = new Set(wanted);
    const end = informer.onChange(({ object }) => {
      missing.delete(object.metadata.name!);
      if (missing.size > 0) return;
      // The last one may be told while `onChange` has not returned yet.
      queueMicrotask(() => end());
      resolve();
    });
  });
}
