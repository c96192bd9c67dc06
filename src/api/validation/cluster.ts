import { fieldPath, forbiddenField, invalidValue, notSupported, required } from '../field-errors.ts';
import type { coordinationv1, schedulingv1, v1 } from '../types/index.ts';
import { checkImmutable, checkNonNegative, type Errors } from './checks.ts';
import { type KindRules, kindRules } from './rules.ts';

const spec = fieldPath('spec');
const maxUserPriority = 1_000_000_000;

/** Rules of what makes up a cluster, by kind and group. */
export const clusterRules: Readonly<Record<string, KindRules>> = {
  'Lease.coordination.k8s.io': kindRules<coordinationv1.Lease>({
    check({ spec: lease }, errors) {
      const { leaseDurationSeconds, leaseTransitions, strategy, preferredHolder } = lease ?? {};
      if (leaseDurationSeconds !== undefined && leaseDurationSeconds <= 0) {
        errors.push(invalidValue(spec.child('leaseDurationSeconds'), leaseDurationSeconds, 'must be greater than 0'));
      }
      checkNonNegative(errors, spec.child('leaseTransitions'), leaseTransitions);
      if (preferredHolder && !strategy) {
        errors.push(forbiddenField(spec.child('preferredHolder'), 'may only be specified if `strategy` is defined'));
      }
    },
  }),
  'PriorityClass.scheduling.k8s.io': kindRules<schedulingv1.PriorityClass>({
    check({ metadata, value, globalDefault = false }, errors) {
      const { name = '' } = metadata;
      if (!name.startsWith('system-')) {
        if (value <= maxUserPriority) return;
        const detail = `maximum allowed value of a user defined priority is ${maxUserPriority}`;
        errors.push(forbiddenField(fieldPath('value'), detail));
        return;
      }
      const problem = systemProblem(name, value, globalDefault);
      if (problem === undefined) return;
      const detail = `priority class names with 'system-' prefix are reserved for system use only. error: ${problem}`;
      errors.push(forbiddenField(fieldPath('metadata', 'name'), detail));
    },
    checkUpdate({ value, preemptionPolicy }, old, errors) {
      if (value !== old.value) errors.push(forbiddenField(fieldPath('value'), 'may not be changed in an update.'));
      checkImmutable(errors, fieldPath('preemptionPolicy'), preemptionPolicy, old.preemptionPolicy);
    },
  }),
  Binding: kindRules<v1.Binding>({
    check({ target }, errors: Errors) {
      if (target?.kind && target.kind !== 'Node') {
        errors.push(notSupported(fieldPath('target', 'kind'), target.kind, ['Node', '<empty>']));
      }
      if (!target?.name) errors.push(required(fieldPath('target', 'name')));
    },
  }),
};

const systemPriorities: Readonly<Record<string, number>> = {
  'system-cluster-critical': 2_000_000_000,
  'system-node-critical': 2_000_001_000,
};

function systemProblem(name: string, value: number, globalDefault: boolean): string | undefined {
  const known = Object.hasOwn(systemPriorities, name) ? systemPriorities[name] : undefined;
  if (known === undefined) return `${name} is not a known system priority class`;
  if (value !== known) return `value of ${name} PriorityClass must be ${known}`;
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined;
}
