import type { KubernetesObject } from '../api/index.ts';
import { keyFor, keyOf } from './key.ts';
import type { Key } from './types.ts';

export type IndexFunction<T> = (object: T) => readonly string[];

/** Objects of one kind by key, by namespace and by indexes: every look-up costs what it returns. */
export class ObjectCache<T extends KubernetesObject> {
  readonly #objects = new Map<Key, T>();
  readonly #namespaces = new Map<string, Map<Key, T>>();
  readonly #indexes = new Map<string, { of: IndexFunction<T>; buckets: Map<string, Map<Key, T>> }>();
  /** All objects as a list, until the next change. */
  #listed: readonly T[] | undefined;

  get(namespace: string | undefined, name: string): T | undefined {
    return this.#objects.get(keyFor(namespace, name));
  }

  byKey(key: Key): T | undefined {
    return this.#objects.get(key);
  }

  keys(): Iterable<Key> {
    return this.#objects.keys();
  }

  list(namespace?: string): readonly T[] {
    if (namespace !== undefined) return [...(this.#namespaces.get(namespace)?.values() ?? [])];
    this.#listed ??= [...this.#objects.values()];
    return this.#listed;
  }

  byIndex(index: string, value: string): readonly T[] {
    const found = this.#indexes.get(index);
    if (found === undefined) throw new TypeError(`no index named ${index}`);
    return [...(found.buckets.get(value)?.values() ?? [])];
  }

  /** Adds an index; a name taken before stays with its first function. */
  addIndex(name: string, of: IndexFunction<T>): void {
    if (this.#indexes.has(name)) return;
    const buckets = new Map<string, Map<Key, T>>();
    this.#indexes.set(name, { of, buckets });
    for (const [key, object] of this.#objects) insert(buckets, of(object), key, object);
  }

  /** Returns what was there before. */
  set(object: T): T | undefined {
    const key = keyOf(object);
    const old = this.#objects.get(key);
    this.#objects.set(key, object);
    this.#listed = undefined;
    const { namespace } = object.metadata;
    if (namespace) insert(this.#namespaces, [namespace], key, object);
    for (const { of, buckets } of this.#indexes.values()) {
      const values = of(object);
      if (old !== undefined) remove(buckets, of(old), key, values);
      insert(buckets, values, key, object);
    }
    return old;
  }

  /** Returns what was there before. */
  delete(key: Key): T | undefined {
    const old = this.#objects.get(key);
    if (old === undefined) return undefined;
    this.#objects.delete(key);
    this.#listed = undefined;
    if (old.metadata.namespace) remove(this.#namespaces, [old.metadata.namespace], key, []);
    for (const { of, buckets } of this.#indexes.values()) remove(buckets, of(old), key, []);
    return old;
  }
}

function insert<T>(buckets: Map<string, Map<Key, T>>, values: readonly string[], key: Key, object: T): void {
  for (const value of values) {
    const bucket = buckets.get(value);
    if (bucket === undefined) buckets.set(value, new Map([[key, object]]));
    else bucket.set(key, object);
  }
}

function remove<T>(
  buckets: Map<string, Map<Key, T>>,
  values: readonly string[],
  key: Key,
  except: readonly string[],
): void {
  for (const value of values) {
    if (except.includes(value)) continue;
    const bucket = buckets.get(value);
    if (bucket?.delete(key) && bucket.size === 0) buckets.delete(value);
  }
}
