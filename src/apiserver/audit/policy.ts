import type { Exchange } from '../exchange.ts';
import type { User } from '../registry/types.ts';

export const levels = ['None', 'Metadata', 'Request', 'RequestResponse'] as const;
export type Level = (typeof levels)[number];
export const stages = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'] as const;
export type Stage = (typeof stages)[number];

/** audit.k8s.io/v1 Policy (https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/#audit-policy). */
export interface AuditPolicy {
  rules: readonly PolicyRule[];
  omitStages: readonly Stage[];
  omitManagedFields: boolean;
}

export interface PolicyRule {
  level: Level;
  users?: readonly string[] | undefined;
  userGroups?: readonly string[] | undefined;
  verbs?: readonly string[] | undefined;
  resources?: readonly GroupResources[] | undefined;
  namespaces?: readonly string[] | undefined;
  nonResourceURLs?: readonly string[] | undefined;
  omitStages?: readonly Stage[] | undefined;
  omitManagedFields?: boolean | undefined;
}

export interface GroupResources {
  group?: string | undefined;
  resources?: readonly string[] | undefined;
  resourceNames?: readonly string[] | undefined;
}

/** What is to be written down of one request. */
export interface AuditDecision {
  level: Level;
  omitStages: ReadonlySet<Stage>;
  omitManagedFields: boolean;
}

/** Kinds whose objects are secrets themselves, as `group/resource` or with a subresource. */
const confidential = new Set(['/secrets', '/serviceaccounts/token', 'authentication.k8s.io/tokenreviews']);

/**
 * The first rule that matches says it; none: nothing is written down. Bodies of Secrets and tokens are left out unless that rule
 * names their kind: a rule for everything is not meant for them.
 */
export function decide(policy: AuditPolicy, info: Exchange['info'], user: User): AuditDecision {
  const rule = policy.rules.find((each) => matches(each, info, user));
  return {
    level: rule === undefined ? 'None' : levelOf(rule, info),
    omitStages: new Set([...policy.omitStages, ...(rule?.omitStages ?? [])]),
    omitManagedFields: rule?.omitManagedFields ?? policy.omitManagedFields,
  };
}

function levelOf(rule: PolicyRule, { isResource, group, resource, subresource }: Exchange['info']): Level {
  if (!isResource || levels.indexOf(rule.level) <= levels.indexOf('Metadata')) return rule.level;
  const full = subresource === '' ? resource : `${resource}/${subresource}`;
  if (!confidential.has(`${group}/${full}`) && !confidential.has(`${group}/${resource}`)) return rule.level;
  const named = (rule.resources ?? []).some(
    (each) => (each.group ?? '') === group && each.resources?.some((name) => name === full || name === resource),
  );
  return named ? rule.level : 'Metadata';
}

function matches(rule: PolicyRule, info: Exchange['info'], user: User): boolean {
  const { users, userGroups, verbs, resources, namespaces, nonResourceURLs } = rule;
  if (users?.length && !users.includes(user.name)) return false;
  if (userGroups?.length && !userGroups.some((group) => user.groups.includes(group))) return false;
  if (verbs?.length && !verbs.includes(info.verb)) return false;
  if (!namespaces?.length && !resources?.length && !nonResourceURLs?.length) return true;
  if (!info.isResource) return (nonResourceURLs ?? []).some((pattern) => pathMatches(pattern, info.path));
  if (!namespaces?.length && !resources?.length) return false;
  if (namespaces?.length && !namespaces.includes(info.namespace ?? '')) return false;
  return !resources?.length || resources.some((each) => resourceMatches(each, info));
}

function resourceMatches({ group = '', resources, resourceNames }: GroupResources, info: Exchange['info']): boolean {
  if (group !== info.group) return false;
  if (!resources?.length) return true;
  const full = info.subresource === '' ? info.resource : `${info.resource}/${info.subresource}`;
  const fits = resources.some(
    (pattern) =>
      pattern === '*' ||
      pattern === full ||
      (info.subresource !== '' && (pattern === `*/${info.subresource}` || pattern === `${info.resource}/*`)),
  );
  return fits && (!resourceNames?.length || resourceNames.includes(info.name));
}

function pathMatches(pattern: string, path: string): boolean {
  return pattern === path || (pattern.endsWith('*') && path.startsWith(pattern.slice(0, -1)));
}
