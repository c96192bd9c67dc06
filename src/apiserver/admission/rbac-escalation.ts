import { describeRules, errors, missingRules, type PolicyRule, quoteList, type rbacv1 } from '../../api/index.ts';
import { type RbacSource, rbacAuthorizer, rulesFor, rulesOfRole, stateRbacSource } from '../authorization/index.ts';
import { equalJson } from '../registry/json.ts';
import type { StateReader } from '../registry/types.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './types.ts';

const GROUP = 'rbac.authorization.k8s.io';
const MASTERS = 'system:masters';
const everything: PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

type AnyRole = rbacv1.ClusterRole & { metadata: { namespace?: string } };

/**
 * Nobody hands out rights that they don't have: who writes a role needs all that is in it, or the verb `escalate` on it; who
 * binds one needs all that is in it, or the verb `bind`
 * (https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping).
 * Kubernetes does this in its storage of these kinds and not in a plug-in; here a plug-in is the place that sees the object as it will be stored.
 */
export function rbacEscalation(state: StateReader): AdmissionPlugin {
  const source = stateRbacSource(state);
  return {
    name: 'RBACEscalation',
    async validate(attributes) {
      const { operation, type, user, subresource } = attributes;
      if (type.group !== GROUP || operation === 'DELETE' || subresource !== undefined) return;
      if (user.groups.includes(MASTERS)) return;
      const check = type.resource.endsWith('bindings') ? checkBinding : checkRole;
      const refusal = await check(source, attributes);
      if (refusal === undefined) return;
      // What allows it may have been written a moment ago, through another peer.
      await state.fresh();
      const stillRefused = await check(source, attributes);
      if (stillRefused !== undefined) throw stillRefused;
    },
  };
}

async function checkRole(source: RbacSource, attributes: AdmissionAttributes): Promise<Error | undefined> {
  const { type, name } = attributes;
  const object = attributes.object as unknown as AnyRole;
  const old = attributes.old as unknown as AnyRole | undefined;
  const sameRules = old !== undefined && equalJson(old.rules ?? [], object.rules ?? []);
  const sameAggregation = old !== undefined && equalJson(old.aggregationRule ?? {}, object.aggregationRule ?? {});
  if (sameRules && sameAggregation) return undefined;
  if (await may(source, attributes, 'escalate', type.resource, name)) return undefined;
  const excess = sameRules ? undefined : excessText(source, attributes, object.rules ?? []);
  if (excess !== undefined) return errors.forbidden(type, name, excess);
  const aggregates = object.aggregationRule !== undefined || old?.aggregationRule !== undefined;
  if (aggregates && !sameAggregation && excessText(source, attributes, everything) !== undefined) {
    return errors.forbidden(type, name, 'must have cluster-admin privileges to use the aggregationRule');
  }
  return undefined;
}

async function checkBinding(source: RbacSource, attributes: AdmissionAttributes): Promise<Error | undefined> {
  const { type, name, namespace = '' } = attributes;
  const object = attributes.object as unknown as rbacv1.RoleBinding;
  const old = attributes.old as unknown as rbacv1.RoleBinding | undefined;
  if (old !== undefined && equalJson(old.subjects ?? [], object.subjects ?? [])) return undefined;
  const { kind, name: roleName } = object.roleRef;
  const resource = kind === 'ClusterRole' ? 'clusterroles' : 'roles';
  if (await may(source, attributes, 'bind', resource, roleName)) return undefined;
  const rules = rulesOfRole(source, object.roleRef, namespace);
  if (rules === undefined) return errors.notFound({ group: GROUP, resource }, roleName);
  const excess = excessText(source, attributes, rules);
  return excess === undefined ? undefined : errors.forbidden(type, name, excess);
}

/** Whether the user has a verb that makes the check needless. */
async function may(
  source: RbacSource,
  { user, namespace }: AdmissionAttributes,
  verb: string,
  resource: string,
  name: string,
): Promise<boolean> {
  const target = { group: GROUP, version: 'v1', resource, subresource: '', namespace, name };
  return (await rbacAuthorizer(source).authorize({ user, verb, path: '', resource: target })).allowed;
}

/** What the user would give without having it; undefined: nothing. */
function excessText(
  source: RbacSource,
  { user, namespace }: AdmissionAttributes,
  rules: readonly PolicyRule[],
): string | undefined {
  const missing = missingRules([...rulesFor(source, user, namespace)], rules);
  if (missing.length === 0) return undefined;
  const who = `user "${user.name}" (groups=${quoteList(user.groups)})`;
  const list = describeRules(missing).join('\n');
  return `${who} is attempting to grant RBAC permissions not currently held:\n${list}`;
}
