import { duplicate, type FieldError, type FieldPath, fieldPath, invalidValue, required } from '../field-errors.ts';
import { equalPlain } from '../plain.ts';
import type { batchv1 } from '../types/index.ts';
import { checkNonNegative, type Errors } from './checks.ts';
import { countIndexes } from './job-policies.ts';

const path = fieldPath('status');
const conditionsPath = path.child('conditions');
const counts = ['active', 'succeeded', 'failed', 'ready', 'terminating'] as const;
type Status = batchv1.JobStatus;

/**
 * What is reported of a Job. Whoever manages it may not contradict itself, nor take back that it ended; but what was wrong
 * before may stay, so most of it is checked only where it changes.
 */
export function checkJobStatus(job: batchv1.Job, old: batchv1.Job, errors: Errors): void {
  const { status = {} } = job;
  const before = old.status ?? {};
  for (const name of counts) checkNonNegative(errors, path.child(name), status[name]);
  checkUncounted(errors, status);
  checkConditions(errors, job, status, before);
  checkEnd(errors, status, before);
  checkTimes(errors, job, status, before);
  checkIndexes(errors, job, status, before);
  const changed = changes(status, before);
  if ((changed('ready') || changed('active')) && status.ready !== undefined && status.ready > (status.active ?? 0)) {
    errors.push(invalidValue(path.child('ready'), status.ready, 'cannot set more ready pods than active'));
  }
  checkProgress(errors, job, status, before);
}

type Changed = (field: keyof Status) => boolean;

function changes(status: Status, before: Status): Changed {
  return (field) => !equalPlain(status[field] ?? null, before[field] ?? null);
}

function isTrue({ conditions = [] }: Status, type: string): boolean {
  return conditions.some((condition) => condition.type === type && condition.status === 'True');
}

const isFinished = (status: Status): boolean => isTrue(status, 'Complete') || isTrue(status, 'Failed');

/** Without a value, which would be all conditions. */
function contradiction(detail: string): FieldError {
  return { type: 'FieldValueInvalid', field: conditionsPath.toString(), detail };
}

function checkUncounted(errors: Errors, { uncountedTerminatedPods: pods }: Status): void {
  const seen = new Set<string>();
  for (const name of ['succeeded', 'failed'] as const) {
    (pods?.[name] ?? []).forEach((uid, index) => {
      const at = path.child('uncountedTerminatedPods', name).index(index);
      if (uid === '') errors.push(invalidValue(at, uid, 'must not be empty'));
      else if (seen.has(uid)) errors.push(duplicate(at, uid));
      seen.add(uid);
    });
  }
}

function checkConditions(errors: Errors, { spec }: batchv1.Job, status: Status, before: Status): void {
  const is = (type: string): boolean => isTrue(status, type);
  const turned = (type: string): boolean => is(type) !== isTrue(before, type);
  const refuse = (wrong: boolean, detail: string): void => {
    if (wrong) errors.push(contradiction(detail));
  };
  const [complete, failed, failing, met] = ['Complete', 'Failed', 'FailureTarget', 'SuccessCriteriaMet'].map(is);
  const completing = turned('Complete');
  refuse(
    (completing || turned('Failed')) && complete! && failed!,
    'cannot set Complete=True and Failed=true conditions',
  );
  refuse(
    (completing || turned('FailureTarget')) && complete! && failing!,
    'cannot set Complete=True and FailureTarget=true conditions',
  );
  refuse(
    turned('Failed') && failed! && !failing,
    'cannot set Failed=True condition without the FailureTarget=true condition',
  );
  refuse(
    (completing || turned('SuccessCriteriaMet')) && complete! && !met,
    'cannot set Complete=True condition without the SuccessCriteriaMet=true condition',
  );
  refuse(met! && failed!, 'cannot set SuccessCriteriaMet=True and Failed=true conditions');
  refuse(met! && failing!, 'cannot set SuccessCriteriaMet=True and FailureTarget=true conditions');
  refuse(
    spec?.successPolicy !== undefined && !met && complete!,
    'cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True',
  );
}

/** Of a Job that has ended, nothing goes on. */
function checkEnd(errors: Errors, status: Status, before: Status): void {
  if (!isFinished(status)) return;
  const changed = changes(status, before);
  const ends = !isFinished(before);
  const { active = 0, terminating = 0, startTime, uncountedTerminatedPods: pods } = status;
  if ((ends || changed('active')) && active > 0) {
    errors.push(invalidValue(path.child('active'), active, 'active>0 is invalid for finished job'));
  }
  if ((ends || changed('startTime')) && startTime === undefined) {
    errors.push(required(path.child('startTime'), 'startTime is required for finished job'));
  }
  const uncounted = (pods?.failed?.length ?? 0) + (pods?.succeeded?.length ?? 0);
  if ((ends || changed('uncountedTerminatedPods')) && uncounted > 0) {
    const detail = 'uncountedTerminatedPods needs to be empty for finished job';
    errors.push(invalidValue(path.child('uncountedTerminatedPods'), pods, detail));
  }
  if ((ends || changed('terminating')) && terminating > 0) {
    errors.push(invalidValue(path.child('terminating'), terminating, 'terminating>0 is invalid for finished job'));
  }
}

