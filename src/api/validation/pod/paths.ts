import { type FieldPath, invalidValue } from '../../field-errors.ts';
import type { Errors } from '../checks.ts';

/** A path that stays below where it starts. */
export function checkRelativePath(errors: Errors, path: FieldPath, value: string): void {
  if (value.startsWith('/')) errors.push(invalidValue(path, value, 'must be a relative path'));
  checkNoBacksteps(errors, path, value);
}

export function hasBacksteps(value: string): boolean {
  return value.includes('..') && value.split('/').includes('..');
}

export function checkNoBacksteps(errors: Errors, path: FieldPath, value: string): void {
  if (hasBacksteps(value)) errors.push(invalidValue(path, value, "must not contain '..'"));
}

/** A relative path whose first part doesn't start with `..`, which volumes keep for themselves. */
export function checkUnreservedPath(errors: Errors, path: FieldPath, value: string): void {
  checkRelativePath(errors, path, value);
  if (value.startsWith('..') && !value.startsWith('../')) {
    errors.push(invalidValue(path, value, "must not start with '..'"));
  }
}

const maxMode = 0o777;

export function checkMode(errors: Errors, path: FieldPath, mode: number | undefined): void {
  if (mode === undefined || (mode >= 0 && mode <= maxMode)) return;
  errors.push(invalidValue(path, mode, 'must be a number between 0 and 0777 (octal), both inclusive'));
}
