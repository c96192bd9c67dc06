import { type FieldPath, forbiddenField, invalidValue } from '../../field-errors.ts';
import { equalPlain } from '../../plain.ts';
import type { v1 } from '../../types/index.ts';
import type { Errors } from '../checks.ts';
import { goDiff } from './go-diff.ts';
import { podSpecPath } from './spec.ts';

const maxInt32 = 2 ** 31 - 1;
const fixedText =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

export const noSpec: v1.PodSpec = { containers: [] };

/** What users may change of a pod that is there. */
export function checkSpecUpdate(errors: Errors, spec: v1.PodSpec, old: v1.PodSpec): void {
  if (!sameCount(errors, spec, old)) return;
  if (!checkDeadline(errors, spec, old)) return;
  checkTolerationsKept(errors, spec, old);
  checkGatesKept(errors, spec, old);
  if (equalPlain(spec, old)) return;
  if (old.schedulingGates?.length) checkPlacementUpdate(errors, spec, old);
  const reverted = withChangeable(spec, old);
  if (equalPlain(reverted, old)) return;
  errors.push(forbiddenField(podSpecPath, `${fixedText}\n${goDiff('PodSpec', old, reverted)}`));
}

function sameCount(errors: Errors, spec: v1.PodSpec, old: v1.PodSpec): boolean {
  for (const list of ['containers', 'initContainers'] as const) {
    if ((spec[list]?.length ?? 0) === (old[list]?.length ?? 0)) continue;
    errors.push(forbiddenField(podSpecPath.child(list), 'pod updates may not add or remove containers'));
    return false;
  }
  return true;
}

/** A deadline may come, and then only get nearer. Returns false if nothing more is worth telling. */
function checkDeadline(errors: Errors, spec: v1.PodSpec, old: v1.PodSpec): boolean {
  const path = podSpecPath.child('activeDeadlineSeconds');
  const { activeDeadlineSeconds: deadline } = spec;
  if (deadline === undefined) {
    if (old.activeDeadlineSeconds !== undefined) {
      errors.push(invalidValue(path, null, 'must not update from a positive integer to nil value'));
    }
    return true;
  }
  if (deadline < 0 || deadline > maxInt32) {
    errors.push(invalidValue(path, deadline, `must be between 0 and ${maxInt32}, inclusive`));
    return false;
  }
  if (old.activeDeadlineSeconds === undefined || deadline <= old.activeDeadlineSeconds) return true;
  errors.push(invalidValue(path, deadline, 'must be less than or equal to previous value'));
  return false;
}

function checkTolerationsKept(errors: Errors, { tolerations: now = [] }: v1.PodSpec, old: v1.PodSpec): void {
  const isKept = (toleration: v1.Toleration): boolean =>
    now.some(({ tolerationSeconds, ...rest }) => {
      const { tolerationSeconds: _, ...before } = toleration;
      return equalPlain(rest, before);
    });
  if ((old.tolerations ?? []).every(isKept)) return;
  const detail = 'existing toleration can not be modified except its tolerationSeconds';
  errors.push(forbiddenField(podSpecPath.child('tolerations'), detail));
}

function checkGatesKept(errors: Errors, { schedulingGates: now = [] }: v1.PodSpec, old: v1.PodSpec): void {
  for (const [index, { name }] of now.entries()) {
    if (old.schedulingGates?.some((gate) => gate.name === name)) continue;
    const detail = `only deletion is allowed, but found new scheduling gate '${name}'`;
    errors.push(forbiddenField(podSpecPath.child('schedulingGates').index(index).child('name'), detail));
  }
}

/** While gates hold a pod back, where it may go can be narrowed. */
function checkPlacementUpdate(errors: Errors, spec: v1.PodSpec, old: v1.PodSpec): void {
  const { nodeSelector: selector = {} } = spec;
  if (Object.entries(old.nodeSelector ?? {}).some(([key, value]) => selector[key] !== value)) {
    const detail = 'only additions to spec.nodeSelector are allowed (no mutations or deletions)';
    errors.push(invalidValue(podSpecPath.child('nodeSelector'), selector, detail));
  }
  const needed = 'requiredDuringSchedulingIgnoredDuringExecution';
  const terms = spec.affinity?.nodeAffinity?.[needed]?.nodeSelectorTerms ?? [];
  const before = old.affinity?.nodeAffinity?.[needed]?.nodeSelectorTerms ?? [];
  if (before.length === 0) return;
  checkTermsNarrowed(errors, podSpecPath.child('affinity', 'nodeAffinity', needed, 'nodeSelectorTerms'), terms, before);
}

function checkTermsNarrowed(
  errors: Errors,
  path: FieldPath,
  terms: readonly v1.NodeSelectorTerm[],
  before: readonly v1.NodeSelectorTerm[],
): void {
  if (terms.length !== before.length) {
    errors.push(invalidValue(path, terms, 'no additions/deletions to non-empty NodeSelectorTerms list are allowed'));
    return;
  }
  for (const [index, term] of terms.entries()) {
    if (isNarrowed(term, before[index]!)) continue;
    const detail = 'only additions are allowed (no mutations or deletions)';
    errors.push(invalidValue(path.index(index), term, detail));
  }
}

const conditions = ['matchExpressions', 'matchFields'] as const;

function isNarrowed(term: v1.NodeSelectorTerm, before: v1.NodeSelectorTerm): boolean {
  // An empty term matches no node, so what is added to it would widen the choice.
  const wasEmpty = conditions.every((name) => !before[name]?.length);
  if (wasEmpty) return conditions.every((name) => !term[name]?.length);
  return conditions.every((name) => {
    const old = before[name] ?? [];
    return equalPlain((term[name] ?? []).slice(0, old.length), old);
  });
}

/** The new spec with what may change put back as it was. */
function withChangeable(spec: v1.PodSpec, old: v1.PodSpec): v1.PodSpec {
  const reverted: v1.PodSpec = { ...spec };
  for (const list of ['containers', 'initContainers'] as const) {
    const containers = spec[list];
    if (containers) {
      reverted[list] = containers.map((container, index) => put({ ...container }, old[list]?.[index], 'image'));
    }
  }
  put(reverted, old, 'activeDeadlineSeconds');
  put(reverted, old, 'schedulingGates');
  put(reverted, old, 'tolerations');
  const { terminationGracePeriodSeconds: before = 0 } = old;
  if (before < 0 && spec.terminationGracePeriodSeconds === 1) reverted.terminationGracePeriodSeconds = before;
  if (!old.schedulingGates?.length) return reverted;
  put(reverted, old, 'nodeSelector');
  const { nodeAffinity: _, ...others } = spec.affinity ?? {};
  const kept = old.affinity?.nodeAffinity;
  const affinity: v1.Affinity = kept === undefined ? others : { ...others, nodeAffinity: kept };
  if (Object.keys(affinity).length > 0 || old.affinity !== undefined) reverted.affinity = affinity;
  else delete reverted.affinity;
  return reverted;
}

function put<T extends object>(target: T, source: T | undefined, field: keyof T): T {
  if (source?.[field] === undefined) delete target[field];
  else target[field] = source[field];
  return target;
}
