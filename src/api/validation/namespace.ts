import { type FieldPath, fieldPath, invalidValue } from '../field-errors.ts';
import { checkQualifiedName } from '../names.ts';
import type { v1 } from '../types/index.ts';
import { addEach, type Errors } from './checks.ts';
import { checkFinalizerName } from './metadata.ts';
import { kindRules } from './rules.ts';

const path = fieldPath('spec', 'finalizers');

export const namespaceRules = kindRules<v1.Namespace>({
  checkCreate({ spec }, errors) {
    for (const name of spec?.finalizers ?? []) checkName(errors, path, name);
  },
  // The finalize subresource is the one way to change them.
  checkUpdate({ spec }, _old, errors) {
    for (const [index, name] of (spec?.finalizers ?? []).entries()) checkName(errors, path.index(index), name);
  },
  subresources: {
    status({ metadata, status }, _old, errors) {
      const phase = status?.phase ?? '';
      const [only, is] = metadata.deletionTimestamp ? ['Terminating', 'not empty'] : ['Active', 'empty'];
      if (phase === only) return;
      const detail = `may only be '${only}' if \`deletionTimestamp\` is ${is}`;
      errors.push(invalidValue(fieldPath('status', 'Phase'), phase, detail));
    },
  },
});

function checkName(errors: Errors, at: FieldPath, name: string): void {
  addEach(errors, at, name, checkQualifiedName(name));
  checkFinalizerName(errors, at, name);
}
