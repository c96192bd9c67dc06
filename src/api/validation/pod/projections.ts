import { type FieldPath, forbiddenField, invalidValue, required } from '../../field-errors.ts';
import type { v1 } from '../../types/index.ts';
import { checkGiven, type Errors } from '../checks.ts';
import { checkFieldRef, checkResourceRef, fileFields } from './downward-api.ts';
import { checkMode, checkUnreservedPath } from './paths.ts';

const minTokenSeconds = 600;
const maxTokenSeconds = 2 ** 32;

/** Which keys become files, and where. */
export function checkItems(errors: Errors, path: FieldPath, items: readonly v1.KeyToPath[] | undefined): void {
  for (const [index, { key, path: file, mode }] of (items ?? []).entries()) {
    const item = path.index(index);
    checkGiven(errors, item.child('key'), key);
    if (checkGiven(errors, item.child('path'), file)) checkUnreservedPath(errors, item.child('path'), file);
    checkMode(errors, item.child('mode'), mode);
  }
}

/** A file of what is known about the pod. Kubernetes names the list here, not the file. */
export function checkPodFile(errors: Errors, path: FieldPath, file: v1.DownwardAPIVolumeFile): void {
  const { fieldRef, resourceFieldRef } = file;
  if (checkGiven(errors, path.child('path'), file.path)) checkUnreservedPath(errors, path.child('path'), file.path);
  if (fieldRef !== undefined) {
    checkFieldRef(errors, path.child('fieldRef'), fieldRef, fileFields);
    if (resourceFieldRef !== undefined) {
      errors.push(invalidValue(path, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'));
    }
  } else if (resourceFieldRef !== undefined) {
    checkResourceRef(errors, path.child('resourceFieldRef'), resourceFieldRef, true);
  } else errors.push(required(path, 'one of fieldRef and resourceFieldRef is required'));
  checkMode(errors, path.child('mode'), file.mode);
}

/** Several sources in one volume, whose files don't get into each other's way. */
export function checkProjected(errors: Errors, path: FieldPath, volume: v1.ProjectedVolumeSource): void {
  checkMode(errors, path.child('defaultMode'), volume.defaultMode);
  const files = new Set<string>();
  const claim = (file: string, owner: string): void => {
    if (!file) return;
    if (files.has(file)) errors.push(invalidValue(path, owner, 'conflicting duplicate paths'));
    files.add(file);
  };
  for (const [index, source] of (volume.sources ?? []).entries()) {
    const sourcePath = path.child('sources').index(index);
    for (const name of ['secret', 'configMap'] as const) {
      const keys = source[name];
      if (keys === undefined) continue;
      checkGiven(errors, sourcePath.child(name, 'name'), keys.name);
      checkItems(errors, sourcePath.child(name, 'items'), keys.items);
      for (const item of keys.items ?? []) claim(item.path, keys.name ?? '');
    }
    for (const file of source.downwardAPI?.items ?? []) {
      checkPodFile(errors, sourcePath.child('downwardAPI'), file);
      claim(file.path, file.path);
    }
    const { serviceAccountToken: token } = source;
    if (token !== undefined) checkToken(errors, path, sourcePath.child('serviceAccountToken'), token);
    if (Object.keys(source).length > 1) {
      errors.push(forbiddenField(sourcePath, 'may not specify more than 1 volume type per source'));
    }
  }
}

/** `volume`: the path that Kubernetes names for the token's file. */
function checkToken(
  errors: Errors,
  volume: FieldPath,
  path: FieldPath,
  { expirationSeconds: seconds, path: file }: v1.ServiceAccountTokenProjection,
): void {
  if (seconds !== undefined && seconds < minTokenSeconds) {
    const detail = 'may not specify a duration less than 10 minutes';
    errors.push(invalidValue(path.child('expirationSeconds'), seconds, detail));
  }
  if (seconds !== undefined && seconds > maxTokenSeconds) {
    const detail = 'may not specify a duration larger than 2^32 seconds';
    errors.push(invalidValue(path.child('expirationSeconds'), seconds, detail));
  }
  if (checkGiven(errors, volume.child('path'), file)) checkUnreservedPath(errors, volume.child('path'), file);
}
