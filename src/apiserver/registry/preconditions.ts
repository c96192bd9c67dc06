import { errors, type UnstructuredObject } from '../../api/index.ts';
import type { GroupResource } from './types.ts';

export interface Preconditions {
  uid?: string;
  resourceVersion?: string;
}

/** 409 when the object isn't the one, or not in the state, that the caller means. */
export function checkPreconditions(
  type: GroupResource,
  { metadata }: UnstructuredObject,
  { uid, resourceVersion }: Preconditions,
): void {
  const name = metadata.name ?? '';
  if (uid && uid !== metadata.uid) {
    const text = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid ?? ''}`;
    throw errors.conflict(type, name, text);
  }
  if (resourceVersion && resourceVersion !== metadata.resourceVersion) {
    const text = `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${metadata.resourceVersion ?? ''}`;
    throw errors.conflict(type, name, text);
  }
}
