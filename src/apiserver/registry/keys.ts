import type { GroupResource } from './types.ts';

/** Everything the API keeps lies under this prefix; keys are Kubernetes' own, with the group in them. */
export const REGISTRY_PREFIX = '/registry/';

/** Groups without a dot in their name: all others can't be mistaken for a resource of the core group. */
const undottedGroups = new Set(['apps', 'autoscaling', 'batch', 'policy']);

/** `/registry/pods/`, `/registry/apps/deployments/`: what all keys of a resource begin with. */
export function collectionPrefix({ group, resource }: GroupResource): string {
  return group === '' ? `${REGISTRY_PREFIX}${resource}/` : `${REGISTRY_PREFIX}${group}/${resource}/`;
}

/** The resource that a key under REGISTRY_PREFIX belongs to; undefined for a key that the registry didn't make. */
export function collectionPrefixOf(key: string): string | undefined {
  const first = key.indexOf('/', REGISTRY_PREFIX.length);
  if (first < 0) return undefined;
  const segment = key.slice(REGISTRY_PREFIX.length, first);
  if (!undottedGroups.has(segment) && !segment.includes('.')) return key.slice(0, first + 1);
  const second = key.indexOf('/', first + 1);
  return second < 0 ? undefined : key.slice(0, second + 1);
}

/** `namespace` is undefined for cluster-scoped objects. */
export function objectKey(prefix: string, namespace: string | undefined, name: string): string {
  return namespace === undefined ? prefix + bytesOf(name) : namespacePrefix(prefix, namespace) + bytesOf(name);
}

/** What the keys of a namespace's objects begin with. */
export function namespacePrefix(prefix: string, namespace: string): string {
  return `${prefix}${bytesOf(namespace)}/`;
}

/** The store's keys are bytes, a character each; names of roles, for instance, may be of any script and are there as UTF-8. */
function bytesOf(name: string): string {
  return /^[\0-\x7f]*$/.test(name) ? name : Buffer.from(name).toString('latin1');
}
