import { type FieldPath, invalidValue, notSupported, required, tooLong } from '../../field-errors.ts';
import type { v1 } from '../../types/index.ts';
import type { Errors } from '../checks.ts';
import { checkRelativePath } from './paths.ts';

const types = ['Localhost', 'RuntimeDefault', 'Unconfined'];
const maxProfileBytes = 4095;

export function checkSeccomp(errors: Errors, path: FieldPath, profile: v1.SeccompProfile | undefined): void {
  if (profile === undefined) return;
  const { type, localhostProfile: local } = profile;
  const localPath = path.child('localhostProfile');
  if (!type) errors.push(required(path.child('type'), 'type is required when seccompProfile is set'));
  else if (!types.includes(type)) errors.push(notSupported(path.child('type'), type, types));
  if (type !== 'Localhost') {
    if (local === undefined) return;
    errors.push(invalidValue(localPath, profile, 'can only be set when seccomp type is Localhost'));
  } else if (local === undefined) errors.push(required(localPath, 'must be set when seccomp type is Localhost'));
  else checkRelativePath(errors, localPath, local);
}

export function checkAppArmor(errors: Errors, path: FieldPath, profile: v1.AppArmorProfile | undefined): void {
  if (profile === undefined) return;
  const { type, localhostProfile: local } = profile;
  const localPath = path.child('localhostProfile');
  if (!type) errors.push(required(path.child('type'), 'type is required when appArmorProfile is set'));
  else if (!types.includes(type)) errors.push(notSupported(path.child('type'), type, types));
  else if (type !== 'Localhost') {
    if (local === undefined) return;
    errors.push(invalidValue(localPath, local, 'can only be set when AppArmor type is Localhost'));
  } else if (local === undefined || local === '') {
    errors.push(required(localPath, 'must be set when AppArmor type is Localhost'));
  } else {
    if (local.trim() !== local) errors.push(invalidValue(localPath, local, 'must not be padded with whitespace'));
    if (Buffer.byteLength(local) > maxProfileBytes) errors.push(tooLong(localPath, maxProfileBytes));
  }
}
