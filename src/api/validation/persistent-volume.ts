import { type FieldPath, fieldPath, forbiddenField, invalidValue, notSupported, required } from '../field-errors.ts';
import { checkDns1123Subdomain } from '../names.ts';
import { equalPlain, type PlainObject } from '../plain.ts';
import type { v1 } from '../types/index.ts';
import { addEach, checkImmutable, type Errors } from './checks.ts';
import { goDiff } from './go-diff.ts';
import { kindRules } from './rules.ts';
import { checkAccessModes, checkBasicAmount, checkClassName, checkPositive, checkVolumeMode } from './volume-checks.ts';

const spec = fieldPath('spec');

/** What a volume's spec has besides its source. */
const commonFields: ReadonlySet<string> = new Set([
  'capacity',
  'accessModes',
  'claimRef',
  'persistentVolumeReclaimPolicy',
  'storageClassName',
  'mountOptions',
  'volumeMode',
  'nodeAffinity',
  'volumeAttributesClassName',
]);

export const volumeRules = kindRules<v1.PersistentVolume>({
  check({ spec: volume = {} }, errors) {
    checkVolume(errors, spec, volume);
  },
  checkUpdate({ spec: volume = {} }, { spec: old = {} }, errors) {
    checkSourceStays(errors, volume, old);
    checkImmutable(errors, fieldPath('volumeMode'), volume.volumeMode ?? null, old.volumeMode ?? null);
    if (old.nodeAffinity !== undefined && !equalPlain(volume.nodeAffinity, old.nodeAffinity)) {
      const detail = 'field is immutable, except for updating from beta label to GA';
      errors.push(invalidValue(fieldPath('nodeAffinity'), volume.nodeAffinity ?? null, detail));
    }
    if (old.volumeAttributesClassName !== undefined && volume.volumeAttributesClassName === undefined) {
      const detail = 'update from non-nil value to nil is forbidden';
      errors.push(forbiddenField(spec.child('volumeAttributesClassName'), detail));
    }
  },
});

/** Of a volume; `inline` if it is described where it is used, and so belongs to nobody else. */
export function checkVolume(errors: Errors, path: FieldPath, volume: v1.PersistentVolumeSpec, inline = false): void {
  if (inline) checkInline(errors, path, volume);
  else {
    if (!volume.accessModes?.length) errors.push(required(path.child('accessModes')));
    checkCapacity(errors, path.child('capacity'), volume.capacity ?? {});
    checkClassName(errors, path.child('storageClassName'), volume.storageClassName);
    checkVolumeMode(errors, path.child('volumeMode'), volume.volumeMode);
  }
  checkAccessModes(errors, path.child('accessModes'), volume.accessModes ?? []);
  checkAffinity(errors, path.child('nodeAffinity'), volume);
  checkSource(errors, path, volume);
  const { volumeAttributesClassName: attributes, hostPath, persistentVolumeReclaimPolicy } = volume;
  if (hostPath !== undefined && isRoot(hostPath.path) && persistentVolumeReclaimPolicy === 'Recycle') {
    const detail = "may not be 'recycle' for a hostPath mount of '/'";
    errors.push(forbiddenField(path.child('persistentVolumeReclaimPolicy'), detail));
  }
  if (attributes === undefined) return;
  const at = path.child('volumeAttributesClassName');
  if (attributes === '') errors.push(required(at, 'an empty string is disallowed'));
  checkClassName(errors, at, attributes);
  if (volume.csi === undefined) {
    errors.push(required(path.child('csi'), 'has to be specified when using volumeAttributesClassName'));
  }
}

