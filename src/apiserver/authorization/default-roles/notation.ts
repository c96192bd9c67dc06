import type { rbacv1 } from '../../../api/index.ts';
import type { Rule } from '../rbac.ts';

const RBAC = 'rbac.authorization.k8s.io';
const shorthands: Readonly<Record<string, string>> = {
  read: 'get,list,watch',
  write: 'create,delete,deletecollection,patch,update',
  all: 'create,delete,deletecollection,get,list,patch,update,watch',
};

/**
 * Rules, one a line: `VERBS GROUPS RESOURCES [NAMES]` or `VERBS PATHS`, each a list with commas; `core` is the group of the
 * empty name, `read`, `write` and `all` stand for several verbs, and a line `events` lets record events.
 */
export function parseRules(text: string): Rule[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => parseRule(line === 'events' ? 'create,patch,update core,events.k8s.io events' : line));
}

function parseRule(line: string): Rule {
  const [verbs = '', where = '', resources, names] = line.split(/ +/);
  const allowed = list(shorthands[verbs] ?? verbs);
  if (resources === undefined) return { verbs: allowed, nonResourceURLs: list(where) };
  return {
    verbs: allowed,
    apiGroups: list(where).map((group) => (group === 'core' ? '' : group)),
    resources: list(resources),
    ...(names === undefined ? {} : { resourceNames: list(names) }),
  };
}

function list(text: string): string[] {
  return text.split(',');
}

type Meta = rbacv1.ClusterRole['metadata'];

function meta(name: string, labels: Record<string, string>, namespace?: string): Meta {
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
    annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
  };
}

export const aggregationLabel = (to: string): Record<string, string> => ({ [`${RBAC}/aggregate-to-${to}`]: 'true' });

export function clusterRole(
  name: string,
  rules: Rule[],
  options: { aggregatesTo?: string; aggregates?: string } = {},
): rbacv1.ClusterRole {
  const { aggregatesTo, aggregates } = options;
  return {
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRole',
    metadata: meta(name, aggregatesTo === undefined ? {} : aggregationLabel(aggregatesTo)),
    rules,
    ...(aggregates === undefined
      ? {}
      : { aggregationRule: { clusterRoleSelectors: [{ matchLabels: aggregationLabel(aggregates) }] } }),
  };
}

export function role(namespace: string, name: string, rules: Rule[]): rbacv1.Role {
  return { apiVersion: `${RBAC}/v1`, kind: 'Role', metadata: meta(name, {}, namespace), rules };
}

type Subject = NonNullable<rbacv1.RoleBinding['subjects']>[number];

export const group = (name: string): Subject => ({ kind: 'Group', apiGroup: RBAC, name });
export const user = (name: string): Subject => ({ kind: 'User', apiGroup: RBAC, name });
/** One of the system's own, which are all in kube-system. */
export const account = (name: string): Subject => ({ kind: 'ServiceAccount', namespace: 'kube-system', name });

export function clusterBinding(name: string, to: string, subjects: Subject[]): rbacv1.ClusterRoleBinding {
  return {
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: meta(name, {}),
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: to },
    ...(subjects.length === 0 ? {} : { subjects }),
  };
}

export function binding(namespace: string, name: string, to: string, subjects: Subject[]): rbacv1.RoleBinding {
  return {
    apiVersion: `${RBAC}/v1`,
    kind: 'RoleBinding',
    metadata: meta(name, {}, namespace),
    roleRef: { apiGroup: RBAC, kind: 'Role', name: to },
    subjects,
  };
}
