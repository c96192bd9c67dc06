import { type FieldPath, forbiddenField, invalidValue } from '../field-errors.ts';
import { type LabelSelectorObject, selectorFromObject } from '../selectors/index.ts';
import type { v1 } from '../types/index.ts';
import type { Errors } from './checks.ts';
import { checkTemplateMetadata } from './metadata.ts';
import { checkAnnotationsMatch, checkPodAnnotations, checkPodSpec } from './pod/index.ts';

const noSpec: v1.PodSpec = { containers: [] };

/** Of a template for pods, but for what the pods are. */
export function checkTemplateOutside(errors: Errors, path: FieldPath, template: v1.PodTemplateSpec): void {
  const { metadata = {}, spec = noSpec } = template;
  checkTemplateMetadata(errors, path, metadata);
  if (metadata.annotations !== undefined) {
    checkPodAnnotations(errors, path.child('annotations'), metadata.annotations, spec);
  }
}

/** Of a template for pods. */
export function checkTemplate(errors: Errors, path: FieldPath, template: v1.PodTemplateSpec): void {
  checkTemplateOutside(errors, path, template);
  const { metadata, spec = noSpec } = template;
  checkPodSpec(errors, path.child('spec'), spec);
  if (metadata?.annotations !== undefined) {
    checkAnnotationsMatch(errors, path.child('spec'), metadata.annotations, spec);
  }
  if (spec.ephemeralContainers?.length) {
    const detail = 'ephemeral containers not allowed in pod template';
    errors.push(forbiddenField(path.child('spec', 'ephemeralContainers'), detail));
  }
}

/** The pods that are made of the template at `path` must be those that the selector asks for. */
export function checkTemplateMatches(
  errors: Errors,
  path: FieldPath,
  template: v1.PodTemplateSpec,
  selector: LabelSelectorObject,
): void {
  const labels = template.metadata?.labels;
  let matches: boolean;
  try {
    matches = selectorFromObject(selector).matches(labels);
  } catch {
    // What is wrong with the selector itself is reported by its own check.
    return;
  }
  if (matches) return;
  const detail = '`selector` does not match template `labels`';
  errors.push(invalidValue(path.child('metadata', 'labels'), labels ?? {}, detail));
}
