import { type FieldPath, fieldPath, forbiddenField, invalidValue, notSupported, required } from '../field-errors.ts';
import { equalPlain } from '../plain.ts';
import type { appsv1, metav1, v1 } from '../types/index.ts';
import { checkAtMost100Percent, checkImmutable, checkIntOrPercent, checkNonNegative, type Errors } from './checks.ts';
import { checkLabelSelector } from './placement.ts';
import { checkTemplate, checkTemplateMatches, checkTemplateOutside } from './pod-template.ts';
import { type KindRules, kindRules } from './rules.ts';
import { statusRules } from './workload-status.ts';

const spec = fieldPath('spec');

/** Rules of what runs pods, by kind and group. */
export const workloadRules: Readonly<Record<string, KindRules>> = {
  'Deployment.apps': kindRules<appsv1.Deployment>({
    check({ spec: deployment }, errors) {
      if (deployment === undefined) return;
      const { selector, template, replicas, minReadySeconds, revisionHistoryLimit, progressDeadlineSeconds } =
        deployment;
      checkNonNegatives(errors, { replicas, minReadySeconds, revisionHistoryLimit, progressDeadlineSeconds });
      checkSelected(errors, selector, template, 'empty selector is invalid for deployment');
      checkAlwaysRestarted(errors, template, 'ReplicaSet');
      checkStrategy(errors, deployment.strategy ?? {});
      if (progressDeadlineSeconds !== undefined && progressDeadlineSeconds <= (minReadySeconds ?? 0)) {
        const path = spec.child('progressDeadlineSeconds');
        errors.push(invalidValue(path, progressDeadlineSeconds, 'must be greater than minReadySeconds'));
      }
    },
    checkUpdate: selectorStays,
    subresources: { status: statusRules.deployment },
  }),
  'ReplicaSet.apps': kindRules<appsv1.ReplicaSet>({
    check({ spec: set }, errors) {
      if (set === undefined) return;
      const { selector, template, replicas, minReadySeconds } = set;
      checkNonNegatives(errors, { replicas, minReadySeconds });
      checkSelected(errors, selector, template, 'empty selector is invalid for deployment');
      checkAlwaysRestarted(errors, template, 'ReplicaSet');
    },
    checkUpdate: selectorStays,
    subresources: { status: statusRules.replicaSet },
  }),
  'DaemonSet.apps': kindRules<appsv1.DaemonSet>({
    check({ spec: set }, errors) {
      if (set === undefined) return;
      const { selector, template, minReadySeconds, revisionHistoryLimit } = set;
      checkNonNegatives(errors, { minReadySeconds, revisionHistoryLimit });
      checkSelected(errors, selector, template, 'empty selector is invalid for daemonset');
      checkAlwaysRestarted(errors, template, 'DaemonSet');
      const { type = '', rollingUpdate } = set.updateStrategy ?? {};
      if (type !== 'RollingUpdate') {
        if (type === 'OnDelete') return;
        const given = { Type: type, RollingUpdate: rollingUpdate ?? null };
        errors.push(notSupported(spec.child('updateStrategy'), given, ['RollingUpdate', 'OnDelete']));
        return;
      }
      const path = spec.child('updateStrategy', 'rollingUpdate');
      const { maxUnavailable, maxSurge } = rollingUpdate ?? {};
      checkRolling(errors, path, maxUnavailable, maxSurge);
      checkAtMost100Percent(errors, path.child('maxSurge'), maxSurge);
      if (!isZero(maxUnavailable) && !isZero(maxSurge)) {
        errors.push(invalidValue(path.child('maxSurge'), maxSurge, 'may not be set when maxUnavailable is non-zero'));
      } else if (isZero(maxUnavailable) && isZero(maxSurge)) {
        errors.push(required(path.child('maxUnavailable'), 'cannot be 0 when maxSurge is 0'));
      }
    },
    checkUpdate: selectorStays,
    subresources: { status: statusRules.daemonSet },
  }),
  'StatefulSet.apps': kindRules<appsv1.StatefulSet>({
    check({ spec: set }, errors) {
      if (set === undefined) return;
      const { selector, template, replicas, minReadySeconds, revisionHistoryLimit } = set;
      checkNonNegatives(errors, { replicas, minReadySeconds, revisionHistoryLimit });
      // Nor does Kubernetes look into the pods: they have volumes that only their claims bring.
      checkSelected(errors, selector, template, 'empty selector is invalid for statefulset', checkTemplateOutside);
      checkAlwaysRestarted(errors, template, 'StatefulSet');
      checkStatefulParts(errors, set);
    },
    checkUpdate(set, old, errors) {
      const fixed = ({ spec: whole }: appsv1.StatefulSet): object => {
        const { replicas, ordinals, template, updateStrategy, revisionHistoryLimit, ...rest } =
          whole ?? ({} as appsv1.StatefulSetSpec);
        const { persistentVolumeClaimRetentionPolicy, minReadySeconds, ...others } = rest;
        return others;
      };
      if (equalPlain(fixed(set), fixed(old))) return;
      const detail =
        "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
      errors.push(forbiddenField(spec, detail));
    },
    subresources: { status: statusRules.statefulSet },
  }),
  ReplicationController: kindRules<v1.ReplicationController>({
    check({ spec: controller }, errors) {
      if (controller === undefined) return;
      const { replicas, minReadySeconds, selector = {}, template } = controller;
      checkNonNegatives(errors, { replicas, minReadySeconds });
      if (Object.keys(selector).length === 0) errors.push(required(spec.child('selector')));
      if (template === undefined) errors.push(required(spec.child('template')));
      else {
        checkTemplateMatches(errors, spec.child('template'), template, { matchLabels: selector });
        checkTemplate(errors, spec.child('template'), template);
        checkAlwaysRestarted(errors, template, 'ReplicationController');
      }
    },
    subresources: { status: statusRules.replicaSet },
  }),
  PodTemplate: kindRules<v1.PodTemplate>({
    check({ template }, errors) {
      if (template !== undefined) checkTemplate(errors, fieldPath('template'), template);
    },
  }),
};

