import type { KubernetesObject } from '../api/index.ts';
import type { Key } from './types.ts';

/** `namespace/name`, or `name` for cluster-scoped objects. */
export function keyOf(object: KubernetesObject): Key {
  return keyFor(object.metadata.namespace, object.metadata.name!);
}

export function keyFor(namespace: string | undefined, name: string): Key {
  return namespace ? `${namespace}/${name}` : name;
}

/** The parts of a key; `namespace` is undefined for cluster-scoped objects. */
export function splitKey(key: Key): { namespace: string | undefined; name: string } {
  const slash = key.indexOf('/');
  return slash < 0
    ? { namespace: undefined, name: key }
    : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/**
 * Negative when `a` is older than `b`. Kubernetes 1.35 guarantees that resourceVersions of one kind are whole numbers
 * that grow with each write.
 */
export function compareResourceVersions(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}
