import { type FieldError, type FieldPath, invalidValue, notSupported, required } from '../field-errors.ts';
import { checkLabelValue, checkPercent, checkPortName, checkPortNumber, checkQualifiedName } from '../names.ts';
import { equalPlain } from '../plain.ts';

/** Errors found so far; checks add to it. */
export type Errors = FieldError[];

export const immutableText = 'field is immutable';
export const negativeText = 'must be greater than or equal to 0';

/** One error for each problem that a check of names found. */
export function addEach(errors: Errors, path: FieldPath, value: unknown, problems: readonly string[]): void {
  for (const problem of problems) errors.push(invalidValue(path, value, problem));
}

export function checkNonNegative(errors: Errors, path: FieldPath, value: number | undefined): void {
  if (value !== undefined && value < 0) errors.push(invalidValue(path, value, negativeText));
}

/** A value that has to be given, and to be one of those. */
export function checkOneOf(
  errors: Errors,
  path: FieldPath,
  value: string | undefined,
  supported: readonly string[],
): void {
  if (!value) errors.push(required(path));
  else if (!supported.includes(value)) errors.push(notSupported(path, value, supported));
}

/** Adds a Required error if nothing is given, and says whether something is. */
export function checkGiven(errors: Errors, path: FieldPath, value: string | undefined): value is string {
  if (value) return true;
  errors.push(required(path));
  return false;
}

export function checkImmutable(errors: Errors, path: FieldPath, value: unknown, old: unknown): void {
  if (!equalPlain(value, old)) errors.push(invalidValue(path, value, immutableText));
}

export function checkLabels(errors: Errors, path: FieldPath, labels: Readonly<Record<string, string>> = {}): void {
  for (const [key, value] of Object.entries(labels)) {
    addEach(errors, path, key, checkQualifiedName(key));
    addEach(errors, path, value, checkLabelValue(value));
  }
}

/** A port number, or the name of a container's port. */
export function checkPort(errors: Errors, path: FieldPath, port: number | string): void {
  if (typeof port === 'number') addEach(errors, path, port, checkPortNumber(port));
  else addEach(errors, path, port, checkPortName(port));
}

/** A count or a percentage, neither negative. */
export function checkIntOrPercent(errors: Errors, path: FieldPath, value: number | string | undefined): void {
  if (typeof value === 'number') checkNonNegative(errors, path, value);
  else if (value !== undefined) addEach(errors, path, value, checkPercent(value));
}

export function checkAtMost100Percent(errors: Errors, path: FieldPath, value: number | string | undefined): void {
  if (typeof value === 'string' && checkPercent(value).length === 0 && Number.parseInt(value, 10) > 100) {
    errors.push(invalidValue(path, value, 'must not be greater than 100%'));
  }
}

/** Calls `visit` for each item that was seen before. */
export function eachRepeated<T>(
  items: readonly T[],
  keyOf: (item: T) => string | undefined,
  visit: (item: T, index: number) => void,
): void {
  const seen = new Set<string>();
  items.forEach((item, index) => {
    const key = keyOf(item);
    if (key === undefined || key === '') return;
    if (seen.has(key)) visit(item, index);
    seen.add(key);
  });
}
