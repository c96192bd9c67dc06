import { type FieldPath, fieldPath, forbiddenField, invalidValue, notSupported, required } from '../field-errors.ts';
import { equalPlain } from '../plain.ts';
import { type LabelSelectorObject, selectorFromObject } from '../selectors/index.ts';
import type { appsv1, batchv1, metav1, v1 } from '../types/index.ts';
import {
  checkAtMost100Percent,
  checkImmutable,
  checkIntOrPercent,
  checkLabels,
  checkNonNegative,
  type Errors,
} from './checks.ts';
import { checkTemplateMetadata } from './metadata.ts';
import { checkLabelSelector } from './placement.ts';
import { checkPodSpec } from './pod-spec.ts';
import { type KindRules, kindRules } from './rules.ts';

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
      checkAlwaysRestarted(errors, template);
      checkStrategy(errors, deployment.strategy ?? {});
      if (progressDeadlineSeconds !== undefined && progressDeadlineSeconds <= (minReadySeconds ?? 0)) {
        const path = spec.child('progressDeadlineSeconds');
        errors.push(invalidValue(path, progressDeadlineSeconds, 'must be greater than minReadySeconds'));
      }
    },
    checkUpdate: selectorStays,
  }),
  'ReplicaSet.apps': kindRules<appsv1.ReplicaSet>({
    check({ spec: set }, errors) {
      if (set === undefined) return;
      const { selector, template, replicas, minReadySeconds } = set;
      checkNonNegatives(errors, { replicas, minReadySeconds });
      checkSelected(errors, selector, template, 'empty selector is invalid for deployment');
      checkAlwaysRestarted(errors, template);
    },
    checkUpdate: selectorStays,
  }),
  'DaemonSet.apps': kindRules<appsv1.DaemonSet>({
    check({ spec: set }, errors) {
      if (set === undefined) return;
      const { selector, template, minReadySeconds, revisionHistoryLimit } = set;
      checkNonNegatives(errors, { minReadySeconds, revisionHistoryLimit });
      checkSelected(errors, selector, template, 'empty selector is invalid for daemonset');
      checkAlwaysRestarted(errors, template);
      if (set.updateStrategy?.type !== 'RollingUpdate') return;
      const path = spec.child('updateStrategy', 'rollingUpdate');
      const { maxUnavailable, maxSurge } = set.updateStrategy.rollingUpdate ?? {};
      checkRolling(errors, path, maxUnavailable, maxSurge);
      if (!isZero(maxUnavailable) && !isZero(maxSurge)) {
        errors.push(invalidValue(path.child('maxSurge'), maxSurge, 'may not be set when maxUnavailable is non-zero'));
      } else if (isZero(maxUnavailable) && isZero(maxSurge)) {
        errors.push(required(path.child('maxUnavailable'), 'cannot be 0 when maxSurge is 0'));
      }
    },
    checkUpdate: selectorStays,
  }),
  'StatefulSet.apps': kindRules<appsv1.StatefulSet>({
    check({ spec: set }, errors) {
      if (set === undefined) return;
      const { selector, template, replicas, minReadySeconds, revisionHistoryLimit } = set;
      checkNonNegatives(errors, { replicas, minReadySeconds, revisionHistoryLimit });
      checkSelected(errors, selector, template, 'empty selector is invalid for statefulset');
      checkAlwaysRestarted(errors, template);
      const { type, rollingUpdate } = set.updateStrategy ?? {};
      const path = spec.child('updateStrategy', 'rollingUpdate');
      if (type === 'OnDelete' && rollingUpdate !== undefined) {
        errors.push(invalidValue(path, rollingUpdate, "only allowed for updateStrategy 'RollingUpdate'"));
      }
      checkNonNegative(errors, path.child('partition'), rollingUpdate?.partition);
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
  }),
  'Job.batch': kindRules<batchv1.Job>({
    check: ({ spec: job }, errors) => checkJob(errors, spec, job),
    checkUpdate(job, old, errors) {
      checkImmutable(errors, spec.child('selector'), job.spec?.selector, old.spec?.selector);
      checkImmutable(errors, spec.child('completionMode'), job.spec?.completionMode, old.spec?.completionMode);
      if (job.spec?.completionMode !== 'Indexed') {
        checkImmutable(errors, spec.child('completions'), job.spec?.completions, old.spec?.completions);
      }
      const suspended = old.spec?.suspend === true && old.status?.startTime === undefined;
      if (!suspended) checkImmutable(errors, spec.child('template'), job.spec?.template, old.spec?.template);
    },
  }),
  'CronJob.batch': kindRules<batchv1.CronJob>({
    check({ spec: cronJob }, errors) {
      if (cronJob === undefined) return;
      const { startingDeadlineSeconds, successfulJobsHistoryLimit, failedJobsHistoryLimit } = cronJob;
      checkNonNegatives(errors, { startingDeadlineSeconds, successfulJobsHistoryLimit, failedJobsHistoryLimit });
      checkJob(errors, spec.child('jobTemplate', 'spec'), cronJob.jobTemplate?.spec);
    },
  }),
  ReplicationController: kindRules<v1.ReplicationController>({
    check({ spec: controller }, errors) {
      if (controller === undefined) return;
      const { replicas, minReadySeconds, selector = {}, template } = controller;
      checkNonNegatives(errors, { replicas, minReadySeconds });
      checkLabels(errors, spec.child('selector'), selector);
      if (Object.keys(selector).length === 0) errors.push(required(spec.child('selector')));
      if (template === undefined) errors.push(required(spec.child('template')));
      else {
        checkMatch(errors, { matchLabels: selector }, template);
        checkTemplate(errors, spec.child('template'), template);
        checkAlwaysRestarted(errors, template);
      }
    },
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
): void {
  const path = spec.child('selector');
  if (selector) {
    checkLabelSelector(errors, path, selector);
    const empty = Object.keys(selector.matchLabels ?? {}).length === 0 && !selector.matchExpressions?.length;
    if (empty) errors.push(invalidValue(path, selector, emptyText));
    else if (template !== undefined) checkMatch(errors, selector, template);
  }
  if (template !== undefined) checkTemplate(errors, spec.child('template'), template);
}

function checkMatch(errors: Errors, selector: LabelSelectorObject, template: v1.PodTemplateSpec): void {
  const labels = template.metadata?.labels;
  let matches: boolean;
  try {
    matches = selectorFromObject(selector).matches(labels);
  } catch {
    // What is wrong with the selector itself is reported by its own check.
    return;
  }
  if (matches) return;
  const path = spec.child('template', 'metadata', 'labels');
  errors.push(invalidValue(path, labels ?? {}, '`selector` does not match template `labels`'));
}

function checkTemplate(errors: Errors, path: FieldPath, template: v1.PodTemplateSpec): void {
  checkTemplateMetadata(errors, path.child('metadata'), template.metadata);
  if (template.spec === undefined) return;
  checkPodSpec(errors, path.child('spec'), template.spec);
  if (template.spec.ephemeralContainers?.length) {
    const detail = 'ephemeral containers not allowed in pod template';
    errors.push(forbiddenField(path.child('spec', 'ephemeralContainers'), detail));
  }
}

function checkAlwaysRestarted(errors: Errors, template: v1.PodTemplateSpec | undefined): void {
  const path = spec.child('template', 'spec');
  const { restartPolicy = 'Always', activeDeadlineSeconds } = template?.spec ?? {};
  if (restartPolicy !== 'Always') {
    errors.push(notSupported(path.child('restartPolicy'), restartPolicy, ['Always']));
  }
  if (activeDeadlineSeconds !== undefined) {
    const detail = 'activeDeadlineSeconds in ReplicaSet is not Supported';
    errors.push(forbiddenField(path.child('activeDeadlineSeconds'), detail));
  }
}

function checkStrategy(errors: Errors, { type, rollingUpdate }: appsv1.DeploymentStrategy): void {
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

function checkJob(errors: Errors, path: FieldPath, job: batchv1.JobSpec | undefined): void {
  if (job === undefined) return;
  const counts = {
    parallelism: job.parallelism,
    completions: job.completions,
    activeDeadlineSeconds: job.activeDeadlineSeconds,
    backoffLimit: job.backoffLimit,
    ttlSecondsAfterFinished: job.ttlSecondsAfterFinished,
  };
  for (const [name, value] of Object.entries(counts)) checkNonNegative(errors, path.child(name), value);
  if (job.completionMode === 'Indexed' && job.completions === undefined) {
    errors.push(required(path.child('completions'), 'when completion mode is Indexed'));
  }
  if (job.template === undefined) return;
  checkTemplate(errors, path.child('template'), job.template);
  const policy = job.template.spec?.restartPolicy;
  if (policy !== undefined && policy !== 'Never' && policy !== 'OnFailure') {
    errors.push(notSupported(path.child('template', 'spec', 'restartPolicy'), policy, ['OnFailure', 'Never']));
  }
}
