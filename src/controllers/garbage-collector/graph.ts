import type { KubernetesObject, OwnerReference, ResourceReference } from '../../api/index.ts';
import { uidOf } from '../context.ts';

const FOREGROUND = 'foregroundDeletion';
const ORPHAN = 'orphan';

/** An object, as far as ownership goes. */
export interface GraphNode {
  readonly uid: string;
  /** Undefined: only known from those that name it as their owner. */
  object: GraphObject | undefined;
  readonly dependents: Set<GraphNode>;
}

export interface GraphObject {
  type: ResourceReference;
  namespace: string | undefined;
  name: string;
  owners: readonly OwnerReference[];
  deleting: boolean;
  /** Waits until its dependents are gone. */
  foreground: boolean;
  /** Waits until its dependents are let go. */
  orphan: boolean;
}

/**
 * Who owns whom, among all objects. Each change says which objects may have something to be done
 * about them because of it.
 */
export class OwnershipGraph {
  readonly #nodes = new Map<string, GraphNode>();

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid);
  }

  /** An object was seen, new or changed. Returns the uids of those to look at. */
  set(type: ResourceReference, object: KubernetesObject): Set<string> {
    const node = this.#node(uidOf(object));
    const before = node.object;
    const after = graphObject(type, object);
    const affected = new Set<string>();
    this.#link(node, before?.owners ?? [], after, affected);
    node.object = after;
    if (after.deleting && (after.foreground || after.orphan)) {
      affected.add(node.uid);
      if (after.foreground && !before?.foreground) for (const { uid } of node.dependents) affected.add(uid);
    }
    return affected;
  }

  /** An object is gone, or never was. Returns the uids of those to look at. */
  delete(uid: string): Set<string> {
    const affected = new Set<string>();
    const node = this.#nodes.get(uid);
    if (node === undefined) return affected;
    for (const { uid: owner } of node.object?.owners ?? []) {
      const known = this.#nodes.get(owner);
      known?.dependents.delete(node);
      // It may have been what its owner waited for.
      if (known?.object?.deleting) affected.add(owner);
      if (known !== undefined) this.#dropIfUnused(known);
    }
    for (const dependent of node.dependents) affected.add(dependent.uid);
    node.object = undefined;
    this.#dropIfUnused(node);
    return affected;
  }

  #link(node: GraphNode, before: readonly OwnerReference[], after: GraphObject, affected: Set<string>): void {
    const kept = new Set(after.owners.map(({ uid }) => uid));
    for (const { uid } of before) {
      if (kept.has(uid)) continue;
      const owner = this.#nodes.get(uid);
      if (owner === undefined) continue;
      owner.dependents.delete(node);
      if (owner.object?.deleting) affected.add(uid);
      this.#dropIfUnused(owner);
    }
    const known = new Set(before.map(({ uid }) => uid));
    for (const reference of after.owners) {
      const owner = this.#node(reference.uid);
      owner.dependents.add(node);
      if (owner.object === undefined || owner.object.deleting) affected.add(owner.uid);
      // A new owner that is on its way out, or that it can't have, decides what becomes of it.
      const decides = owner.object?.foreground || (owner.object && !mayOwn(owner.object, after));
      if (!known.has(reference.uid) && decides) affected.add(node.uid);
    }
  }

  #node(uid: string): GraphNode {
    let node = this.#nodes.get(uid);
    if (node === undefined) {
      node = { uid, object: undefined, dependents: new Set() };
      this.#nodes.set(uid, node);
    }
    return node;
  }

  #dropIfUnused(node: GraphNode): void {
    if (node.object === undefined && node.dependents.size === 0) this.#nodes.delete(node.uid);
  }
}

function graphObject(type: ResourceReference, { metadata }: KubernetesObject): GraphObject {
  const { namespace, name, ownerReferences = [], deletionTimestamp, finalizers = [] } = metadata;
  return {
    type,
    namespace,
    name: name!,
    owners: ownerReferences,
    deleting: deletionTimestamp !== undefined,
    foreground: deletionTimestamp !== undefined && finalizers.includes(FOREGROUND),
    orphan: deletionTimestamp !== undefined && finalizers.includes(ORPHAN),
  };
}

/** An owner with a namespace must be in its dependent's. */
export function mayOwn(owner: GraphObject, dependent: GraphObject): boolean {
  return owner.namespace === undefined || owner.namespace === dependent.namespace;
}

/** Whether the dependent keeps that owner from going. */
export function blocks({ object }: GraphNode, owner: string): boolean {
  return object?.owners.some(({ uid, blockOwnerDeletion }) => uid === owner && blockOwnerDeletion) ?? false;
}
