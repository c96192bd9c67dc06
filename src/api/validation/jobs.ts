import { type FieldPath, fieldPath, invalidValue, notSupported, required, tooLong } from '../field-errors.ts';
import { checkDomainPrefixedPath, isDns1123Label } from '../names.ts';
import { clonePlain } from '../plain.ts';
import type { batchv1 } from '../types/index.ts';
import { addEach, checkImmutable, checkNonNegative, type Errors } from './checks.ts';
import { isTimeZone, scheduleProblem } from './cron.ts';
import { checkFailurePolicy, checkSuccessPolicy } from './job-policies.ts';
import { checkJobStatus } from './job-status.ts';
import { checkLabelSelector } from './placement.ts';
import { checkTemplate, checkTemplateMatches } from './pod-template.ts';
import { type KindRules, kindRules } from './rules.ts';

const spec = fieldPath('spec');
/** Bounds on what is kept of each index of an indexed Job. */
const maxIndexedParallelism = 100_000;
const maxFailedIndexes = 100_000;
const manyCompletions = 100_000;
const maxWithManyCompletions = 10_000;
const maxManagerBytes = 63;

/** Rules of batch, by kind and group. */
export const jobRules: Readonly<Record<string, KindRules>> = {
  'Job.batch': kindRules<batchv1.Job>({
    check({ spec: job }, errors) {
      if (job === undefined) return;
      checkJob(errors, spec, job);
      if (job.selector === undefined) return;
      checkLabelSelector(errors, spec.child('selector'), job.selector);
      if (job.template !== undefined) {
        checkTemplateMatches(errors, spec.child('template'), job.template, job.selector);
      }
    },
    checkCreate(job, errors) {
      checkSelector(job, errors);
      checkHostnames(job, errors);
    },
    checkUpdate({ spec: job }, old, errors) {
      if (job === undefined || old.spec === undefined) return;
      checkCompletionsUpdate(errors, job, old.spec);
      checkImmutable(errors, spec.child('selector'), job.selector, old.spec.selector);
      checkTemplateUpdate(errors, job, old);
      for (const name of fixed) checkImmutable(errors, spec.child(name), job[name] ?? null, old.spec[name] ?? null);
    },
    subresources: { status: checkJobStatus },
  }),
  'CronJob.batch': kindRules<batchv1.CronJob>({
    check({ spec: cronJob }, errors) {
      if (cronJob === undefined) return;
      const { schedule, startingDeadlineSeconds, jobTemplate } = cronJob;
      if (schedule) {
        const problem = scheduleProblem(schedule);
        if (problem !== undefined) errors.push(invalidValue(spec.child('schedule'), schedule, problem));
      }
      checkNonNegative(errors, spec.child('startingDeadlineSeconds'), startingDeadlineSeconds);
      if (jobTemplate?.spec !== undefined) checkJobOfTemplate(errors, jobTemplate.spec);
      for (const name of ['successfulJobsHistoryLimit', 'failedJobsHistoryLimit'] as const) {
        checkNonNegative(errors, spec.child(name), cronJob[name]);
      }
    },
    checkCreate({ spec: cronJob }, errors) {
      checkScheduleZone(errors, cronJob, undefined);
      checkTimeZone(errors, spec.child('timeZone'), cronJob?.timeZone);
    },
    checkUpdate({ spec: cronJob }, old, errors) {
      checkScheduleZone(errors, cronJob, old.spec);
      // What zones there are changes with the machine: one that was let in stays.
      if (cronJob?.timeZone === old.spec?.timeZone) return;
      checkTimeZone(errors, spec.child('timeZone'), cronJob?.timeZone);
    },
  }),
};

const fixed = [
  'completionMode',
  'podFailurePolicy',
  'backoffLimitPerIndex',
  'managedBy',
  'successPolicy',
] as const satisfies readonly (keyof batchv1.JobSpec)[];

const counts = [
  'parallelism',
  'completions',
  'activeDeadlineSeconds',
  'backoffLimit',
  'ttlSecondsAfterFinished',
  'backoffLimitPerIndex',
  'maxFailedIndexes',
] as const satisfies readonly (keyof batchv1.JobSpec)[];