function checkNonNegatives(errors: Errors, values: Readonly<Record<string, number | undefined>>): void {
  for (const [name, value] of Object.entries(values)) checkNonNegative(errors, spec.child(name), value);
}

type HasSelector = { spec?: { selector?: metav1.LabelSelector } };

function selectorStays(object: HasSelector, old: HasSelector, errors: Errors): void {
  checkImmutable(errors, spec.child('selector'), object.spec?.selector, old.spec?.selector);
}

/** A selector must ask for something, and the template's pods must be what it asks for. */
function checkSelected(
  errors: Errors,
  selector: metav1.LabelSelector | null | undefined,
  template: v1.PodTemplateSpec | undefined,
  emptyText: string,
  check = checkTemplate,
): void {
  const path = spec.child('selector');
  if (selector) {
    checkLabelSelector(errors, path, selector);
    const empty = Object.keys(selector.matchLabels ?? {}).length === 0 && !selector.matchExpressions?.length;
    if (empty) errors.push(invalidValue(path, selector, emptyText));
    else if (template !== undefined) checkTemplateMatches(errors, spec.child('template'), template, selector);
  }
  if (template !== undefined) check(errors, spec.child('template'), template);
}

function checkAlwaysRestarted(
  errors: Errors,
  template: v1.PodTemplateSpec | undefined,
  kind: 'DaemonSet' | 'ReplicaSet' | 'ReplicationController' | 'StatefulSet',
): void {
  const path = spec.child('template', 'spec');
  const { restartPolicy = 'Always', activeDeadlineSeconds } = template?.spec ?? {};
  if (restartPolicy !== 'Always') {
    errors.push(notSupported(path.child('restartPolicy'), restartPolicy, ['Always']));
  }
  if (activeDeadlineSeconds !== undefined) {
    const detail = `activeDeadlineSeconds in ${kind} is not Supported`;
    errors.push(forbiddenField(path.child('activeDeadlineSeconds'), detail));
  }
}

