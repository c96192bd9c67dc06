import { forbiddenField, invalidValue } from '../field-errors.ts';
import { equalPlain, isPlainObject, type PlainObject } from '../plain.ts';
import type { v1 } from '../types/index.ts';
import type { Errors } from './checks.ts';
import { checkPodSpec, podSpecPath } from './pod-spec.ts';
import { kindRules } from './rules.ts';

const fixedText =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

export const podRules = kindRules<v1.Pod>({
  check(pod, errors) {
    if (pod.spec !== undefined) checkPodSpec(errors, podSpecPath, pod.spec);
  },
  checkUpdate(pod, old, errors) {
    const spec = pod.spec ?? { containers: [] };
    const oldSpec = old.spec ?? { containers: [] };
    if (!sameCount(spec, oldSpec, errors)) return;
    checkDeadline(spec, oldSpec, errors);
    checkTolerationsKept(spec, oldSpec, errors);
    const changed = changedFields(comparable(spec, oldSpec), comparable(oldSpec, oldSpec));
    if (changed.length > 0) errors.push(forbiddenField(podSpecPath, `${fixedText}\nchanged: ${changed.join(', ')}\n`));
  },
});

function sameCount(spec: v1.PodSpec, old: v1.PodSpec, errors: Errors): boolean {
  let same = true;
  for (const list of ['containers', 'initContainers'] as const) {
    if ((spec[list]?.length ?? 0) === (old[list]?.length ?? 0)) continue;
    errors.push(forbiddenField(podSpecPath.child(list), 'pod updates may not add or remove containers'));
    same = false;
  }
  return same;
}

function checkDeadline(spec: v1.PodSpec, old: v1.PodSpec, errors: Errors): void {
  if (old.activeDeadlineSeconds === undefined) return;
  const path = podSpecPath.child('activeDeadlineSeconds');
  if (spec.activeDeadlineSeconds === undefined) {
    errors.push(invalidValue(path, null, 'must not update from a positive integer to nil value'));
  } else if (spec.activeDeadlineSeconds > old.activeDeadlineSeconds) {
    const detail = 'must be less than or equal to previous value';
    errors.push(invalidValue(path, spec.activeDeadlineSeconds, detail));
  }
}

function checkTolerationsKept(spec: v1.PodSpec, old: v1.PodSpec, errors: Errors): void {
  const bare = ({ tolerationSeconds: _, ...rest }: v1.Toleration): PlainObject => rest;
  const now = spec.tolerations?.map(bare) ?? [];
  const kept = (old.tolerations ?? []).every((toleration) => now.some((other) => equalPlain(other, bare(toleration))));
  if (kept) return;
  const detail = 'existing toleration can not be modified except its tolerationSeconds';
  errors.push(forbiddenField(podSpecPath.child('tolerations'), detail));
}

/** The spec without what may change; `old` says which gates and grace period there were. */
function comparable(spec: v1.PodSpec, old: v1.PodSpec): PlainObject {
  const {
    activeDeadlineSeconds: _a,
    tolerations: _t,
    terminationGracePeriodSeconds: grace,
    schedulingGates,
    ...rest
  } = spec;
  const wasNegative = (old.terminationGracePeriodSeconds ?? 0) < 0;
  const gated = (old.schedulingGates?.length ?? 0) > 0;
  const { nodeSelector: _n, affinity: _f, ...withoutPlacement } = rest;
  const imageless = (list: readonly v1.Container[] | undefined): unknown =>
    list?.map(({ image: _i, ...others }) => others);
  // While gates hold a pod back, gates may go and its placement may be narrowed.
  return {
    ...(gated ? withoutPlacement : { ...rest, schedulingGates }),
    ...(wasNegative && grace === 1 ? {} : { terminationGracePeriodSeconds: wasNegative ? undefined : grace }),
    containers: imageless(spec.containers),
    initContainers: imageless(spec.initContainers),
  };
}

/** The innermost fields in which two values differ, by path. */
function changedFields(value: unknown, old: unknown, path = podSpecPath): string[] {
  if (equalPlain(value, old)) return [];
  if (Array.isArray(value) && Array.isArray(old) && value.length === old.length) {
    return value.flatMap((item, index) => changedFields(item, old[index], path.index(index)));
  }
  if (!isPlainObject(value) || !isPlainObject(old)) return [path.toString()];
  const keys = new Set([...Object.keys(value), ...Object.keys(old)]);
  return [...keys].flatMap((key) => changedFields(value[key], old[key], path.child(key)));
}
