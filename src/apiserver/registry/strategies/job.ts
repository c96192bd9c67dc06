import type { batchv1, UnstructuredObject } from '../../../api/index.ts';
import type { Strategy } from './strategy.ts';

const ORPHANS_PODS =
  'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning';

/** A Job finds its pods by labels that no other Job's have, unless its user wants to choose them. */
export const jobStrategy: Strategy = {
  generation: true,
  orphansDependents: true,
  orphansWarning: ORPHANS_PODS,

  prepareForCreate(object: UnstructuredObject) {
    const { metadata, spec } = object as batchv1.Job;
    if (spec === undefined || spec.manualSelector) return;
    const { name = '', uid = '' } = metadata;
    const uidLabels = { 'batch.kubernetes.io/controller-uid': uid };
    spec.template.metadata ??= {};
    spec.template.metadata.labels = {
      ...uidLabels,
      'batch.kubernetes.io/job-name': name,
      // What they were called before.
      'controller-uid': uid,
      'job-name': name,
      ...spec.template.metadata.labels,
    };
    spec.selector ??= {};
    spec.selector.matchLabels = { ...uidLabels, ...spec.selector.matchLabels };
    metadata.labels ??= { ...spec.template.metadata.labels };
  },
};
