import type { StateReader, User } from '../registry/types.ts';
import { nodeRules, parseRules } from './default-roles/index.ts';
import { nodeNeeds, type ReferredKind } from './node-references.ts';
import { ruleAllows } from './rbac.ts';
import type { Attributes, Authorizer, Decision } from './types.ts';

type Resource = NonNullable<Attributes['resource']>;

const NODES_GROUP = 'system:nodes';
const NODE_PREFIX = 'system:node:';
const LEASE_NAMESPACE = 'kube-node-lease';

/**
 * What kubelets may do: what the role system:node says, but of secrets, configuration, volumes, claims and service accounts
 * only what pods of their own node refer to, and of nodes, pods, leases and the like only what is their own
 * (https://kubernetes.io/docs/reference/access-authn-authz/node/).
 */
export function nodeAuthorizer(state: StateReader): Authorizer {
  const rules = parseRules(nodeRules);

  const allow: Decision = { allowed: true, reason: '' };
  const deny = (reason: string): Decision => ({ allowed: false, reason });

  const referred = async (node: string, kind: ReferredKind, { namespace, name }: Resource): Promise<Decision> => {
    if (name === '') return deny('No Object name found');
    if (nodeNeeds(state, node, kind, namespace, name)) return allow;
    // The pod may have been bound a moment ago, through another peer.
    await state.fresh();
    if (nodeNeeds(state, node, kind, namespace, name)) return allow;
    return deny(`no relationship found between node '${node}' and this object`);
  };
  const only = (verbs: readonly string[], text: string, then: Check): Check => {
    return async (node, verb, resource) => (verbs.includes(verb) ? then(node, verb, resource) : deny(text));
  };
  const read = only(['get', 'list', 'watch'], 'can only read resources of this type', async (node, _verb, resource) =>
    resource.subresource === ''
      ? referred(node, resource.resource as ReferredKind, resource)
      : deny('cannot read subresource'),
  );
  const get = only(['get'], 'can only get individual resources of this type', async (node, _verb, resource) =>
    referred(node, resource.resource as ReferredKind, resource),
  );
  const updateStatus = only(
    ['get', 'update', 'patch'],
    'can only get/update/patch this type',
    async (node, _, resource) => referred(node, resource.resource as ReferredKind, resource),
  );
  const createToken = only(
    ['create'],
    'can only create tokens for individual service accounts',
    async (node, _, resource) => referred(node, 'serviceaccounts', resource),
  );
  const own =
    (verbs: readonly string[], what: string): Check =>
    async (node, verb, { name, subresource }) => {
      if (!verbs.includes(verb)) return deny(`can only ${verbs.join(', ')} a ${what}`);
      if (subresource !== '') return deny('cannot authorize subresource');
      // A creation has no name yet: admission looks at it.
      if (verb !== 'create' && name !== node) {
        return deny(`can only access ${what} with the same name as the requesting node`);
      }
      return allow;
    };
  const ownVerbs = ['get', 'create', 'update', 'patch', 'delete'];
  const lease: Check = async (node, verb, resource) =>
    resource.namespace === LEASE_NAMESPACE
      ? own(ownVerbs, 'node lease')(node, verb, resource)
      : deny(`can only access leases in the "${LEASE_NAMESPACE}" system namespace`);
  const selected =
    (field: string, text: (node: string, name: string) => string): Check =>
    async (node, verb, { name, fieldSelector = '' }) => {
      if (verb === 'get' || name !== '') return name === node ? allow : deny(text(node, name));
      return selects(fieldSelector, field, node) ? allow : deny(text(node, name));
    };
  const ownNode: Check = async (node, verb, resource) => {
    if (!['get', 'list', 'watch'].includes(verb) || resource.subresource !== '')
      return staticRules(node, verb, resource);
    return selected('metadata.name', (_, name) => `node '${node}' cannot read '${name}', only its own Node object`)(
      node,
      verb,
      resource,
    );
  };
  const ownPods: Check = async (node, verb, resource) => {
    const { name, namespace, fieldSelector = '', subresource } = resource;
    if (subresource !== '' || !['get', 'list', 'watch'].includes(verb)) return staticRules(node, verb, resource);
    if (verb !== 'get' && name === '') {
      if (selects(fieldSelector, 'spec.nodeName', node)) return allow;
      return deny('can only list/watch pods with spec.nodeName field selector');
    }
    const isOwn = (): boolean => {
      const pod = state.lookup({ group: '', resource: 'pods' }, namespace, name)?.object;
      return (pod as { spec?: { nodeName?: string } } | undefined)?.spec?.nodeName === node;
    };
    if (isOwn()) return allow;
    await state.fresh();
    return isOwn() ? allow : deny(`no relationship found between node '${node}' and this object`);
  };
  const staticRules: Check = async (_node, verb, resource) => {
    const attributes = { verb, resource, path: '', user: nobody };
    return rules.some((rule) => ruleAllows(rule, attributes)) ? allow : deny('');
  };

  const checks: Readonly<Record<string, Check>> = {
    '/secrets': read,
    '/configmaps': read,
    '/persistentvolumeclaims': get,
    '/persistentvolumeclaims/status': updateStatus,
    '/persistentvolumes': get,
    '/serviceaccounts': get,
    '/serviceaccounts/token': createToken,
    'resource.k8s.io/resourceclaims': get,
    'coordination.k8s.io/leases': lease,
    'storage.k8s.io/csinodes': own(ownVerbs, 'CSINode'),
    '/nodes': ownNode,
    '/pods': ownPods,
  };

  return {
    async authorize({ user, verb, resource }) {
      const node = nodeOf(user);
      if (node === undefined) return deny('');
      if (node === '') return deny(`unknown node for user "${user.name}"`);
      if (resource === undefined) return deny('');
      const { group, resource: name, subresource } = resource;
      const title = `${group}/${name}${subresource === '' ? '' : `/${subresource}`}`;
      return (checks[title] ?? staticRules)(node, verb, resource);
    },
  };
}

type Check = (node: string, verb: string, resource: Resource) => Promise<Decision>;

const nobody: User = { name: '', groups: [] };

/** The node that a user is; '' for one that says it is some node but not which. */
export function nodeOf({ name, groups }: User): string | undefined {
  if (!groups.includes(NODES_GROUP)) return undefined;
  return name.startsWith(NODE_PREFIX) ? name.slice(NODE_PREFIX.length) : '';
}

function selects(fieldSelector: string, field: string, value: string): boolean {
  return fieldSelector.split(',').some((term) => term === `${field}=${value}` || term === `${field}==${value}`);
}
