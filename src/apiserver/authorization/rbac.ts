import type { rbacv1 } from '../../api/index.ts';
import type { User } from '../registry/types.ts';
import type { Attributes, Authorizer, Decision } from './types.ts';

/** Where the rules come from: a cache of the four kinds of rbac.authorization.k8s.io. */
export interface RbacSource {
  clusterRoleBindings(): readonly rbacv1.ClusterRoleBinding[];
  roleBindings(namespace: string): readonly rbacv1.RoleBinding[];
  clusterRole(name: string): rbacv1.ClusterRole | undefined;
  role(namespace: string, name: string): rbacv1.Role | undefined;
}

type Subject = NonNullable<rbacv1.RoleBinding['subjects']>[number];
export type Rule = NonNullable<rbacv1.Role['rules']>[number];

/** Role-based access control (https://kubernetes.io/docs/reference/access-authn-authz/rbac/). */
export function rbacAuthorizer(source: RbacSource): Authorizer {
  return {
    async authorize(attributes): Promise<Decision> {
      for (const rule of rulesFor(source, attributes.user, attributes.resource?.namespace)) {
        if (ruleAllows(rule, attributes)) return { allowed: true, reason: '' };
      }
      return { allowed: false, reason: '' };
    },
  };
}

/** Every rule that holds for `user`, cluster-wide and (when given) in `namespace`. */
export function* rulesFor(source: RbacSource, user: User, namespace: string | undefined): Iterable<Rule> {
  for (const binding of source.clusterRoleBindings()) {
    if (!appliesTo(binding.subjects, user, undefined)) continue;
    yield* source.clusterRole(binding.roleRef.name)?.rules ?? [];
  }
  if (namespace === undefined || namespace === '') return;
  for (const binding of source.roleBindings(namespace)) {
    if (!appliesTo(binding.subjects, user, namespace)) continue;
    const { kind, name } = binding.roleRef;
    const role = kind === 'ClusterRole' ? source.clusterRole(name) : source.role(namespace, name);
    yield* role?.rules ?? [];
  }
}

function appliesTo(subjects: readonly Subject[] | undefined, user: User, namespace: string | undefined): boolean {
  return (subjects ?? []).some((subject) => {
    switch (subject.kind) {
      case 'User':
        return subject.name === user.name;
      case 'Group':
        return user.groups.includes(subject.name);
      case 'ServiceAccount':
        return user.name === `system:serviceaccount:${subject.namespace ?? namespace ?? ''}:${subject.name}`;
      default:
        return false;
    }
  });
}

/** Does this one rule allow it? */
export function ruleAllows(rule: Rule, { verb, resource, path }: Attributes): boolean {
  if (!matches(rule.verbs, verb)) return false;
  if (resource === undefined) return (rule.nonResourceURLs ?? []).some((pattern) => pathMatches(pattern, path));
  const { group, subresource, name } = resource;
  if (!matches(rule.apiGroups, group)) return false;
  const full = subresource === '' ? resource.resource : `${resource.resource}/${subresource}`;
  const covered = (rule.resources ?? []).some(
    (pattern) => pattern === '*' || pattern === full || (subresource !== '' && pattern === `*/${subresource}`),
  );
  if (!covered) return false;
  const names = rule.resourceNames ?? [];
  return names.length === 0 || names.includes(name);
}

function matches(allowed: readonly string[] | undefined, value: string): boolean {
  return (allowed ?? []).some((entry) => entry === '*' || entry === value);
}

function pathMatches(pattern: string, path: string): boolean {
  if (pattern === '*' || pattern === path) return true;
  return pattern.endsWith('*') && path.startsWith(pattern.slice(0, -1));
}
