import { fieldPath } from '../field-errors.ts';
import { checkDns1123Label } from '../names.ts';
import type { KubernetesObject } from '../object.ts';
import type { ResourceType } from '../resource.ts';
import type { v1 } from '../types/index.ts';
import { podWarnings, templateWarnings } from './pod/index.ts';

/** Where kinds have their template for pods. */
const templates: Readonly<Record<string, readonly string[] | undefined>> = {
  PodTemplate: ['template'],
  ReplicationController: ['spec', 'template'],
  'DaemonSet.apps': ['spec', 'template'],
  'Deployment.apps': ['spec', 'template'],
  'ReplicaSet.apps': ['spec', 'template'],
  'StatefulSet.apps': ['spec', 'template'],
  'Job.batch': ['spec', 'template'],
  'CronJob.batch': ['spec', 'jobTemplate', 'spec', 'template'],
};

/** Kinds whose pods get their names and hostnames from the object's. */
const namesPods: ReadonlySet<string> = new Set([
  'ReplicationController',
  'Deployment.apps',
  'ReplicaSet.apps',
  'Job.batch',
  'CronJob.batch',
]);

/**
 * What is valid but probably not meant, in Kubernetes' words, of an object that is created (`old` undefined) or changed.
 * People seldom change pods themselves, and what does it often shouldn't wait: so of changes of pods nothing is said.
 */
export function warningsOf(
  object: KubernetesObject,
  old: KubernetesObject | undefined,
  { group, kind }: Pick<ResourceType, 'group' | 'kind'>,
): string[] {
  const key = group === '' ? kind : `${kind}.${group}`;
  if (key === 'Pod') return old === undefined ? podWarnings(object as unknown as v1.Pod) : [];
  const path = templates[key];
  if (path === undefined) return [];
  if (old !== undefined && key !== 'PodTemplate' && old.metadata.generation === object.metadata.generation) return [];
  const template = path.reduce<unknown>(
    (value, field) => (value as Record<string, unknown> | undefined)?.[field],
    object,
  );
  const named = old === undefined && namesPods.has(key) ? nameWarnings(object.metadata.name ?? '') : [];
  if (template === undefined) return named;
  return [...named, ...templateWarnings(template as v1.PodTemplateSpec, fieldPath(...(path as [string])))];
}

function nameWarnings(name: string): string[] {
  const problems = checkDns1123Label(name);
  if (problems.length === 0) return [];
  return [
    `metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [${problems.join(' ')}]`,
  ];
}
