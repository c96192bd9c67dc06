import { type FieldPath, fieldPath, invalidValue } from '../field-errors.ts';
import { checkNonNegative, type Errors } from './checks.ts';

const path = fieldPath('status');

/** What controllers report of a workload, as numbers by field. */
interface Reporting {
  status?: object;
}

interface Counts {
  /** Fields that are never negative, in the order in which they are looked at. */
  counts: readonly string[];
  /** Of those, the ones that are parts of `replicas`. */
  parts?: readonly string[];
  /** How `availableReplicas` says that it is more than `readyReplicas`. */
  availableText?: string;
  /** Whether a counter of collisions is kept, which only grows. */
  collisions?: boolean;
}

/** Status rules of what runs pods. */
export const statusRules = {
  deployment: statusCheck({
    counts: [
      'observedGeneration',
      'replicas',
      'updatedReplicas',
      'readyReplicas',
      'availableReplicas',
      'unavailableReplicas',
    ],
    parts: ['updatedReplicas', 'readyReplicas', 'availableReplicas'],
    availableText: 'cannot be greater than readyReplicas',
    collisions: true,
  }),
  replicaSet: statusCheck({
    counts: ['replicas', 'fullyLabeledReplicas', 'readyReplicas', 'availableReplicas', 'observedGeneration'],
    parts: ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'],
    availableText: 'cannot be greater than readyReplicas',
  }),
  statefulSet: statusCheck({
    counts: [
      'replicas',
      'readyReplicas',
      'currentReplicas',
      'updatedReplicas',
      'availableReplicas',
      'observedGeneration',
    ],
    parts: ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'],
    availableText: 'cannot be greater than status.readyReplicas',
    collisions: true,
  }),
  daemonSet: statusCheck({
    counts: [
      'currentNumberScheduled',
      'numberMisscheduled',
      'desiredNumberScheduled',
      'numberReady',
      'observedGeneration',
      'updatedNumberScheduled',
      'numberAvailable',
      'numberUnavailable',
    ],
    collisions: true,
  }),
};

function statusCheck({ counts, parts = [], availableText, collisions = false }: Counts) {
  return ({ status }: Reporting, old: Reporting, errors: Errors): void => {
    const values = (status ?? {}) as Readonly<Record<string, number | undefined>>;
    for (const name of counts) checkNonNegative(errors, path.child(name), values[name]);
    if (collisions) checkNonNegative(errors, path.child('collisionCount'), values['collisionCount']);
    for (const name of parts) {
      checkAtMost(errors, path.child(name), values[name], values['replicas'], 'cannot be greater than status.replicas');
    }
    if (availableText !== undefined) {
      const available = path.child('availableReplicas');
      checkAtMost(errors, available, values['availableReplicas'], values['readyReplicas'], availableText);
    }
    if (collisions) checkCollisions(errors, values['collisionCount'], old);
  };
}

function checkAtMost(errors: Errors, at: FieldPath, value = 0, most = 0, detail = ''): void {
  if (value > most) errors.push(invalidValue(at, value, detail));
}

function checkCollisions(errors: Errors, count: number | undefined, { status }: Reporting): void {
  const before = (status as { collisionCount?: number } | undefined)?.collisionCount;
  if (before === undefined || (count !== undefined && count >= before)) return;
  errors.push(invalidValue(path.child('collisionCount'), count ?? 0, 'cannot be decremented'));
}
