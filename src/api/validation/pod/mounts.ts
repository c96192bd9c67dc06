import {
  type FieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
  valueNotFound,
} from '../../field-errors.ts';
import type { v1 } from '../../types/index.ts';
import type { Errors } from '../checks.ts';
import { checkRelativePath, hasBacksteps } from './paths.ts';

/** A pod's volumes by name, those that are valid. */
export type Volumes = ReadonlyMap<string, v1.Volume>;

const propagations = ['Bidirectional', 'HostToContainer', 'None'];
const readOnlyModes = ['Disabled', 'Enabled', 'IfPossible'];

export function checkMounts(errors: Errors, path: FieldPath, container: v1.Container, volumes: Volumes): void {
  const devices = container.volumeDevices ?? [];
  const paths = new Set<string>();
  for (const [index, mount] of container.volumeMounts!.entries()) {
    const { name, mountPath, subPath, subPathExpr } = mount;
    const item = path.index(index);
    if (!name) errors.push(required(item.child('name')));
    if (!volumes.has(name)) errors.push(valueNotFound(item.child('name'), name ?? ''));
    if (!mountPath) errors.push(required(item.child('mountPath')));
    if (paths.has(mountPath)) errors.push(invalidValue(item.child('mountPath'), mountPath, 'must be unique'));
    paths.add(mountPath);
    if (devices.some((device) => device.name === name)) {
      errors.push(invalidValue(item.child('name'), name, 'must not already exist in volumeDevices'));
    }
    if (devices.some(({ devicePath }) => devicePath === mountPath)) {
      const detail = 'must not already exist as a path in volumeDevices';
      errors.push(invalidValue(item.child('mountPath'), mountPath, detail));
    }
    // Kubernetes names the list here, not the mount.
    if (subPath) checkRelativePath(errors, path.child('subPath'), subPath);
    if (subPathExpr) {
      if (subPath) {
        const detail = 'subPathExpr and subPath are mutually exclusive';
        errors.push(invalidValue(item.child('subPathExpr'), subPathExpr, detail));
      }
      checkRelativePath(errors, path.child('subPathExpr'), subPathExpr);
    }
    checkPropagation(errors, path.child('mountPropagation'), mount, container);
    checkReadOnly(errors, path.child('recursiveReadOnly'), mount);
  }
}

function checkPropagation(
  errors: Errors,
  path: FieldPath,
  { mountPropagation }: v1.VolumeMount,
  { securityContext }: v1.Container,
): void {
  if (mountPropagation === undefined) return;
  if (!propagations.includes(mountPropagation)) errors.push(notSupported(path, mountPropagation, propagations));
  if (mountPropagation === 'Bidirectional' && securityContext?.privileged !== true) {
    const detail = 'Bidirectional mount propagation is available only to privileged containers';
    errors.push(forbiddenField(path, detail));
  }
}

function checkReadOnly(
  errors: Errors,
  path: FieldPath,
  { recursiveReadOnly, readOnly, mountPropagation = 'None' }: v1.VolumeMount,
): void {
  if (recursiveReadOnly === undefined || recursiveReadOnly === 'Disabled') return;
  if (!readOnlyModes.includes(recursiveReadOnly)) {
    errors.push(notSupported(path, recursiveReadOnly, readOnlyModes));
    return;
  }
  if (readOnly !== true) errors.push(forbiddenField(path, 'may only be specified when readOnly is true'));
  if (mountPropagation !== 'None') {
    errors.push(forbiddenField(path, 'may only be specified when mountPropagation is None or not specified'));
  }
}

export function checkDevices(errors: Errors, path: FieldPath, container: v1.Container, volumes: Volumes): void {
  const mounts = container.volumeMounts ?? [];
  const names = new Set<string>();
  const paths = new Set<string>();
  for (const [index, { name, devicePath }] of container.volumeDevices!.entries()) {
    const item = path.index(index);
    const [namePath, pathPath] = [item.child('name'), item.child('devicePath')];
    const volume = volumes.get(name);
    if (!name) errors.push(required(namePath));
    if (names.has(name)) errors.push(invalidValue(namePath, name, 'must be unique'));
    if (volume === undefined) errors.push(valueNotFound(namePath, name ?? ''));
    else if (volume.persistentVolumeClaim === undefined && volume.ephemeral === undefined) {
      const detail = 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode';
      errors.push(invalidValue(namePath, name, detail));
    }
    if (!devicePath) errors.push(required(pathPath));
    if (paths.has(devicePath)) errors.push(invalidValue(pathPath, devicePath, 'must be unique'));
    if (devicePath && hasBacksteps(devicePath)) {
      errors.push(invalidValue(pathPath, devicePath, "can not contain backsteps ('..')"));
    } else paths.add(devicePath);
    if (mounts.some((mount) => mount.name === name)) {
      errors.push(invalidValue(namePath, name, 'must not already exist in volumeMounts'));
    }
    if (mounts.some(({ mountPath }) => mountPath === devicePath)) {
      errors.push(invalidValue(pathPath, devicePath, 'must not already exist as a path in volumeMounts'));
    }
    if (name) names.add(name);
  }
}