function checkTimes(errors: Errors, { spec }: batchv1.Job, status: Status, before: Status): void {
  const changed = changes(status, before);
  const { startTime, completionTime } = status;
  const at = path.child('completionTime');
  const complete = isTrue(status, 'Complete');
  if (complete !== isTrue(before, 'Complete') || changed('completionTime')) {
    if (completionTime !== undefined && !complete) {
      const detail = 'cannot set completionTime when there is no Complete=True condition';
      errors.push(invalidValue(at, completionTime, detail));
    } else if (completionTime === undefined && complete) {
      errors.push(required(at, 'completionTime is required for Complete jobs'));
    }
  }
  const inverted =
    startTime !== undefined && completionTime !== undefined && Date.parse(completionTime) < Date.parse(startTime);
  if ((changed('startTime') || changed('completionTime')) && inverted) {
    errors.push(invalidValue(at, completionTime, 'completionTime cannot be set before startTime'));
  }
  if (completionTime !== undefined && before.completionTime !== undefined && changed('completionTime')) {
    errors.push(invalidValue(at, completionTime, 'completionTime cannot be mutated'));
  }
  if (before.startTime !== undefined && changed('startTime') && !spec?.suspend) {
    errors.push(required(path.child('startTime'), 'startTime cannot be removed for unsuspended job'));
  }
}

function checkIndexes(errors: Errors, { spec }: batchv1.Job, status: Status, before: Status): void {
  const changed = changes(status, before);
  const { completedIndexes = '', failedIndexes } = status;
  const { completions, backoffLimitPerIndex, completionMode } = spec ?? ({} as batchv1.JobSpec);
  const [completedPath, failedPath] = [path.child('completedIndexes'), path.child('failedIndexes')];
  if (changed('completedIndexes')) {
    if (completions !== undefined)
      checkFormat(errors, completedPath, 'completedIndexes', completedIndexes, completions);
    if (completedIndexes !== '' && completionMode !== 'Indexed') {
      const detail = 'cannot set non-empty completedIndexes when non-indexed completion mode';
      errors.push(invalidValue(completedPath, completedIndexes, detail));
    }
  }
  if (!changed('failedIndexes') || failedIndexes === undefined) return;
  if (backoffLimitPerIndex === undefined) {
    const detail = 'cannot set non-null failedIndexes when backoffLimitPerIndex is null';
    errors.push(invalidValue(failedPath, failedIndexes, detail));
  } else if (completions !== undefined) {
    checkFormat(errors, failedPath, 'failedIndexes', failedIndexes, completions);
  }
}

function checkFormat(errors: Errors, at: FieldPath, name: string, text: string, completions: number): void {
  const counted = countIndexes(text, completions);
  if (typeof counted === 'string') errors.push(invalidValue(at, text, `error parsing ${name}: ${counted}`));
}

/** What can't be taken back. */
function checkProgress(errors: Errors, { spec }: batchv1.Job, status: Status, before: Status): void {
  for (const type of ['Failed', 'Complete', 'FailureTarget']) {
    if (isTrue(before, type) && !isTrue(status, type)) {
      errors.push(contradiction(`cannot disable the terminal ${type}=True condition`));
    }
  }
  // An indexed Job that is made smaller forgets what it did beyond.
  const elastic = spec?.completionMode === 'Indexed' && spec.completions === spec.parallelism;
  const [failed, succeeded] = [status.failed ?? 0, status.succeeded ?? 0];
  if (failed < (before.failed ?? 0)) {
    errors.push(invalidValue(path.child('failed'), failed, 'cannot decrease the failed counter'));
  }
  if (!elastic && succeeded < (before.succeeded ?? 0)) {
    errors.push(invalidValue(path.child('succeeded'), succeeded, 'cannot decrease the succeeded counter'));
  }
  const [met, metBefore] = [isTrue(status, 'SuccessCriteriaMet'), isTrue(before, 'SuccessCriteriaMet')];
  if (metBefore && !met) errors.push(contradiction('cannot disable the SuccessCriteriaMet=True condition'));
  if (isTrue(before, 'Complete') && !metBefore && met) {
    errors.push(contradiction('cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions'));
  }
}