function checkJob(errors: Errors, path: FieldPath, job: batchv1.JobSpec): void {
  for (const name of counts) checkNonNegative(errors, path.child(name), job[name]);
  if (job.maxFailedIndexes !== undefined && job.backoffLimitPerIndex === undefined) {
    errors.push(required(path.child('backoffLimitPerIndex'), 'when maxFailedIndexes is specified'));
  }
  if (job.managedBy !== undefined) {
    const manager = path.child('managedBy');
    addEach(errors, manager, job.managedBy, checkDomainPrefixedPath(job.managedBy));
    if (Buffer.byteLength(job.managedBy) > maxManagerBytes) errors.push(tooLong(manager, maxManagerBytes));
  }
  if (job.completionMode === 'Indexed') checkIndexed(errors, path, job);
  else checkNotIndexed(errors, path, job);
  checkFailurePolicy(errors, path, job);
  checkSuccessPolicy(errors, path, job);
  if (job.podFailurePolicy !== undefined && job.podReplacementPolicy === 'TerminatingOrFailed') {
    errors.push(notSupported(path.child('podReplacementPolicy'), job.podReplacementPolicy, ['Failed']));
  }
  if (job.template === undefined) return;
  checkTemplate(errors, path.child('template'), job.template);
  checkRestartPolicy(errors, path.child('template', 'spec', 'restartPolicy'), job);
}

/** A selector is either chosen, or the one that the API server made, with the labels that go with it. */
function checkSelector({ metadata, spec: job }: batchv1.Job, errors: Errors): void {
  if (job === undefined) return;
  if (job.selector === undefined) {
    if (job.manualSelector) errors.push(required(spec.child('selector')));
    return;
  }
  if (job.manualSelector) return;
  const expected: Record<string, string> = {};
  for (const prefix of ['', 'batch.kubernetes.io/']) {
    expected[`${prefix}controller-uid`] = metadata.uid ?? '';
    expected[`${prefix}job-name`] = metadata.name ?? '';
  }
  const path = spec.child('template', 'metadata', 'labels');
  const { labels = {} } = job.template.metadata ?? {};
  for (const [name, value] of Object.entries(expected)) {
    if (labels[name] === undefined) errors.push(required(path, name));
    else if (labels[name] !== value) errors.push(invalidValue(path, labels, `must be '${value}'`));
  }
  const { matchLabels = {}, matchExpressions = [] } = job.selector;
  const generated = Object.entries(matchLabels).every(([name, value]) => expected[name] === value);
  if (!generated || matchExpressions.length > 0) {
    errors.push(invalidValue(spec.child('selector'), job.selector, '`selector` not auto-generated'));
  }
}

function checkIndexed(errors: Errors, path: FieldPath, job: batchv1.JobSpec): void {
  const { completions, parallelism = 1, maxFailedIndexes: failed, backoffLimitPerIndex } = job;
  if (completions === undefined) errors.push(required(path.child('completions'), 'when completion mode is Indexed'));
  if (parallelism > maxIndexedParallelism) {
    const detail = `must be less than or equal to ${maxIndexedParallelism} when completion mode is Indexed`;
    errors.push(invalidValue(path.child('parallelism'), parallelism, detail));
  }
  const failedPath = path.child('maxFailedIndexes');
  if (failed !== undefined && completions !== undefined && failed > completions) {
    errors.push(invalidValue(failedPath, failed, 'must be less than or equal to completions'));
  }
  if (failed !== undefined && failed > maxFailedIndexes) {
    errors.push(invalidValue(failedPath, failed, `must be less than or equal to ${maxFailedIndexes}`));
  }
  if (completions === undefined || completions <= manyCompletions || backoffLimitPerIndex === undefined) return;
  if (failed === undefined) {
    errors.push(required(failedPath, `must be specified when completions is above ${manyCompletions}`));
  }
  const detail = `must be less than or equal to ${maxWithManyCompletions} when completions are above ${manyCompletions} and used with backoff limit per index`;
  if (parallelism > maxWithManyCompletions) {
    errors.push(invalidValue(path.child('parallelism'), parallelism, detail));
  }
  if (failed !== undefined && failed > maxWithManyCompletions) errors.push(invalidValue(failedPath, failed, detail));
}

function checkNotIndexed(errors: Errors, path: FieldPath, job: batchv1.JobSpec): void {
  for (const name of ['backoffLimitPerIndex', 'maxFailedIndexes'] as const) {
    if (job[name] !== undefined) {
      errors.push(invalidValue(path.child(name), job[name], 'requires indexed completion mode'));
    }
  }
}

function checkRestartPolicy(errors: Errors, path: FieldPath, job: batchv1.JobSpec): void {
  const policy = job.template.spec?.restartPolicy ?? '';
  // A pod's own default doesn't suit a Job, so one has to say what shall be.
  if (policy === '' || policy === 'Always') errors.push(required(path, 'valid values: "OnFailure", "Never"'));
  else if (policy !== 'OnFailure' && policy !== 'Never') {
    errors.push(notSupported(path, policy, ['OnFailure', 'Never']));
  } else if (job.podFailurePolicy !== undefined && policy !== 'Never') {
    errors.push(invalidValue(path, policy, 'only "Never" is supported when podFailurePolicy is specified'));
  }
}

