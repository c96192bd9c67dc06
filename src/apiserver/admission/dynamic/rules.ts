import type { admissionregistrationv1, ResourceType } from '../../../api/index.ts';
import type { AdmissionAttributes } from '../types.ts';
import { equivalentTypes } from './target.ts';

type Rule = admissionregistrationv1.NamedRuleWithOperations;

/**
 * The kind in whose version the request matches one of the rules: its own, or with `Equivalent` another that shows the same
 * objects. Undefined: no rule matches.
 */
export function matchRules(
  rules: readonly Rule[] | undefined,
  attributes: AdmissionAttributes,
  matchPolicy: admissionregistrationv1.MatchPolicyType | undefined,
): ResourceType | undefined {
  if (rules === undefined || rules.length === 0) return undefined;
  if (rules.some((rule) => matches(rule, attributes, attributes.type))) return attributes.type;
  if (matchPolicy === 'Exact') return undefined;
  return equivalentTypes(attributes.type).find((type) => rules.some((rule) => matches(rule, attributes, type)));
}

function matches(
  rule: Rule,
  { operation, name, namespace, subresource }: AdmissionAttributes,
  type: ResourceType,
): boolean {
  if (rule.resourceNames?.length && !rule.resourceNames.includes(name)) return false;
  return (
    has(rule.operations, operation) &&
    has(rule.apiGroups, type.group) &&
    has(rule.apiVersions, type.version) &&
    (rule.scope === undefined || rule.scope === '*' || (rule.scope === 'Namespaced') === (namespace !== undefined)) &&
    (rule.resources ?? []).some((pattern) => matchesResource(pattern, type.resource, subresource ?? ''))
  );
}

/** `pods`, `pods/status`, `pods/*`, `scale` of any; `*` stands for all resources, but not for their subresources. */
function matchesResource(pattern: string, resource: string, subresource: string): boolean {
  const [wantedResource = '', wantedSubresource = ''] = pattern.split('/');
  return (
    (wantedResource === '*' || wantedResource === resource) &&
    (wantedSubresource === '*' || wantedSubresource === subresource)
  );
}

function has(values: readonly string[] | undefined, value: string): boolean {
  return values?.some((candidate) => candidate === '*' || candidate === value) ?? false;
}
