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
