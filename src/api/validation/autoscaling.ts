import { type FieldPath, fieldPath, forbiddenField, invalidValue, notSupported, required } from '../field-errors.ts';
import { checkPathSegment } from '../names.ts';
import { compareQuantities, tryParseQuantity, zeroQuantity } from '../quantity.ts';
import type { autoscalingv2 } from '../types/index.ts';
import { addEach, checkNonNegative, type Errors, negativeText } from './checks.ts';
import { checkContainerResourceName } from './resource-names.ts';
import { type KindRules, kindRules } from './rules.ts';

const spec = fieldPath('spec');
const maxStabilizationSeconds = 3600;
const maxPeriodSeconds = 1800;

/** Rules of autoscaling, whose older version is checked as what it is stored as. */
export const autoscalingRules: Readonly<Record<string, KindRules>> = {
  'HorizontalPodAutoscaler.autoscaling': kindRules<autoscalingv2.HorizontalPodAutoscaler>({
    check({ spec: autoscaler }, errors) {
      if (autoscaler === undefined) return;
      const { minReplicas, maxReplicas = 0, scaleTargetRef, metrics = [], behavior } = autoscaler;
      if (minReplicas !== undefined && minReplicas < 1) {
        errors.push(invalidValue(spec.child('minReplicas'), minReplicas, 'must be greater than or equal to 1'));
      }
      const most = spec.child('maxReplicas');
      if (maxReplicas < 1) errors.push(invalidValue(most, maxReplicas, 'must be greater than 0'));
      if (minReplicas !== undefined && maxReplicas < minReplicas) {
        errors.push(invalidValue(most, maxReplicas, 'must be greater than or equal to `minReplicas`'));
      }
      checkReference(errors, spec.child('scaleTargetRef'), scaleTargetRef);
      for (const [index, metric] of metrics.entries()) checkMetric(errors, spec.child('metrics').index(index), metric);
      for (const name of ['scaleUp', 'scaleDown'] as const) {
        const rules = behavior?.[name];
        if (rules !== undefined) checkScaling(errors, spec.child('behavior', name), rules);
      }
    },
    subresources: {
      status({ status }, _old, errors) {
        for (const name of ['currentReplicas', 'desiredReplicas'] as const) {
          checkNonNegative(errors, fieldPath('status', name), status?.[name]);
        }
      },
    },
  }),
};

/** That there are a kind and a name is what the description says already. */
function checkReference(
  errors: Errors,
  path: FieldPath,
  { kind, name }: Partial<autoscalingv2.CrossVersionObjectReference> = {},
): void {
  if (kind) addEach(errors, path.child('kind'), kind, checkPathSegment(kind));
  if (name) addEach(errors, path.child('name'), name, checkPathSegment(name));
}

/** Where each type of metric is described, in the order in which they are looked at. */
const sources = {
  Object: 'object',
  External: 'external',
  Pods: 'pods',
  Resource: 'resource',
  ContainerResource: 'containerResource',
} as const;

function checkMetric(errors: Errors, path: FieldPath, metric: autoscalingv2.MetricSpec): void {
  const { type } = metric;
  if (!type) errors.push(required(path.child('type'), 'must specify a metric source type'));
  const expected = Object.hasOwn(sources, type ?? '') ? sources[type as keyof typeof sources] : undefined;
  if (expected === undefined) {
    errors.push(notSupported(path.child('type'), type ?? '', Object.keys(sources).sort()));
  }
  const given = Object.values(sources).filter((source) => metric[source] !== undefined);
  if (given[0] !== undefined) checkSource(errors, path, metric, given[0]);
  if (expected !== undefined && !given.includes(expected)) {
    errors.push(required(path.child(expected), 'must populate information for the given metric source'));
  }
  if (given.length === 1) return;
  for (const source of given.filter((name) => name !== expected)) {
    errors.push(forbiddenField(path.child(source), 'must populate the given metric source only'));
  }
}

