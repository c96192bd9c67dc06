import type { AdmissionAttributes } from './types.ts';

/** The spec of a pod that is being created, to be changed; undefined for any other request. */
export function newPodSpec<T extends object>({
  operation,
  type,
  subresource,
  object,
}: AdmissionAttributes): T | undefined {
  if (operation !== 'CREATE' || type.group !== '' || type.resource !== 'pods' || subresource !== undefined) {
    return undefined;
  }
  const pod = object as { spec?: T } | undefined;
  if (pod !== undefined && pod.spec === undefined) pod.spec = {} as T;
  return pod?.spec;
}

/** The spec of a pod that is being created or replaced, to be changed, and what it was; undefined for any other request. */
export function writtenPodSpec<T extends object>(
  attributes: AdmissionAttributes,
): { spec: T; before: T | undefined } | undefined {
  const { operation, type, subresource, object, old } = attributes;
  if (operation !== 'UPDATE') {
    const spec = newPodSpec<T>(attributes);
    return spec && { spec, before: undefined };
  }
  if (type.group !== '' || type.resource !== 'pods' || subresource !== undefined) return undefined;
  const { spec } = object as { spec?: T };
  return spec && { spec, before: (old as { spec?: T }).spec };
}