function checkCompletionsUpdate(errors: Errors, job: batchv1.JobSpec, old: batchv1.JobSpec): void {
  const path = spec.child('completions');
  if (job.completionMode !== 'Indexed') checkImmutable(errors, path, job.completions ?? null, old.completions ?? null);
  else if (
    job.completions !== undefined &&
    job.completions !== old.completions &&
    job.completions !== job.parallelism
  ) {
    errors.push(invalidValue(path, job.completions, 'can only be modified in tandem with spec.parallelism'));
  }
}

/** A Job that hasn't started yet may still be told where its pods go. */
function checkTemplateUpdate(errors: Errors, job: batchv1.JobSpec, { spec: old, status }: batchv1.Job): void {
  let kept = old?.template;
  const { template } = job;
  if (old?.suspend === true && status?.startTime === undefined && kept?.spec !== undefined && template.spec) {
    const { labels, annotations, ...metadata } = kept.metadata ?? {};
    const { nodeSelector, tolerations, schedulingGates, affinity, ...pod } = clonePlain(kept.spec);
    const given = template.spec;
    const others = { ...affinity, nodeAffinity: given.affinity?.nodeAffinity };
    const placed = given.affinity !== undefined || affinity?.podAffinity || affinity?.podAntiAffinity;
    kept = {
      metadata: defined({
        ...metadata,
        labels: template.metadata?.labels,
        annotations: template.metadata?.annotations,
      }),
      spec: defined({
        ...pod,
        nodeSelector: given.nodeSelector,
        tolerations: given.tolerations,
        schedulingGates: given.schedulingGates,
        affinity: placed ? defined(others) : undefined,
      }),
    };
  }
  checkImmutable(errors, spec.child('template'), template, kept);
}

/** Without the fields that are undefined, which no stored object has. */
function defined<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}

function checkJobOfTemplate(errors: Errors, job: batchv1.JobSpec): void {
  const path = spec.child('jobTemplate', 'spec');
  checkJob(errors, path, job);
  if (job.selector !== undefined) {
    errors.push(invalidValue(path.child('selector'), job.selector, '`selector` will be auto-generated'));
  }
  if (job.manualSelector) errors.push(notSupported(path.child('manualSelector'), true, ['nil', 'false']));
}

/** A zone within the schedule is what older releases let pass; it may stay, but not come. */
function checkScheduleZone(
  errors: Errors,
  cronJob: batchv1.CronJobSpec | undefined,
  old: batchv1.CronJobSpec | undefined,
): void {
  if (!cronJob?.schedule?.includes('TZ')) return;
  const path = spec.child('schedule');
  if (!old?.schedule?.includes('TZ')) {
    const detail = 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead';
    errors.push(invalidValue(path, cronJob.schedule, detail));
  } else if (cronJob.timeZone !== undefined) {
    const detail = 'cannot use both timeZone field and TZ or CRON_TZ in schedule';
    errors.push(invalidValue(path, cronJob.schedule, detail));
  }
}

function checkTimeZone(errors: Errors, path: FieldPath, zone: string | undefined): void {
  if (zone === undefined) return;
  const refuse = (detail: string): void => void errors.push(invalidValue(path, zone, detail));
  if (zone === '') refuse('timeZone must be nil or non-empty string');
  else if (!zone.split('/').every(isZonePart)) refuse(`unknown time zone ${zone}`);
  else if (zone.toLowerCase() === 'local') {
    refuse('timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones');
    // Go knows it in this one spelling.
    if (zone !== 'Local') refuse(`unknown time zone ${zone}`);
  } else if (!isTimeZone(zone)) refuse(`unknown time zone ${zone}`);
}

const isZonePart = (part: string): boolean =>
  part !== '.' && part !== '..' && !part.startsWith('-') && /^[A-Za-z.\-_0-9+]{1,14}$/.test(part);

/** The pods of an indexed Job are called after it and their index, which has to make a name of a host. */
function checkHostnames({ metadata, spec: job }: batchv1.Job, errors: Errors): void {
  const { completions = 0, completionMode } = job ?? {};
  if (completionMode !== 'Indexed' || completions <= 0) return;
  const longest = `${metadata.name}-${completions - 1}`;
  if (isDns1123Label(longest)) return;
  const detail = `will not able to create pod with invalid DNS label: ${longest}`;
  errors.push(invalidValue(fieldPath('metadata', 'name'), metadata.name, detail));
}
