import type { v1 } from '../../../api/index.ts';

const lists = ['initContainers', 'containers', 'ephemeralContainers'] as const;

/**
 * Takes out of a pod's spec, or a template's, the fields that Kubernetes 1.35 knows but leaves switched off, unless the old
 * spec has them: so a client that relies on them sees that they aren't there. Changes `spec`.
 */
export function dropUnsupported(spec: v1.PodSpec, old?: v1.PodSpec): void {
  if (old?.workloadRef === undefined) delete spec.workloadRef;
  for (const source of ['clusterTrustBundle', 'podCertificate'] as const) {
    if (old !== undefined && projects(old, source)) continue;
    for (const projection of projectionsOf(spec)) delete projection[source];
  }
  if (old !== undefined && hasStopSignal(old)) return;
  for (const list of lists) {
    for (const container of spec[list] ?? []) {
      if (container.lifecycle?.stopSignal === undefined) continue;
      delete container.lifecycle.stopSignal;
      if (Object.keys(container.lifecycle).length === 0) delete container.lifecycle;
    }
  }
}

function projectionsOf({ volumes = [] }: v1.PodSpec): v1.VolumeProjection[] {
  return volumes.flatMap(({ projected }) => projected?.sources ?? []);
}

function projects(spec: v1.PodSpec, source: keyof v1.VolumeProjection): boolean {
  return projectionsOf(spec).some((projection) => projection[source] !== undefined);
}

function hasStopSignal(spec: v1.PodSpec): boolean {
  return lists.some((list) => spec[list]?.some(({ lifecycle }) => lifecycle?.stopSignal !== undefined));
}
