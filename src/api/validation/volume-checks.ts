import { type FieldPath, forbiddenField, invalidValue, notSupported } from '../field-errors.ts';
import { checkDns1123Subdomain } from '../names.ts';
import { compareQuantities, roundUpToMilli, tryParseQuantity, zeroQuantity } from '../quantity.ts';
import { addEach, type Errors } from './checks.ts';

const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
const volumeModes = ['Block', 'Filesystem'];
const nanosInOne = 1_000_000_000n;

export function checkAccessModes(errors: Errors, path: FieldPath, modes: readonly string[]): void {
  for (const mode of modes) if (!accessModes.includes(mode)) errors.push(notSupported(path, mode, accessModes));
  const alone = modes.includes('ReadWriteOncePod');
  if (alone && modes.some((mode) => mode !== 'ReadWriteOncePod' && accessModes.includes(mode))) {
    errors.push(forbiddenField(path, 'may not use ReadWriteOncePod with other access modes'));
  }
}

export function checkVolumeMode(errors: Errors, path: FieldPath, mode: string | undefined): void {
  if (mode !== undefined && !volumeModes.includes(mode)) errors.push(notSupported(path, mode, volumeModes));
}

export function checkClassName(errors: Errors, path: FieldPath, name: string | undefined): void {
  if (name) addEach(errors, path, name, checkDns1123Subdomain(name));
}

/** Whether there is an amount that is not negative. */
export function checkBasicAmount(errors: Errors, path: FieldPath, amount: string | number): boolean {
  const quantity = tryParseQuantity(amount);
  if ('error' in quantity) {
    errors.push(invalidValue(path, amount, quantity.error));
    return false;
  }
  const whole = roundUpToMilli(quantity).nanos / nanosInOne;
  if (whole < 0n) errors.push(invalidValue(path, Number(whole), 'must be a valid resource quantity'));
  return true;
}

export function checkPositive(errors: Errors, path: FieldPath, amount: string | number): void {
  const quantity = tryParseQuantity(amount);
  if ('error' in quantity) errors.push(invalidValue(path, amount, quantity.error));
  else if (compareQuantities(quantity, zeroQuantity) <= 0) {
    errors.push(invalidValue(path, String(amount), 'must be greater than zero'));
  }
}
