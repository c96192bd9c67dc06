import {
  type KubernetesObject,
  type OwnerReference,
  type ResourceReference,
  reasonOf,
  type Scheme,
} from '../../api/index.ts';
import { type Controller, createController, type Reconciler } from '../../client/index.ts';
import { type ControllerContext, uidOf } from '../context.ts';
import { followScheme } from '../scheme.ts';
import { servedKindsSource } from '../served-kinds.ts';
import { blocks, type GraphNode, type GraphObject, mayOwn, OwnershipGraph } from './graph.ts';

/**
 * Deletes what its owners left behind; makes owners that go in the foreground wait for their
 * dependents, and dependents of owners that orphan them independent. Keys are uids.
 */
export function garbageCollector(context: ControllerContext): Controller {
  const graph = new OwnershipGraph();
  const followed = followScheme(context);
  const objects = servedKindsSource(context.informers, followed, (type, enqueue) =>
    context.informers.informer(type).onChange((change) => {
      const affected = change.type === 'deleted' ? graph.delete(uidOf(change.object)) : graph.set(type, change.object);
      for (const uid of affected) enqueue(uid);
    }),
  );
  const controller = createController({
    name: 'garbage-collector',
    reconciler: new GarbageReconciler(context, graph, followed.scheme, (uid) => controller.enqueue(uid)),
    clock: context.clock,
    logger: context.logger,
    metrics: context.metrics,
    concurrency: 20,
    sources: [objects],
  });
  return controller;
}

class GarbageReconciler implements Reconciler {
  readonly #context: ControllerContext;
  readonly #graph: OwnershipGraph;
  readonly #scheme: Scheme;
  readonly #enqueue: (uid: string) => void;

  constructor(context: ControllerContext, graph: OwnershipGraph, scheme: Scheme, enqueue: (uid: string) => void) {
    this.#context = context;
    this.#graph = graph;
    this.#scheme = scheme;
    this.#enqueue = enqueue;
  }

  async reconcile(uid: string, signal: AbortSignal): Promise<undefined> {
    const node = this.#graph.get(uid);
    if (node === undefined) return undefined;
    const { object } = node;
    if (object === undefined) return this.#verifyAbsent(node, signal);
    if (object.orphan) return this.#orphanDependents(node, object, signal);
    if (object.foreground) return this.#waitForDependents(node, object, signal);
    // What goes already needs no push.
    if (!object.deleting) await this.#collect(node, object, signal);
    return undefined;
  }

