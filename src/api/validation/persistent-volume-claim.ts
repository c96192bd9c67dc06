import { type FieldPath, fieldPath, forbiddenField, invalidValue, notSupported, required } from '../field-errors.ts';
import { checkDns1123Label, checkDns1123Subdomain, checkQualifiedName } from '../names.ts';
import { equalPlain } from '../plain.ts';
import { compareQuantities, type Quantity, tryParseQuantity, zeroQuantity } from '../quantity.ts';
import type { v1 } from '../types/index.ts';
import { addEach, checkImmutable, type Errors, immutableText } from './checks.ts';
import { goDiff } from './go-diff.ts';
import { checkLabelSelector } from './placement.ts';
import { isNative } from './resource-names.ts';
import { kindRules } from './rules.ts';
import { checkAccessModes, checkBasicAmount, checkClassName, checkPositive, checkVolumeMode } from './volume-checks.ts';

const spec = fieldPath('spec');
const classAnnotation = 'volume.beta.kubernetes.io/storage-class';
const resizeStates = [
  'ControllerResizeFailed',
  'ControllerResizeInProgress',
  'NodeResizeFailed',
  'NodeResizeInProgress',
  'NodeResizePending',
];

export const claimRules = kindRules<v1.PersistentVolumeClaim>({
  check({ spec: claim = {} }, errors) {
    checkClaim(errors, spec, claim);
  },
  checkUpdate(claim, old, errors) {
    checkClassAnnotation(errors, claim, old);
    const [after, before] = [comparable(claim, old), comparable(old, old)];
    if (!equalPlain(after, before)) {
      const detail =
        'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
      errors.push(forbiddenField(spec, `${detail}\n${goDiff('PersistentVolumeClaimSpec', before, after)}`));
    }
    checkShrinking(errors, claim, old);
    const mode = claim.spec?.volumeMode;
    checkImmutable(errors, fieldPath('volumeMode'), mode ?? null, old.spec?.volumeMode ?? null);
    checkAttributesClass(errors, claim.spec?.volumeAttributesClassName, old.spec?.volumeAttributesClassName);
  },
  subresources: {
    status({ spec: claim, status = {} }, _old, errors) {
      if (!claim?.accessModes?.length) errors.push(required(fieldPath('Spec', 'accessModes')));
      for (const [name, amount] of Object.entries(status.capacity ?? {})) {
        checkBasicAmount(errors, fieldPath('status', 'capacity').key(name), amount);
      }
      checkAllocated(errors, status);
    },
  },
});

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
  checkClassName(errors, path.child('storageClassName'), claim.storageClassName);
  checkVolumeMode(errors, path.child('volumeMode'), claim.volumeMode);
  checkSources(errors, path, claim);
  checkClassName(errors, path.child('volumeAttributesClassName'), claim.volumeAttributesClassName);
}

function checkSources(errors: Errors, path: FieldPath, claim: v1.PersistentVolumeClaimSpec): void {
  const { dataSource, dataSourceRef } = claim;
  for (const [name, source] of Object.entries({ dataSource, dataSourceRef })) {
    if (source === undefined) continue;
    const { apiGroup, kind } = source;
    const at = path.child(name);
    // Of the reference, the description says so.
    if (name === 'dataSource' && !source.name) errors.push(required(at.child('name')));
    if (name === 'dataSource' && !kind) errors.push(required(at.child('kind')));
    if (!apiGroup && kind !== 'PersistentVolumeClaim') {
      const detail = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
      errors.push(invalidValue(at, kind ?? '', detail));
    }
    if (apiGroup) addEach(errors, at.child('apiGroup'), apiGroup, checkDns1123Subdomain(apiGroup));
  }
  const namespace = dataSourceRef?.namespace;
  if (namespace) addEach(errors, path.child('dataSourceRef', 'namespace'), namespace, checkDns1123Label(namespace));
  if (dataSource === undefined || dataSourceRef === undefined) return;
  const same =
    dataSource.apiGroup === dataSourceRef.apiGroup &&
    dataSource.kind === dataSourceRef.kind &&
    dataSource.name === dataSourceRef.name;
  const shown = path.child('dataSource').toString();
  if (namespace) {
    errors.push(invalidValue(path, shown, 'may not be specified when dataSourceRef.namespace is specified'));
  } else if (!same) errors.push(invalidValue(path, shown, 'must match dataSourceRef'));
}

/** The class was an annotation once, and may move from there to its field. */
function checkClassAnnotation(errors: Errors, claim: v1.PersistentVolumeClaim, old: v1.PersistentVolumeClaim): void {
  const [value, before] = [claim, old].map(({ metadata }) => metadata.annotations?.[classAnnotation]);
  const moves =
    before !== undefined &&
    old.spec?.storageClassName === undefined &&
    claim.spec?.storageClassName === before &&
    (value ?? before) === before;
  if (moves || (value ?? '') === (before ?? '')) return;
  errors.push(invalidValue(fieldPath('metadata', 'annotations', classAnnotation), value ?? '', immutableText));
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

function checkAttributesClass(errors: Errors, name: string | undefined, old: string | undefined): void {
  if (old === undefined || name) return;
  const to = name === undefined ? 'nil' : 'an empty string';
  errors.push(
    forbiddenField(spec.child('volumeAttributesClassName'), `update from non-nil value to ${to} is forbidden`),
  );
}

function checkAllocated(errors: Errors, status: v1.PersistentVolumeClaimStatus): void {
  const states = fieldPath('status', 'allocatedResourceStatus');
  for (const [name, state] of Object.entries(status.allocatedResourceStatuses ?? {})) {
    checkClaimResource(errors, states, name);
    if (!resizeStates.includes(state)) errors.push(notSupported(states, name, resizeStates));
  }
  const path = fieldPath('status', 'allocatedResources');
  for (const [name, amount] of Object.entries(status.allocatedResources ?? {})) {
    if (checkClaimResource(errors, path, name)) checkBasicAmount(errors, path.key(name), amount);
  }
}

/** Of Kubernetes' own names a claim has only its size. */
function checkClaimResource(errors: Errors, path: FieldPath, name: string): boolean {
  const problems = checkQualifiedName(name);
  addEach(errors, path, name, problems);
  const foreign = problems.length === 0 && isNative(name) && name !== 'storage';
  if (foreign) errors.push(notSupported(path, name, ['storage']));
  return problems.length === 0 && !foreign;
}
