import type { flowcontrolv1 } from '../../api/index.ts';
import type { User } from '../registry/types.ts';
import type { RequestInfo } from '../request-info.ts';

/** What flow schemas look at. */
export interface FlowRequest {
  user: User;
  info: Pick<RequestInfo, 'isResource' | 'verb' | 'path' | 'group' | 'resource' | 'subresource' | 'namespace'>;
}

/** The order in which schemas are tried. */
export function byPrecedence(a: flowcontrolv1.FlowSchema, b: flowcontrolv1.FlowSchema): number {
  const difference = (a.spec?.matchingPrecedence ?? 1_000) - (b.spec?.matchingPrecedence ?? 1_000);
  return difference !== 0 ? difference : a.metadata.name! < b.metadata.name! ? -1 : 1;
}

export function schemaMatches({ spec }: flowcontrolv1.FlowSchema, request: FlowRequest): boolean {
  return (spec?.rules ?? []).some(({ subjects, resourceRules = [], nonResourceRules = [] }) => {
    if (!subjects.some((subject) => subjectMatches(subject, request.user))) return false;
    return request.info.isResource
      ? resourceRules.some((rule) => resourceRuleMatches(rule, request.info))
      : nonResourceRules.some((rule) => nonResourceRuleMatches(rule, request.info));
  });
}

/** What tells the flows of a schema from each other. */
export function distinguisherOf({ spec }: flowcontrolv1.FlowSchema, { user, info }: FlowRequest): string {
  switch (spec?.distinguisherMethod?.type) {
    case 'ByUser':
      return user.name;
    case 'ByNamespace':
      return info.namespace ?? '';
    default:
      return '';
  }
}

function subjectMatches({ kind, user: named, group, serviceAccount }: flowcontrolv1.Subject, user: User): boolean {
  switch (kind) {
    case 'User':
      return named?.name === '*' || named?.name === user.name;
    case 'Group':
      return group?.name === '*' || user.groups.includes(group?.name ?? '');
    case 'ServiceAccount': {
      const prefix = `system:serviceaccount:${serviceAccount?.namespace}:`;
      return serviceAccount?.name === '*'
        ? user.name.startsWith(prefix)
        : user.name === prefix + (serviceAccount?.name ?? '');
    }
    default:
      return false;
  }
}

function resourceRuleMatches(rule: flowcontrolv1.ResourcePolicyRule, info: FlowRequest['info']): boolean {
  const resource = info.subresource === '' ? info.resource : `${info.resource}/${info.subresource}`;
  return (
    includes(rule.verbs, info.verb) &&
    includes(rule.apiGroups, info.group) &&
    includes(rule.resources, resource) &&
    (info.namespace ? includes(rule.namespaces ?? [], info.namespace) : rule.clusterScope === true)
  );
}

function nonResourceRuleMatches(
  { verbs, nonResourceURLs }: flowcontrolv1.NonResourcePolicyRule,
  { verb, path }: FlowRequest['info'],
): boolean {
  if (!includes(verbs, verb)) return false;
  return nonResourceURLs.some((url) => (url.endsWith('*') ? path.startsWith(url.slice(0, -1)) : path === url));
}

function includes(values: readonly string[], value: string): boolean {
  return values.includes('*') || values.includes(value);
}
