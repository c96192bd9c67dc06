import { duplicate, type FieldPath, invalidValue } from '../../field-errors.ts';
import { checkDns1123Label } from '../../names.ts';
import type { ObjectMeta } from '../../object.ts';
import type { v1 } from '../../types/index.ts';
import { addEach, checkGiven, type Errors } from '../checks.ts';
import type { Volumes } from './mounts.ts';
import { checkVolumeSource } from './volume-sources.ts';

/** Checks volumes and returns those that are right. `metadata`: the pod's, if it is one. */
export function checkVolumes(
  errors: Errors,
  path: FieldPath,
  volumes: readonly v1.Volume[],
  metadata: ObjectMeta | undefined,
): Volumes {
  const valid = new Map<string, v1.Volume>();
  for (const [index, volume] of volumes.entries()) {
    const item = path.index(index);
    const before = errors.length;
    checkVolumeSource(errors, item, volume, metadata?.name);
    const { name } = volume;
    if (checkGiven(errors, item.child('name'), name))
      addEach(errors, item.child('name'), name, checkDns1123Label(name));
    if (valid.has(name)) errors.push(duplicate(item.child('name'), name));
    if (errors.length === before) valid.set(name, volume);
    checkClaimed(errors, item, volume, volumes, metadata?.name);
  }
  return valid;
}

/** A claim that is made for one of the pod's volumes is no other volume's. */
function checkClaimed(
  errors: Errors,
  path: FieldPath,
  { persistentVolumeClaim: claim }: v1.Volume,
  volumes: readonly v1.Volume[],
  podName: string | undefined,
): void {
  if (claim === undefined || !podName) return;
  if (!volumes.some(({ ephemeral, name }) => ephemeral !== undefined && claim.claimName === `${podName}-${name}`)) {
    return;
  }
  const detail = 'must not reference a PVC that gets created for an ephemeral volume';
  errors.push(invalidValue(path.child('persistentVolumeClaim', 'claimName'), claim.claimName, detail));
}
