import { parseJsonPath } from '../../custom/json-path.ts';
import { type FieldPath, invalidValue } from '../../field-errors.ts';
import type { CustomResourceSubresources } from '../../types/apiextensions-v1.ts';
import type { Errors } from '../checks.ts';

/** Where a Scale is read from and written to. */
export function checkSubresources(errors: Errors, path: FieldPath, { scale }: CustomResourceSubresources): void {
  if (scale === undefined) return;
  const at = path.child('scale');
  const { specReplicasPath, statusReplicasPath, labelSelectorPath } = scale;
  checkPath(errors, at.child('specReplicasPath'), specReplicasPath, ['.spec']);
  checkPath(errors, at.child('statusReplicasPath'), statusReplicasPath, ['.status']);
  if (labelSelectorPath) checkPath(errors, at.child('labelSelectorPath'), labelSelectorPath, ['.status', '.spec']);
}

function checkPath(errors: Errors, at: FieldPath, text: string | undefined, roots: readonly string[]): void {
  // That one is missing the description says already.
  if (!text) return;
  if (!text.startsWith('.')) {
    errors.push(invalidValue(at, text, 'must be a simple json path starting with .'));
  } else if (parseJsonPath(text)?.fields === undefined) {
    errors.push(invalidValue(at, text, 'must be a json path in the dot notation'));
  } else if (!roots.some((root) => text.startsWith(`${root}.`))) {
    errors.push(invalidValue(at, text, `should be a json path under ${roots.join(' or ')}`));
  }
}