  /** Looks for an owner that no watch has shown: the reference may be older than what is known here, or dangle. */
  async #verifyAbsent(node: GraphNode, signal: AbortSignal): Promise<undefined> {
    const [dependent] = node.dependents;
    const owner = dependent?.object?.owners.find(({ uid }) => uid === node.uid);
    if (owner === undefined) return undefined;
    const exists = await this.#exists(owner, dependent!.object!.namespace, signal);
    // If it does, its watch will show it in a moment.
    if (exists === false) for (const { uid } of node.dependents) this.#enqueue(uid);
    return undefined;
  }

  /** Undefined: the kind is not served here, so nobody can tell. */
  async #exists(
    { apiVersion, kind, name, uid }: OwnerReference,
    namespace: string | undefined,
    signal: AbortSignal,
  ): Promise<boolean | undefined> {
    const type = this.#scheme.findKind(apiVersion, kind);
    if (type === undefined) return undefined;
    // An owner with a namespace must be in its dependent's.
    if (type.namespaced && namespace === undefined) return false;
    const found = await this.#get(type, namespace, name, signal);
    return found !== undefined && uidOf(found) === uid;
  }

  /** Deletes the object unless one of its owners is there to stay. */
  async #collect(node: GraphNode, object: GraphObject, signal: AbortSignal): Promise<void> {
    if (object.owners.length === 0) return;
    const { type, namespace, name } = object;
    const latest = await this.#get(type, namespace, name, signal);
    if (latest === undefined || uidOf(latest) !== node.uid) return;
    const owners = latest.metadata.ownerReferences ?? [];
    if (owners.length === 0) return;
    const gone: OwnerReference[] = [];
    const leaving: OwnerReference[] = [];
    let staying = 0;
    for (const owner of owners) {
      const known = this.#graph.get(owner.uid)?.object;
      if (known === undefined || !mayOwn(known, object)) {
        if ((await this.#exists(owner, namespace, signal)) === false) gone.push(owner);
        else staying++;
      } else if (known.foreground) leaving.push(owner);
      else staying++;
    }
    if (gone.length + leaving.length === 0) return;
    const { resourceVersion, finalizers = [] } = latest.metadata;
    if (staying > 0) {
      const lost = new Set([...gone, ...leaving].map(({ uid }) => uid));
      const ownerReferences = owners.filter(({ uid }) => !lost.has(uid));
      await this.#patch(object, { resourceVersion, ownerReferences }, signal);
      return;
    }
    const foreground = (leaving.length > 0 && node.dependents.size > 0) || finalizers.includes('foregroundDeletion');
    if (leaving.length > 0) await this.#breakCycle(node, object, latest, signal);
    const propagationPolicy = finalizers.includes('orphan') ? 'Orphan' : foreground ? 'Foreground' : 'Background';
    // The version is left out after a cycle was broken: it has changed by that.
    const preconditions = { uid: node.uid, ...(leaving.length > 0 ? {} : { resourceVersion: resourceVersion! }) };
    try {
      await this.#context.client.delete(type, namespace, name, { propagationPolicy, preconditions, signal });
    } catch (error) {
      if (reasonOf(error) !== 'NotFound') throw error;
    }
  }

  /** One that waits for a dependent that waits for it would wait forever. */
  async #breakCycle(
    node: GraphNode,
    object: GraphObject,
    latest: KubernetesObject,
    signal: AbortSignal,
  ): Promise<void> {
    if (![...node.dependents].some((dependent) => dependent.object?.foreground)) return;
    const { resourceVersion, ownerReferences = [] } = latest.metadata;
    const unblocking = ownerReferences.map((owner) => ({ ...owner, blockOwnerDeletion: false }));
    await this.#patch(object, { resourceVersion, ownerReferences: unblocking }, signal);
  }

  async #waitForDependents(node: GraphNode, object: GraphObject, signal: AbortSignal): Promise<undefined> {
    const blocking = [...node.dependents].filter((dependent) => blocks(dependent, node.uid));
    if (blocking.length === 0) return this.#removeFinalizer(object, 'foregroundDeletion', signal);
    for (const dependent of blocking) {
      if (!dependent.object?.deleting) this.#enqueue(dependent.uid);
    }
    return undefined;
  }

  async #orphanDependents(node: GraphNode, object: GraphObject, signal: AbortSignal): Promise<undefined> {
    for (const dependent of node.dependents) {
      const target = dependent.object!;
      const latest = await this.#get(target.type, target.namespace, target.name, signal);
      if (latest === undefined || uidOf(latest) !== dependent.uid) continue;
      const { resourceVersion, ownerReferences = [] } = latest.metadata;
      const others = ownerReferences.filter(({ uid }) => uid !== node.uid);
      if (others.length === ownerReferences.length) continue;
      await this.#patch(target, { resourceVersion, ownerReferences: others }, signal);
    }
    return this.#removeFinalizer(object, 'orphan', signal);
  }

  async #removeFinalizer(object: GraphObject, finalizer: string, signal: AbortSignal): Promise<undefined> {
    const latest = await this.#get(object.type, object.namespace, object.name, signal);
    const { resourceVersion, finalizers = [] } = latest?.metadata ?? {};
    if (!finalizers.includes(finalizer)) return;
    await this.#patch(object, { resourceVersion, finalizers: finalizers.filter((name) => name !== finalizer) }, signal);
  }

  async #get(
    type: ResourceReference,
    namespace: string | undefined,
    name: string,
    signal: AbortSignal,
  ): Promise<KubernetesObject | undefined> {
    try {
      return await this.#context.client.get(type, type.namespaced ? namespace : undefined, name, { signal });
    } catch (error) {
      if (reasonOf(error) === 'NotFound') return undefined;
      throw error;
    }
  }

  async #patch({ type, namespace, name }: GraphObject, metadata: object, signal: AbortSignal): Promise<void> {
    try {
      await this.#context.client.patch(type, namespace, name, { type: 'merge', body: { metadata } }, { signal });
    } catch (error) {
      if (reasonOf(error) !== 'NotFound') throw error;
    }
  }
}
