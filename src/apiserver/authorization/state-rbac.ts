import type { rbacv1 } from '../../api/index.ts';
import type { StateReader, StoredState } from '../registry/types.ts';
import type { RbacSource } from './rbac.ts';

const group = 'rbac.authorization.k8s.io';

/** Roles and bindings as this peer's registry has them, for who decides within a write. */
export function stateRbacSource(state: StateReader): RbacSource {
  const object = <T>(found: StoredState | undefined): T | undefined => found?.object as T | undefined;
  const all = <T>(resource: string, namespace?: string): T[] =>
    state.all({ group, resource }, namespace).map(({ object: each }) => each as unknown as T);
  return {
    clusterRole: (name) =>
      object<rbacv1.ClusterRole>(state.lookup({ group, resource: 'clusterroles' }, undefined, name)),
    clusterRoleBindings: () => all<rbacv1.ClusterRoleBinding>('clusterrolebindings'),
    role: (namespace, name) => object<rbacv1.Role>(state.lookup({ group, resource: 'roles' }, namespace, name)),
    roleBindings: (namespace) => all<rbacv1.RoleBinding>('rolebindings', namespace),
  };
}
