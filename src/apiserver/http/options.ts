import { errors, type FieldError, fieldPath, invalidValue, notSupported, tooLong } from '../../api/index.ts';

/*
 * What Kubernetes checks of a request's options before it looks at the object: 422 for a kind of meta.k8s.io that no client
 * sends by that name.
 */

export type WriteOptionsKind = 'CreateOptions' | 'UpdateOptions' | 'PatchOptions';

const MAX_FIELD_MANAGER_BYTES = 128;
const propagationPolicies = ['Foreground', 'Background', 'Orphan'];
const fieldValidations = ['', 'Ignore', 'Strict', 'Warn'];

export function checkWriteOptions(query: URLSearchParams, kind: WriteOptionsKind): void {
  const fieldValidation = query.get('fieldValidation') ?? '';
  refuse(kind, [
    ...fieldManagerProblems(query.get('fieldManager') ?? ''),
    ...dryRunProblems(query.getAll('dryRun')),
    ...(fieldValidations.includes(fieldValidation)
      ? []
      : [notSupported(fieldPath('fieldValidation'), fieldValidation, fieldValidations)]),
  ]);
}

export function checkDeleteOptions(options: {
  propagation: string | undefined;
  orphan: boolean | undefined;
  dryRun: readonly string[];
}): void {
  const { propagation, orphan, dryRun } = options;
  const path = fieldPath('propagationPolicy');
  const problems = dryRunProblems(dryRun);
  if (propagation !== undefined && !propagationPolicies.includes(propagation))
    problems.unshift(notSupported(path, propagation, [...propagationPolicies, 'nil']));
  if (propagation !== undefined && orphan !== undefined)
    problems.unshift(invalidValue(path, propagation, 'orphanDependents and deletionPropagation cannot be both set'));
  refuse('DeleteOptions', problems);
}

function fieldManagerProblems(manager: string): FieldError[] {
  const path = fieldPath('fieldManager');
  const problems: FieldError[] = [];
  if (Buffer.byteLength(manager) > MAX_FIELD_MANAGER_BYTES) problems.push(tooLong(path, MAX_FIELD_MANAGER_BYTES));
  let position = 0;
  for (const character of manager) {
    if (!/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(character)) {
      const code = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
      problems.push(invalidValue(path, manager, `invalid character U+${code} (at position ${position})`));
    }
    position += Buffer.byteLength(character);
  }
  return problems;
}

function dryRunProblems(values: readonly string[]): FieldError[] {
  const empty = values.length === 1 && values[0] === '';
  return empty || values.every((value) => value === 'All') ? [] : [notSupported(fieldPath('dryRun'), values, ['All'])];
}

function refuse(kind: string, problems: FieldError[]): void {
  if (problems.length > 0) throw errors.invalid({ group: 'meta.k8s.io', kind }, '', problems);
}
