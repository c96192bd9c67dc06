import {
  duplicate,
  type FieldPath,
  fieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../field-errors.ts';
import { checkDns1123Label, checkDns1123Subdomain, checkQualifiedName } from '../names.ts';
import { equalPlain, type PlainObject } from '../plain.ts';
import { compareQuantities, type Quantity, tryParseQuantity, zeroQuantity } from '../quantity.ts';
import type { storagev1, v1 } from '../types/index.ts';
import { addEach, checkImmutable, type Errors, eachRepeated } from './checks.ts';
import { checkLabelSelector } from './placement.ts';
import { type KindRules, kindRules } from './rules.ts';

const spec = fieldPath('spec');
const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
const volumeModes = ['Block', 'Filesystem'];

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

/** Rules of volumes, claims and their classes, by kind and group. */
export const storageRules: Readonly<Record<string, KindRules>> = {
  PersistentVolumeClaim: kindRules<v1.PersistentVolumeClaim>({
    check({ spec: claim = {} }, errors) {
      checkClaim(errors, spec, claim);
    },
    checkUpdate(claim, old, errors) {
      if (!equalPlain(comparable(claim, old), comparable(old, old))) {
        const detail =
          'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
        errors.push(forbiddenField(spec, detail));
      }
      checkShrinking(errors, claim, old);
      const mode = claim.spec?.volumeMode;
      checkImmutable(errors, fieldPath('volumeMode'), mode ?? null, old.spec?.volumeMode ?? null);
    },
  }),
  PersistentVolume: kindRules<v1.PersistentVolume>({
    check({ spec: volume = {} }, errors) {
      if (!volume.accessModes?.length) errors.push(required(spec.child('accessModes')));
      checkAccessModes(errors, spec.child('accessModes'), volume.accessModes ?? []);
      checkCapacity(errors, spec.child('capacity'), volume.capacity ?? {});
      const sources = Object.keys(sourceOf(volume));
      if (sources.length === 0) errors.push(required(spec, 'must specify a volume type'));
      for (const source of sources.slice(1)) {
        errors.push(forbiddenField(spec.child(source), 'may not specify more than 1 volume type'));
      }
      if (volume.local !== undefined && volume.nodeAffinity === undefined) {
        errors.push(required(spec.child('nodeAffinity'), 'Local volume requires node affinity'));
      }
      if (volume.hostPath?.path === '/' && volume.persistentVolumeReclaimPolicy === 'Recycle') {
        const detail = "may not be 'recycle' for a hostPath mount of '/'";
        errors.push(forbiddenField(spec.child('persistentVolumeReclaimPolicy'), detail));
      }
      checkClass(errors, spec.child('storageClassName'), volume.storageClassName);
      checkVolumeMode(errors, spec.child('volumeMode'), volume.volumeMode);
    },
    checkUpdate({ spec: volume = {} }, { spec: old = {} }, errors) {
      if (!equalPlain(sourceOf(volume), sourceOf(old))) {
        const detail = 'spec.persistentvolumesource is immutable after creation';
        errors.push(forbiddenField(spec.child('persistentvolumesource'), detail));
      }
      checkImmutable(errors, fieldPath('volumeMode'), volume.volumeMode ?? null, old.volumeMode ?? null);
      if (old.nodeAffinity !== undefined) {
        checkImmutable(errors, fieldPath('nodeAffinity'), volume.nodeAffinity ?? null, old.nodeAffinity);
      }
    },
  }),
  'StorageClass.storage.k8s.io': kindRules<storagev1.StorageClass>({
    check({ provisioner, parameters = {} }, errors) {
      if (provisioner) {
        addEach(errors, fieldPath('provisioner'), provisioner, checkQualifiedName(provisioner.toLowerCase()));
      }
      checkParameters(errors, parameters);
    },
    checkUpdate(storageClass, old, errors) {
      for (const name of ['parameters', 'provisioner', 'reclaimPolicy'] as const) {
        if (equalPlain(storageClass[name] ?? {}, old[name] ?? {})) continue;
        errors.push(forbiddenField(fieldPath(name), `updates to ${name} are forbidden.`));
      }
      checkImmutable(errors, fieldPath('volumeBindingMode'), storageClass.volumeBindingMode, old.volumeBindingMode);
    },
  }),
  'VolumeAttributesClass.storage.k8s.io': kindRules<storagev1.VolumeAttributesClass>({
    checkUpdate(attributesClass, old, errors) {
      for (const name of ['driverName', 'parameters'] as const) {
        if (equalPlain(attributesClass[name] ?? {}, old[name] ?? {})) continue;
        errors.push(forbiddenField(fieldPath(name), `updates to ${name} are forbidden.`));
      }
    },
  }),
  'VolumeAttachment.storage.k8s.io': kindRules<storagev1.VolumeAttachment>({
    check({ spec: attachment }, errors) {
      const { persistentVolumeName: name, inlineVolumeSpec: inline } = attachment?.source ?? {};
      const path = spec.child('source');
      if (name === undefined && inline === undefined) {
        errors.push(required(path, 'must specify exactly one of inlineVolumeSpec and persistentVolumeName'));
      } else if (name !== undefined && inline !== undefined) {
        const detail = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';
        errors.push(forbiddenField(path, detail));
      }
    },
    checkUpdate(attachment, old, errors) {
      checkImmutable(errors, spec, attachment.spec, old.spec);
    },
  }),
  'CSINode.storage.k8s.io': kindRules<storagev1.CSINode>({
    check({ spec: node }, errors) {
      const path = spec.child('drivers');
      eachRepeated(
        node?.drivers ?? [],
        ({ name }) => name,
        ({ name }, index) => errors.push(duplicate(path.index(index).child('name'), name)),
      );
    },
  }),
};

/** Of a claim, or of a template for claims. */
export function checkClaim(errors: Errors, path: FieldPath, claim: v1.PersistentVolumeClaimSpec): void {
  const modes = claim.accessModes ?? [];
  if (modes.length === 0) errors.push(required(path.child('accessModes'), 'at least 1 access mode is required'));
  checkLabelSelector(errors, path.child('selector'), claim.selector);
  checkAccessModes(errors, path.child('accessModes'), modes);
  const size = claim.resources?.requests?.['storage'];
  const sizePath = path.child('resources').key('storage');
  if (size === undefined) errors.push(required(sizePath));
  else checkPositive(errors, sizePath, size);
  checkClass(errors, path.child('storageClassName'), claim.storageClassName);
  checkVolumeMode(errors, path.child('volumeMode'), claim.volumeMode);
  for (const name of ['dataSource', 'dataSourceRef'] as const) {
    const source = claim[name];
    if (source === undefined) continue;
    const { apiGroup, kind } = source;
    if (!apiGroup && kind !== 'PersistentVolumeClaim') {
      const detail = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
      errors.push(invalidValue(path.child(name), kind ?? '', detail));
    }
    if (apiGroup) addEach(errors, path.child(name, 'apiGroup'), apiGroup, checkDns1123Subdomain(apiGroup));
  }
  const namespace = claim.dataSourceRef?.namespace;
  if (namespace) addEach(errors, path.child('dataSourceRef', 'namespace'), namespace, checkDns1123Label(namespace));
  checkClass(errors, path.child('volumeAttributesClassName'), claim.volumeAttributesClassName);
}

/** What may not change of a claim. `old` says whether it was bound, and so has a size that may grow. */
function comparable({ spec: claim = {} }: v1.PersistentVolumeClaim, old: v1.PersistentVolumeClaim): object {
  const { volumeName, storageClassName, volumeAttributesClassName: _, resources, ...rest } = claim;
  const { storage, ...requests } = resources?.requests ?? {};
  // As it was: the update that binds a claim is none of its spec.
  const bound = old.status?.phase === 'Bound';
  const unbound = !old.spec?.volumeName;
  // A default class may come to a claim that was made before there was one.
  const classless = old.spec?.storageClassName === undefined;
  return {
    ...rest,
    resources: { ...resources, requests: bound ? requests : { ...requests, storage } },
    ...(unbound ? {} : { volumeName }),
    ...(classless ? {} : { storageClassName }),
  };
}

/** A claim may be asked to be smaller only after growing it failed, and never as small as what it has. */
function checkShrinking(errors: Errors, claim: v1.PersistentVolumeClaim, old: v1.PersistentVolumeClaim): void {
  const sizes = [claim.spec?.resources?.requests, old.spec?.resources?.requests].map((amounts) => amounts?.['storage']);
  const [size, before] = sizes.map((amount) => readable(amount));
  if (size === undefined || before === undefined || compareQuantities(size, before) >= 0) return;
  const held = readable(old.status?.capacity?.['storage']) ?? zeroQuantity;
  if (compareQuantities(size, held) > 0) return;
  const path = spec.child('resources', 'requests', 'storage');
  errors.push(forbiddenField(path, 'field can not be less than status.capacity'));
}

function readable(amount: string | number | undefined): Quantity | undefined {
  const quantity = amount === undefined ? undefined : tryParseQuantity(amount);
  return quantity === undefined || 'error' in quantity ? undefined : quantity;
}

function checkAccessModes(errors: Errors, path: FieldPath, modes: readonly string[]): void {
  for (const mode of modes) if (!accessModes.includes(mode)) errors.push(notSupported(path, mode, accessModes));
  const alone = modes.includes('ReadWriteOncePod');
  if (alone && modes.some((mode) => mode !== 'ReadWriteOncePod' && accessModes.includes(mode))) {
    errors.push(forbiddenField(path, 'may not use ReadWriteOncePod with other access modes'));
  }
}

function checkCapacity(errors: Errors, path: FieldPath, capacity: Readonly<Record<string, string | number>>): void {
  const names = Object.keys(capacity);
  if (names.length === 0) errors.push(required(path));
  if (!Object.hasOwn(capacity, 'storage') || names.length > 1) errors.push(notSupported(path, capacity, ['storage']));
  for (const name of names) checkPositive(errors, path.key(name), capacity[name]!);
}

function checkPositive(errors: Errors, path: FieldPath, amount: string | number): void {
  const quantity = tryParseQuantity(amount);
  if ('error' in quantity) errors.push(invalidValue(path, amount, quantity.error));
  else if (compareQuantities(quantity, zeroQuantity) <= 0) {
    errors.push(invalidValue(path, String(amount), 'must be greater than zero'));
  }
}

function checkClass(errors: Errors, path: FieldPath, name: string | undefined): void {
  if (name) addEach(errors, path, name, checkDns1123Subdomain(name));
}

function checkVolumeMode(errors: Errors, path: FieldPath, mode: string | undefined): void {
  if (mode !== undefined && !volumeModes.includes(mode)) errors.push(notSupported(path, mode, volumeModes));
}

function sourceOf(volume: v1.PersistentVolumeSpec): PlainObject {
  return Object.fromEntries(Object.entries(volume).filter(([name]) => !commonFields.has(name)));
}

function checkParameters(errors: Errors, parameters: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(parameters)) {
    if (key === '') errors.push(invalidValue(fieldPath('parameters'), value, 'field can not be empty.'));
  }
}
