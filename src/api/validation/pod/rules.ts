import { fieldPath, forbiddenField } from '../../field-errors.ts';
import type { v1 } from '../../types/index.ts';
import type { Errors } from '../checks.ts';
import { kindRules } from '../rules.ts';
import { checkAnnotationsMatch, checkAnnotationUpdate, checkPodAnnotations } from './annotations.ts';
import { checkImageText } from './containers.ts';
import { checkEphemeralUpdate } from './ephemeral-update.ts';
import { checkResize } from './resize.ts';
import { checkPodSpec, podSpecPath } from './spec.ts';
import { checkStatusUpdate } from './status.ts';
import { checkSpecUpdate, noSpec } from './update.ts';

const annotationsPath = fieldPath('metadata', 'annotations');

export const podRules = kindRules<v1.Pod>({
  check: checkPod,
  checkCreate({ metadata, spec = noSpec }, errors) {
    if (spec.ephemeralContainers?.length) {
      errors.push(forbiddenField(podSpecPath.child('ephemeralContainers'), 'cannot be set on create'));
    }
    if (spec.nodeName && spec.schedulingGates?.length) {
      const detail = 'cannot be set until all schedulingGates have been cleared';
      errors.push(forbiddenField(podSpecPath.child('nodeName'), detail));
    }
    if (metadata.annotations !== undefined) checkAnnotationsMatch(errors, podSpecPath, metadata.annotations, spec);
  },
  checkUpdate(pod, old, errors) {
    checkAnnotationUpdate(errors, annotationsPath, pod.metadata, old.metadata);
    checkSpecUpdate(errors, pod.spec ?? noSpec, old.spec ?? noSpec);
  },
  subresources: {
    status(pod, old, errors) {
      checkPodAnnotationsOf(pod, errors);
      checkAnnotationUpdate(errors, annotationsPath, pod.metadata, old.metadata);
      checkStatusUpdate(errors, pod, old);
    },
    ephemeralcontainers(pod, old, errors) {
      checkPod(pod, errors);
      checkAnnotationUpdate(errors, annotationsPath, pod.metadata, old.metadata);
      checkEphemeralUpdate(errors, pod, old);
    },
    resize(pod, old, errors) {
      checkPod(pod, errors);
      checkResize(errors, pod, old);
    },
  },
});

/** Of a pod whatever is done with it. */
function checkPod(pod: v1.Pod, errors: Errors): void {
  const { metadata, spec = noSpec } = pod;
  checkPodAnnotationsOf(pod, errors);
  checkPodSpec(errors, podSpecPath, spec, metadata);
  if (!spec.serviceAccountName) checkNoTokens(errors, spec);
  for (const list of ['containers', 'initContainers'] as const) {
    for (const [index, container] of (spec[list] ?? []).entries()) {
      checkImageText(errors, podSpecPath.child(list).index(index), container);
    }
  }
}

function checkPodAnnotationsOf({ metadata, spec = noSpec }: v1.Pod, errors: Errors): void {
  if (metadata.annotations !== undefined) checkPodAnnotations(errors, annotationsPath, metadata.annotations, spec);
}

/** Without a service account there is none to have a token of. */
function checkNoTokens(errors: Errors, { volumes = [] }: v1.PodSpec): void {
  for (const [index, { projected }] of volumes.entries()) {
    for (const [at, { serviceAccountToken: token }] of (projected?.sources ?? []).entries()) {
      if (token === undefined) continue;
      const source = podSpecPath.child('volumes').index(index).child('projected', 'sources').index(at);
      const detail = 'must not be specified when serviceAccountName is not set';
      errors.push(forbiddenField(source.child('serviceAccountToken'), detail));
    }
  }
}