function checkInline(errors: Errors, path: FieldPath, volume: v1.PersistentVolumeSpec): void {
  const detail = 'may not be specified in the context of inline volumes';
  const { claimRef, capacity, csi, storageClassName, persistentVolumeReclaimPolicy: policy, volumeMode } = volume;
  if (claimRef !== undefined) errors.push(forbiddenField(path.child('claimRef'), detail));
  if (Object.keys(capacity ?? {}).length > 0) errors.push(forbiddenField(path.child('capacity'), detail));
  if (csi === undefined)
    errors.push(required(path.child('csi'), 'has to be specified in the context of inline volumes'));
  if (storageClassName) errors.push(forbiddenField(path.child('storageClassName'), detail));
  if (policy && policy !== 'Retain') {
    const retained = 'may only be "" or "Retain" in the context of inline volumes';
    errors.push(forbiddenField(path.child('persistentVolumeReclaimPolicy'), retained));
  }
  if (volumeMode !== undefined && volumeMode !== 'Filesystem') {
    const mode = 'may not specify volumeMode other than Filesystem in the context of inline volumes';
    errors.push(forbiddenField(path.child('volumeMode'), mode));
  }
}

function checkCapacity(errors: Errors, path: FieldPath, capacity: Readonly<Record<string, string | number>>): void {
  const names = Object.keys(capacity);
  if (names.length === 0) errors.push(required(path));
  if (!Object.hasOwn(capacity, 'storage') || names.length > 1) errors.push(notSupported(path, capacity, ['storage']));
  for (const name of names) {
    if (checkBasicAmount(errors, path.key(name), capacity[name]!))
      checkPositive(errors, path.key(name), capacity[name]!);
  }
}

function checkAffinity(errors: Errors, path: FieldPath, { nodeAffinity, local }: v1.PersistentVolumeSpec): void {
  if (nodeAffinity === undefined) {
    if (local !== undefined) errors.push(required(path, 'Local volume requires node affinity'));
  } else if (nodeAffinity.required === undefined) {
    errors.push(required(path.child('required'), 'must specify required node constraints'));
  }
}

function checkSource(errors: Errors, path: FieldPath, volume: v1.PersistentVolumeSpec): void {
  const sources = Object.keys(sourceOf(volume));
  if (sources.length === 0) errors.push(required(path, 'must specify a volume type'));
  for (const source of sources.slice(1)) {
    errors.push(forbiddenField(path.child(source), 'may not specify more than 1 volume type'));
  }
  const { nfs, hostPath, local, csi } = volume;
  for (const [name, source] of Object.entries({ hostPath, local })) {
    if (source?.path?.split('/').includes('..')) {
      errors.push(invalidValue(path.child(name, 'path'), source.path, "must not contain '..'"));
    }
  }
  if (nfs?.path && !nfs.path.startsWith('/')) {
    errors.push(invalidValue(path.child('nfs', 'path'), nfs.path, 'must be an absolute path'));
  }
  if (csi?.driver)
    addEach(errors, path.child('csi', 'driver'), csi.driver, checkDns1123Subdomain(csi.driver.toLowerCase()));
}

/** The source stays; only a secret for growing the volume may be named where none was. */
function checkSourceStays(errors: Errors, volume: v1.PersistentVolumeSpec, old: v1.PersistentVolumeSpec): void {
  const source = sourceOf(volume);
  const { csi } = volume;
  if (csi?.controllerExpandSecretRef !== undefined && old.csi?.controllerExpandSecretRef === undefined) {
    const { controllerExpandSecretRef: _, ...rest } = csi;
    source['csi'] = rest;
  }
  const before = sourceOf(old);
  if (equalPlain(source, before)) return;
  const detail = 'spec.persistentvolumesource is immutable after creation';
  const diff = goDiff('PersistentVolumeSource', before, source);
  errors.push(forbiddenField(spec.child('persistentvolumesource'), `${detail}\n${diff}`));
}

function isRoot(path: string | undefined): boolean {
  return path?.startsWith('/') === true && path.split('/').every((part) => part === '' || part === '.');
}

function sourceOf(volume: v1.PersistentVolumeSpec): PlainObject {
  return Object.fromEntries(Object.entries(volume).filter(([name]) => !commonFields.has(name)));
}
