import type { KubernetesObject } from '../api/index.ts';
import { compareResourceVersions, type Informer, type Key } from '../client/index.ts';
import { uidOf } from './context.ts';

/** When to look again although no event told of what was written: it came and went unseen. In milliseconds. */
export const UNSEEN_MS = 5_000;

interface Pending {
  /** The newest version that was written. */
  created: string | undefined;
  /** What was deleted, to be looked up until the cache says so too. */
  deleted: KubernetesObject[];
}

/**
 * Remembers, per owner, what its controller wrote and its cache doesn't show yet. A controller that
 * counts dependents in the cache must wait for it, or it would create or delete some twice.
 */
export class PendingWrites<D extends KubernetesObject> {
  readonly #dependents: Informer<D>;
  readonly #pending = new Map<Key, Pending>();

  constructor(dependents: Informer<D>) {
    this.#dependents = dependents;
  }

  created(owner: Key, { metadata }: D): void {
    const pending = this.#of(owner);
    const version = metadata.resourceVersion!;
    if (pending.created === undefined || compareResourceVersions(version, pending.created) > 0) {
      pending.created = version;
    }
  }

  deleted(owner: Key, object: D): void {
    this.#of(owner).deleted.push(object);
  }

  forget(owner: Key): void {
    this.#pending.delete(owner);
  }

  /** Whether the cache shows all that was written. */
  settled(owner: Key): boolean {
    const pending = this.#pending.get(owner);
    if (pending === undefined) return true;
    if (pending.created !== undefined && !this.#dependents.hasSeen(pending.created)) return false;
    if (pending.deleted.some((object) => this.#lives(object))) return false;
    this.#pending.delete(owner);
    return true;
  }

  #lives(object: KubernetesObject): boolean {
    const cached = this.#dependents.get(object.metadata.namespace, object.metadata.name!);
    return cached !== undefined && uidOf(cached) === uidOf(object) && cached.metadata.deletionTimestamp === undefined;
  }

  #of(owner: Key): Pending {
    let pending = this.#pending.get(owner);
    if (pending === undefined) {
      pending = { created: undefined, deleted: [] };
      this.#pending.set(owner, pending);
    }
    return pending;
  }
}