function checkStatefulParts(errors: Errors, set: appsv1.StatefulSetSpec): void {
  const { podManagementPolicy = '', persistentVolumeClaimRetentionPolicy: retention, ordinals } = set;
  if (podManagementPolicy !== 'OrderedReady' && podManagementPolicy !== 'Parallel') {
    const detail = "must be 'OrderedReady' or 'Parallel'";
    errors.push(invalidValue(spec.child('podManagementPolicy'), podManagementPolicy, detail));
  }
  const { type = '', rollingUpdate } = set.updateStrategy ?? {};
  const strategy = spec.child('updateStrategy');
  const path = strategy.child('rollingUpdate');
  if (type === 'RollingUpdate') checkStatefulRolling(errors, path, rollingUpdate);
  else if (type !== 'OnDelete') {
    const given = { Type: type, RollingUpdate: rollingUpdate ?? null };
    errors.push(invalidValue(strategy, given, "must be 'RollingUpdate' or 'OnDelete'"));
  } else if (rollingUpdate !== undefined) {
    errors.push(invalidValue(path, rollingUpdate, "only allowed for updateStrategy 'RollingUpdate'"));
  }
  for (const name of ['whenDeleted', 'whenScaled'] as const) {
    const policy = retention?.[name];
    if (retention === undefined || policy === 'Retain' || policy === 'Delete') continue;
    const at = spec.child('persistentVolumeClaimRetentionPolicy', name);
    errors.push(notSupported(at, policy ?? '', ['Retain', 'Delete']));
  }
  checkNonNegative(errors, spec.child('ordinals', 'start'), ordinals?.start);
}

function checkStatefulRolling(
  errors: Errors,
  path: FieldPath,
  rollingUpdate: appsv1.RollingUpdateStatefulSetStrategy = {},
): void {
  const { partition, maxUnavailable } = rollingUpdate;
  checkNonNegative(errors, path.child('partition'), partition);
  if (maxUnavailable === undefined) return;
  const at = path.child('maxUnavailable');
  checkIntOrPercent(errors, at, maxUnavailable);
  if (isZero(maxUnavailable)) errors.push(invalidValue(at, maxUnavailable, 'cannot be 0'));
  checkAtMost100Percent(errors, at, maxUnavailable);
}

function checkStrategy(errors: Errors, { type, rollingUpdate }: appsv1.DeploymentStrategy): void {
  if (type !== 'Recreate' && type !== 'RollingUpdate') {
    const given = { Type: type ?? '', RollingUpdate: rollingUpdate ?? null };
    errors.push(notSupported(spec.child('strategy'), given, ['Recreate', 'RollingUpdate']));
  }
  const path = spec.child('strategy', 'rollingUpdate');
  if (type === 'Recreate' && rollingUpdate !== undefined) {
    errors.push(forbiddenField(path, "may not be specified when strategy `type` is 'Recreate'"));
  }
  if (type !== 'RollingUpdate') return;
  const { maxUnavailable, maxSurge } = rollingUpdate ?? {};
  checkRolling(errors, path, maxUnavailable, maxSurge);
  if (isZero(maxUnavailable) && isZero(maxSurge)) {
    errors.push(invalidValue(path.child('maxUnavailable'), maxUnavailable ?? 0, 'may not be 0 when `maxSurge` is 0'));
  }
}

function checkRolling(
  errors: Errors,
  path: FieldPath,
  maxUnavailable: number | string | undefined,
  maxSurge: number | string | undefined,
): void {
  checkIntOrPercent(errors, path.child('maxUnavailable'), maxUnavailable);
  checkIntOrPercent(errors, path.child('maxSurge'), maxSurge);
  checkAtMost100Percent(errors, path.child('maxUnavailable'), maxUnavailable);
}

function isZero(value: number | string | undefined): boolean {
  return value === undefined || Number.parseInt(String(value), 10) === 0;
}
