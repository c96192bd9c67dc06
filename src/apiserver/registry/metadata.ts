import { errors, formatTime, generateName, type ResourceType, type UnstructuredObject } from '../../api/index.ts';
import type { Clock, Random } from '../../base/index.ts';

/** Names that a create with `generateName` tries before it gives up, as many as Kubernetes. */
export const GENERATE_NAME_ATTEMPTS = 8;

/** Puts the object into the request's namespace; 400 if it says it is in another. */
export function settleNamespace(object: UnstructuredObject, type: ResourceType, namespace: string | undefined): void {
  const { metadata } = object;
  if (!type.namespaced) delete metadata.namespace;
  else if (!metadata.namespace) metadata.namespace = namespace;
  else if (metadata.namespace !== namespace) {
    throw errors.badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
}

/** 400 when a body isn't of the object that the path names. */
export function checkIdentity({ metadata }: UnstructuredObject, namespace: string | undefined, name: string): void {
  const given = metadata.name ?? '';
  if (given !== name) {
    throw errors.badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`);
  }
  if (namespace !== undefined && metadata.namespace && metadata.namespace !== namespace) {
    throw errors.badRequest(
      `the namespace of the object (${metadata.namespace}) does not match the namespace on the request (${namespace})`,
    );
  }
}

/** What the system alone decides of a new object's metadata. */
export function fillMetadata(object: UnstructuredObject, { clock, random }: { clock: Clock; random: Random }): void {
  const { metadata } = object;
  if (!metadata.name && metadata.generateName) metadata.name = generateName(metadata.generateName, random);
  metadata.uid = randomUuid(random);
  metadata.creationTimestamp = formatTime(clock.now());
  delete metadata.resourceVersion;
  delete metadata.selfLink;
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
}

/** What an update can't change of the old object's metadata. */
export function keepMetadata({ metadata }: UnstructuredObject, { metadata: old }: UnstructuredObject): void {
  metadata.namespace = old.namespace;
  if (old.namespace === undefined) delete metadata.namespace;
  metadata.uid = old.uid;
  metadata.creationTimestamp = old.creationTimestamp;
  delete metadata.selfLink;
  delete metadata.resourceVersion;
  const fixed = ['generation', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const;
  for (const field of fixed) {
    delete metadata[field];
    if (old[field] !== undefined) Object.assign(metadata, { [field]: old[field] });
  }
}

/** A version 4 UUID. */
export function randomUuid(random: Random): string {
  const bytes = Buffer.from(random.bytes(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
