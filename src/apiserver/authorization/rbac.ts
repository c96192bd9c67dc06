import type { PolicyRule, rbacv1 } from '../../api/index.ts';
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
export type Rule = PolicyRule;

/** Role-based access control (https://kubernetes.io/docs/reference/access-authn-authz/rbac/). */
export function rbacAuthorizer(source: RbacSource): Authorizer {
  return {
    async authorize(attributes): Promise<Decision> {
      const missing = new Set<string>();
      for (const { rules, grant } of grantsTo(source, attributes.user, attributes.resource?.namespace)) {
        if (rules === undefined) missing.add(missingText(grant));
        for (const rule of rules ?? []) {
          if (ruleAllows(rule, attributes)) return { allowed: true, reason: `RBAC: allowed by ${describe(grant)}` };
        }
      }
      return { allowed: false, reason: reasonOf([...missing]) };
    },
  };
}

/** Every rule that holds for `user`, cluster-wide and (when given) in `namespace`. */
export function* rulesFor(source: RbacSource, user: User, namespace: string | undefined): Iterable<Rule> {
  for (const { rules } of grantsTo(source, user, namespace)) yield* rules ?? [];
}

/** Why a user who is bound to roles that aren't there may not. */
function reasonOf(missing: readonly string[]): string {
  if (missing.length === 0) return '';
  return `RBAC: ${missing.length === 1 ? missing[0] : `[${missing.join(', ')}]`}`;
}

function missingText({ binding: { roleRef } }: Grant): string {
  return `${roleRef.kind.toLowerCase()}.rbac.authorization.k8s.io "${roleRef.name}" not found`;
}

/** The rules of the role that a binding refers to; undefined when it isn't there. */
export function rulesOfRole(
  source: RbacSource,
  { kind, name }: rbacv1.RoleBinding['roleRef'],
  namespace: string,
): readonly Rule[] | undefined {
  const role = kind === 'ClusterRole' ? source.clusterRole(name) : source.role(namespace, name);
  return role && (role.rules ?? []);
}

interface Grant {
  binding: rbacv1.RoleBinding | rbacv1.ClusterRoleBinding;
  subject: Subject;
}

function* grantsTo(
  source: RbacSource,
  user: User,
  namespace: string | undefined,
): Iterable<{ rules: readonly Rule[] | undefined; grant: Grant }> {
  for (const binding of source.clusterRoleBindings()) {
    const subject = subjectThatIs(user, binding.subjects, undefined);
    if (subject === undefined) continue;
    yield { rules: rulesOfRole(source, binding.roleRef, ''), grant: { binding, subject } };
  }
  if (namespace === undefined || namespace === '') return;
  for (const binding of source.roleBindings(namespace)) {
    const subject = subjectThatIs(user, binding.subjects, namespace);
    if (subject === undefined) continue;
    yield { rules: rulesOfRole(source, binding.roleRef, namespace), grant: { binding, subject } };
  }
}

/** `ClusterRoleBinding "a" of ClusterRole "b" to Group "c"`. */
function describe({ binding, subject }: Grant): string {
  const { name, namespace } = binding.metadata;
  const { roleRef } = binding;
  const title = namespace === undefined ? `ClusterRoleBinding "${name}"` : `RoleBinding "${name}/${namespace}"`;
  const account =
    subject.kind === 'ServiceAccount' ? `${subject.name}/${subject.namespace ?? namespace}` : subject.name;
  return `${title} of ${roleRef.kind} "${roleRef.name}" to ${subject.kind} "${account}"`;
}

function subjectThatIs(
  user: User,
  subjects: readonly Subject[] | undefined,
  namespace: string | undefined,
): Subject | undefined {
  return subjects?.find((subject) => {
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