function checkSource(
  errors: Errors,
  metricPath: FieldPath,
  metric: autoscalingv2.MetricSpec,
  name: (typeof sources)[keyof typeof sources],
): void {
  const path = metricPath.child(name);
  const { target } = metric[name]!;
  const targetPath = path.child('target');
  const { value, averageValue, averageUtilization } = target ?? {};
  switch (name) {
    case 'object':
      checkReference(errors, path.child('describedObject'), metric.object?.describedObject);
      checkIdentifier(errors, path.child('metric'), metric.object?.metric);
      checkTarget(errors, targetPath, target);
      if (value === undefined && averageValue === undefined) {
        errors.push(required(targetPath.child('averageValue'), 'must set either a target value or averageValue'));
      }
      return;
    case 'external':
      checkIdentifier(errors, path.child('metric'), metric.external?.metric);
      checkTarget(errors, targetPath, target);
      if (value === undefined && averageValue === undefined) {
        const detail = 'must set either a target value for metric or a per-pod target';
        errors.push(required(targetPath.child('averageValue'), detail));
      }
      if (value !== undefined && averageValue !== undefined) {
        const detail = 'may not set both a target value for metric and a per-pod target';
        errors.push(forbiddenField(targetPath.child('value'), detail));
      }
      return;
    case 'pods':
      checkIdentifier(errors, path.child('metric'), metric.pods?.metric);
      checkTarget(errors, targetPath, target);
      if (averageValue === undefined) {
        errors.push(required(targetPath.child('averageValue'), 'must specify a positive target averageValue'));
      }
      return;
    default:
      if (!metric[name]?.name) errors.push(required(path.child('name'), 'must specify a resource name'));
      else if (name === 'containerResource') {
        checkContainerResourceName(errors, path.child('name'), metric[name]!.name);
      }
      if (name === 'containerResource' && !metric.containerResource?.container) {
        errors.push(required(path.child('container'), 'must specify a container'));
      }
      checkTarget(errors, targetPath, target);
      if (averageUtilization === undefined && averageValue === undefined) {
        const detail = 'must set either a target raw value or a target utilization';
        errors.push(required(targetPath.child('averageUtilization'), detail));
      }
      if (averageUtilization !== undefined && averageValue !== undefined) {
        const detail = 'may not set both a target raw value and a target utilization';
        errors.push(forbiddenField(targetPath.child('averageValue'), detail));
      }
  }
}

function checkIdentifier(errors: Errors, path: FieldPath, metric: autoscalingv2.MetricIdentifier | undefined): void {
  const name = path.child('name');
  if (!metric?.name) errors.push(required(name, 'must specify a metric name'));
  else addEach(errors, name, metric.name, checkPathSegment(metric.name));
}

function checkTarget(errors: Errors, path: FieldPath, target: autoscalingv2.MetricTarget | undefined): void {
  const { type = '', averageUtilization } = target ?? {};
  if (type === '') errors.push(required(path.child('type'), 'must specify a metric target type'));
  if (!['Utilization', 'Value', 'AverageValue'].includes(type)) {
    errors.push(invalidValue(path.child('type'), type, 'must be either Utilization, Value, or AverageValue'));
  }
  for (const name of ['value', 'averageValue'] as const) {
    const amount = target?.[name];
    if (amount === undefined || isPositive(amount)) continue;
    errors.push(invalidValue(path.child(name), String(amount), 'must be positive'));
  }
  if (averageUtilization !== undefined && averageUtilization < 1) {
    errors.push(invalidValue(path.child('averageUtilization'), averageUtilization, 'must be greater than 0'));
  }
}

function isPositive(amount: string | number): boolean {
  const quantity = tryParseQuantity(amount);
  return !('error' in quantity) && compareQuantities(quantity, zeroQuantity) > 0;
}

function checkScaling(errors: Errors, path: FieldPath, rules: autoscalingv2.HPAScalingRules): void {
  const { stabilizationWindowSeconds: window, selectPolicy, policies = [] } = rules;
  const windowPath = path.child('stabilizationWindowSeconds');
  if (window !== undefined && window < 0) {
    errors.push(invalidValue(windowPath, window, 'must be greater than or equal to zero'));
  }
  if (window !== undefined && window > maxStabilizationSeconds) {
    errors.push(invalidValue(windowPath, window, `must be less than or equal to ${maxStabilizationSeconds}`));
  }
  if (selectPolicy !== undefined && !['Disabled', 'Max', 'Min'].includes(selectPolicy)) {
    errors.push(notSupported(path.child('selectPolicy'), selectPolicy, ['Disabled', 'Max', 'Min']));
  }
  const tolerance = rules.tolerance === undefined ? zeroQuantity : tryParseQuantity(rules.tolerance);
  if (!('error' in tolerance) && compareQuantities(tolerance, zeroQuantity) < 0) {
    errors.push(invalidValue(path.child('tolerance'), String(rules.tolerance), negativeText));
  }
  if (policies.length === 0) errors.push(required(path.child('policies'), 'must specify at least one Policy'));
  policies.forEach(({ type, value = 0, periodSeconds = 0 }, index) => {
    const policy = path.child('policies').index(index);
    if (type !== 'Pods' && type !== 'Percent') {
      errors.push(notSupported(policy.child('type'), type ?? '', ['Percent', 'Pods']));
    }
    if (value <= 0) errors.push(invalidValue(policy.child('value'), value, 'must be greater than zero'));
    const period = policy.child('periodSeconds');
    if (periodSeconds <= 0) errors.push(invalidValue(period, periodSeconds, 'must be greater than zero'));
    if (periodSeconds > maxPeriodSeconds) {
      errors.push(invalidValue(period, periodSeconds, `must be less than or equal to ${maxPeriodSeconds}`));
    }
  });
}
