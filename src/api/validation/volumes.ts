import { duplicate, type FieldPath, forbiddenField, invalidValue, required } from '../field-errors.ts';
import { checkDns1123Label } from '../names.ts';
import { compareQuantities, tryParseQuantity, zeroQuantity } from '../quantity.ts';
import type { v1 } from '../types/index.ts';
import { addEach, type Errors, eachRepeated } from './checks.ts';
import { checkNoBacksteps, checkRelativePath } from './containers.ts';
import { checkClaim } from './storage.ts';

export function checkVolumes(errors: Errors, path: FieldPath, volumes: readonly v1.Volume[]): void {
  for (const [index, volume] of volumes.entries()) checkVolume(errors, path.index(index), volume);
  eachRepeated(
    volumes,
    ({ name }) => name,
    ({ name }, index) => errors.push(duplicate(path.index(index).child('name'), name)),
  );
}

function checkVolume(errors: Errors, path: FieldPath, volume: v1.Volume): void {
  const { name, emptyDir, hostPath, configMap, secret, projected, downwardAPI, ephemeral } = volume;
  if (name) addEach(errors, path.child('name'), name, checkDns1123Label(name));
  const sources = Object.keys(volume).filter((field) => field !== 'name');
  if (sources.length === 0) errors.push(required(path, 'must specify a volume type'));
  for (const source of sources.slice(1)) {
    errors.push(forbiddenField(path.child(source), 'may not specify more than 1 volume type'));
  }
  if (emptyDir?.sizeLimit !== undefined) {
    const limit = tryParseQuantity(emptyDir.sizeLimit);
    if ('error' in limit || compareQuantities(limit, zeroQuantity) < 0) {
      const detail = 'SizeLimit field must be a valid resource quantity';
      errors.push(forbiddenField(path.child('emptyDir', 'sizeLimit'), detail));
    }
  }
  if (ephemeral !== undefined) {
    const template = path.child('ephemeral', 'volumeClaimTemplate');
    if (ephemeral.volumeClaimTemplate === undefined) errors.push(required(template));
    else checkClaim(errors, template.child('spec'), ephemeral.volumeClaimTemplate.spec ?? {});
  }
  if (hostPath?.path) checkNoBacksteps(errors, path.child('hostPath', 'path'), hostPath.path);
  if (configMap && !configMap.name) errors.push(required(path.child('configMap', 'name')));
  if (secret && !secret.secretName) errors.push(required(path.child('secret', 'secretName')));
  for (const [field, source] of Object.entries({ configMap, secret, projected, downwardAPI })) {
    if (source !== undefined) checkMode(errors, path.child(field, 'defaultMode'), source.defaultMode);
  }
  checkItems(errors, path.child('configMap', 'items'), configMap?.items);
  checkItems(errors, path.child('secret', 'items'), secret?.items);
  checkItems(errors, path.child('downwardAPI', 'items'), downwardAPI?.items);
  projected?.sources?.forEach((source, index) => {
    const sourcePath = path.child('projected', 'sources').index(index);
    checkItems(errors, sourcePath.child('configMap', 'items'), source.configMap?.items);
    checkItems(errors, sourcePath.child('secret', 'items'), source.secret?.items);
    checkItems(errors, sourcePath.child('downwardAPI', 'items'), source.downwardAPI?.items);
    checkTokenProjection(errors, sourcePath.child('serviceAccountToken'), source.serviceAccountToken);
  });
}

function checkTokenProjection(
  errors: Errors,
  path: FieldPath,
  projection: v1.ServiceAccountTokenProjection | undefined,
): void {
  if (projection === undefined) return;
  const { expirationSeconds: seconds, path: file } = projection;
  if (file) checkRelativePath(errors, path.child('path'), file);
  else errors.push(required(path.child('path')));
  if (seconds === undefined) return;
  const detail =
    seconds < 600
      ? 'may not specify a duration less than 10 minutes'
      : seconds > 2 ** 32
        ? 'may not specify a duration larger than 2^32 seconds'
        : undefined;
  if (detail !== undefined) errors.push(invalidValue(path.child('expirationSeconds'), seconds, detail));
}

function checkItems(
  errors: Errors,
  path: FieldPath,
  items: readonly { path: string; mode?: number }[] | undefined,
): void {
  items?.forEach((item, index) => {
    if (item.path) checkRelativePath(errors, path.index(index).child('path'), item.path);
    checkMode(errors, path.index(index).child('mode'), item.mode);
  });
}

function checkMode(errors: Errors, path: FieldPath, mode: number | undefined): void {
  if (mode === undefined || (mode >= 0 && mode <= 0o777)) return;
  errors.push(invalidValue(path, mode, 'must be a number between 0 and 0777 (octal), both inclusive'));
}
