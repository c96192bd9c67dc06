import {
  apiVersionOf,
  errors,
  type KubernetesObject,
  type LabelSelector,
  type OwnerReference,
  type ResourceReference,
  reasonOf,
} from '../api/index.ts';
import { type Client, type Informer, type Key, keyFor } from '../client/index.ts';
import { uidOf } from './context.ts';

/** The owner that manages the object, of which there is at most one. */
export function controllerOf(object: KubernetesObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find(({ controller }) => controller);
}

export function controllerReference(type: ResourceReference, owner: KubernetesObject): OwnerReference {
  return {
    apiVersion: apiVersionOf(type),
    kind: type.kind,
    name: owner.metadata.name!,
    uid: uidOf(owner),
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** Finds objects by who controls them, and those that nobody does by namespace. */
export const byController = {
  controller: (object: KubernetesObject): readonly string[] => [
    controllerOf(object)?.uid ?? orphansOf(object.metadata.namespace!),
  ],
};

/** The value of the `controller` index for what nobody controls. */
export function orphansOf(namespace: string): string {
  return `orphans/${namespace}`;
}

/** The keys of the owners, of a kind, that a dependent's change concerns: its controller, or all that would adopt it. */
export function ownerKeys<O extends KubernetesObject>(
  type: ResourceReference,
  owners: Informer<O>,
  selectorOf: (owner: O) => LabelSelector,
): (dependent: KubernetesObject) => Key[] {
  return (dependent) => {
    const { namespace, labels, deletionTimestamp } = dependent.metadata;
    const reference = controllerOf(dependent);
    if (reference !== undefined) {
      const known = reference.kind === type.kind && owners.get(namespace, reference.name);
      return known && uidOf(known) === reference.uid ? [keyFor(namespace, reference.name)] : [];
    }
    if (deletionTimestamp !== undefined) return [];
    return owners
      .list(namespace)
      .filter((owner) => selectorOf(owner).matches(labels))
      .map(({ metadata }) => keyFor(namespace, metadata.name!));
  };
}

/** Whether a change of a dependent may change who owns it. */
export function ownershipChanged(old: KubernetesObject, object: KubernetesObject): boolean {
  return (
    controllerOf(old)?.uid !== controllerOf(object)?.uid ||
    JSON.stringify(old.metadata.labels) !== JSON.stringify(object.metadata.labels)
  );
}

export interface ClaimOptions<D extends KubernetesObject> {
  client: Client;
  ownerType: ResourceReference;
  owner: KubernetesObject;
  selector: LabelSelector;
  dependentType: ResourceReference;
  dependents: Informer<D>;
  signal: AbortSignal;
}

/**
 * The dependents that belong to an owner: those it controls and that match its selector. Orphans
 * that match are adopted, what no longer matches is released; uids make sure that neither hits
 * another object of the same name.
 */
export async function claim<D extends KubernetesObject>(options: ClaimOptions<D>): Promise<D[]> {
  const { owner, selector, dependents } = options;
  const claimed: D[] = [];
  for (const dependent of dependents.byIndex('controller', uidOf(owner))) {
    if (selector.matches(dependent.metadata.labels)) claimed.push(dependent);
    else if (owner.metadata.deletionTimestamp === undefined) await release(options, dependent);
  }
  if (owner.metadata.deletionTimestamp !== undefined) return claimed;
  const orphans = dependents
    .byIndex('controller', orphansOf(owner.metadata.namespace!))
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined && selector.matches(metadata.labels));
  if (orphans.length === 0) return claimed;
  await checkOwner(options);
  for (const orphan of orphans) {
    const adopted = await adopt(options, orphan);
    if (adopted !== undefined) claimed.push(adopted);
  }
  return claimed;
}

/** The cache may not know yet that the owner is going, or is another one: it must not adopt then. */
async function checkOwner({ client, ownerType, owner, signal }: ClaimOptions<KubernetesObject>): Promise<void> {
  const { namespace, name } = owner.metadata;
  const fresh = await client.get(ownerType, namespace, name!, { signal });
  if (uidOf(fresh) === uidOf(owner) && fresh.metadata.deletionTimestamp === undefined) return;
  throw errors.conflict(ownerType, name!, 'it was deleted meanwhile and must not adopt anything');
}

async function adopt<D extends KubernetesObject>(options: ClaimOptions<D>, orphan: D): Promise<D | undefined> {
  const references = orphan.metadata.ownerReferences ?? [];
  return setOwners(options, orphan, [...references, controllerReference(options.ownerType, options.owner)]);
}

async function release<D extends KubernetesObject>(options: ClaimOptions<D>, dependent: D): Promise<void> {
  const references = dependent.metadata.ownerReferences ?? [];
  await setOwners(
    options,
    dependent,
    references.filter(({ uid }) => uid !== uidOf(options.owner)),
  );
}

/** Undefined when the object is gone. */
async function setOwners<D extends KubernetesObject>(
  { client, dependentType, signal }: ClaimOptions<D>,
  { metadata: { namespace, name, uid, resourceVersion } }: D,
  ownerReferences: readonly OwnerReference[],
): Promise<D | undefined> {
  const body = { metadata: { uid, resourceVersion, ownerReferences } };
  try {
    return await client.patch<D>(dependentType, namespace, name!, { type: 'merge', body }, { signal });
  } catch (error) {
    if (reasonOf(error) === 'NotFound') return undefined;
    throw error;
  }
}
