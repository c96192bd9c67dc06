/**
 * Horizontal pod autoscalers are stored as autoscaling/v2. In autoscaling/v1 there is a field for the CPU target only;
 * all else is kept in annotations, as Kubernetes keeps it, so that nothing is lost by an update through v1.
 */
import type { UnstructuredObject } from './object.ts';
import { isPlainObject, type PlainObject } from './plain.ts';

const prefix = 'autoscaling.alpha.kubernetes.io';
const annotations = {
  metrics: `${prefix}/metrics`,
  behavior: `${prefix}/behavior`,
  currentMetrics: `${prefix}/current-metrics`,
  conditions: `${prefix}/conditions`,
};

/** The autoscaling/v1 form of an autoscaling/v2 autoscaler. The argument is not changed. */
export function autoscalerV1Of(autoscaler: UnstructuredObject): UnstructuredObject {
  const { metrics, behavior, ...spec } = part(autoscaler['spec']);
  const { currentMetrics, conditions, ...status } = part(autoscaler['status']);
  const targets = split(metrics, 'target');
  const currents = split(currentMetrics, 'current');
  return {
    ...autoscaler,
    apiVersion: 'autoscaling/v1',
    metadata: annotated(autoscaler, {
      [annotations.metrics]: targets.others,
      [annotations.behavior]: behavior,
      [annotations.currentMetrics]: currents.others,
      [annotations.conditions]: conditions,
    }),
    spec: { ...spec, ...(targets.cpu === undefined ? {} : { targetCPUUtilizationPercentage: targets.cpu }) },
    status: {
      currentReplicas: 0,
      ...status,
      ...(currents.cpu === undefined ? {} : { currentCPUUtilizationPercentage: currents.cpu }),
    },
  };
}

/** The autoscaling/v2 form of an autoscaling/v1 autoscaler. The argument is not changed. */
export function autoscalerV2Of(autoscaler: UnstructuredObject): UnstructuredObject {
  const { targetCPUUtilizationPercentage: targetCpu, ...spec } = part(autoscaler['spec']);
  const { currentCPUUtilizationPercentage: currentCpu, ...status } = part(autoscaler['status']);
  const metrics = joined(targetCpu, kept(autoscaler, annotations.metrics), 'target');
  const behavior = kept(autoscaler, annotations.behavior);
  const currentMetrics = joined(currentCpu, kept(autoscaler, annotations.currentMetrics), 'current');
  const conditions = kept(autoscaler, annotations.conditions);
  return {
    ...autoscaler,
    apiVersion: 'autoscaling/v2',
    metadata: annotated(autoscaler, {}),
    spec: { ...spec, ...(metrics && { metrics }), ...(isPlainObject(behavior) && { behavior }) },
    status: { ...status, ...(currentMetrics && { currentMetrics }), ...(Array.isArray(conditions) && { conditions }) },
  };
}

/** Of a metric, its wish or its measurement: the part of a spec's or of a status's metrics. */
type Side = 'target' | 'current';

/** Where the values of each source stand in v2, and what v1 calls them; `*` is the side. */
const sources: Readonly<Record<string, readonly [v2: string, v1: string][]>> = {
  object: [
    ['describedObject', 'target'],
    ['metric.name', 'metricName'],
    ['metric.selector', 'selector'],
    ['*.value', '*Value'],
    ['*.averageValue', 'averageValue'],
  ],
  pods: [
    ['metric.name', 'metricName'],
    ['metric.selector', 'selector'],
    ['*.averageValue', '*AverageValue'],
  ],
  resource: [
    ['name', 'name'],
    ['*.averageUtilization', '*AverageUtilization'],
    ['*.averageValue', '*AverageValue'],
  ],
  containerResource: [
    ['name', 'name'],
    ['container', 'container'],
    ['*.averageUtilization', '*AverageUtilization'],
    ['*.averageValue', '*AverageValue'],
  ],
  external: [
    ['metric.name', 'metricName'],
    ['metric.selector', 'metricSelector'],
    ['*.value', '*Value'],
    ['*.averageValue', '*AverageValue'],
  ],
};

/** The utilization of CPU, and the other metrics in v1's form. */
function split(metrics: unknown, side: Side): { cpu: unknown; others: PlainObject[] | undefined } {
  const list = Array.isArray(metrics) ? metrics.filter(isPlainObject) : [];
  const cpuIndex = list.findIndex((metric) => utilizationOfCpu(metric, side) !== undefined);
  const others = list.filter((_, index) => index !== cpuIndex).map((metric) => renamed(metric, side, false));
  return {
    cpu: cpuIndex < 0 ? undefined : utilizationOfCpu(list[cpuIndex]!, side),
    others: others.length === 0 ? undefined : others,
  };
}

function utilizationOfCpu(metric: PlainObject, side: Side): unknown {
  const resource = part(metric['resource']);
  return resource['name'] === 'cpu' ? (part(resource[side])['averageUtilization'] ?? undefined) : undefined;
}

function joined(cpu: unknown, others: unknown, side: Side): PlainObject[] | undefined {
  const list = Array.isArray(others)
    ? others.filter(isPlainObject).map((metric) => withTargetType(renamed(metric, side, true), side))
    : [];
  if (cpu === undefined || cpu === null) return list.length === 0 ? undefined : list;
  const resource = { name: 'cpu', [side]: { averageUtilization: cpu } };
  return [...list, withTargetType({ type: 'Resource', resource }, side)];
}

/** A metric in the other version's words. */
function renamed(metric: PlainObject, side: Side, toV2: boolean): PlainObject {
  const result: PlainObject = { type: metric['type'] };
  for (const [source, names] of Object.entries(sources)) {
    if (!isPlainObject(metric[source])) continue;
    const target: PlainObject = {};
    for (const [v2, v1] of names) {
      const [from, to] = toV2 ? [v1, v2] : [v2, v1];
      setAt(target, to.replace('*', side), getAt(metric[source], from.replace('*', side)));
    }
    result[source] = target;
  }
  return result;
}

/** v2 says of a target which of its values counts. */
function withTargetType(metric: PlainObject, side: Side): PlainObject {
  if (side === 'current') return metric;
  for (const source of Object.keys(sources)) {
    if (!isPlainObject(metric[source])) continue;
    const target = part(metric[source]['target']);
    const type = 'averageUtilization' in target ? 'Utilization' : 'averageValue' in target ? 'AverageValue' : 'Value';
    metric[source]['target'] = { type, ...target };
  }
  return metric;
}

function getAt(object: PlainObject, path: string): unknown {
  const [first, second] = path.split('.') as [string, string?];
  return second === undefined ? object[first] : part(object[first])[second];
}

function setAt(object: PlainObject, path: string, value: unknown): void {
  if (value === undefined || value === null) return;
  const [first, second] = path.split('.') as [string, string?];
  if (second === undefined) object[first] = value;
  else object[first] = { ...part(object[first]), [second]: value };
}

function part(value: unknown): PlainObject {
  return isPlainObject(value) ? value : {};
}

/** What an annotation keeps, or undefined; anyone may have written nonsense there. */
function kept(autoscaler: UnstructuredObject, name: string): unknown {
  try {
    return JSON.parse(autoscaler.metadata.annotations?.[name] ?? 'null') ?? undefined;
  } catch {
    return undefined;
  }
}

/** Metadata with these annotations of ours and no others of them. */
function annotated(autoscaler: UnstructuredObject, values: Record<string, unknown>): UnstructuredObject['metadata'] {
  const { annotations: given, ...metadata } = autoscaler.metadata;
  const own = new Set(Object.values(annotations));
  const entries = Object.entries(given ?? {}).filter(([name]) => !own.has(name));
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && value !== null) entries.push([name, JSON.stringify(value)]);
  }
  return entries.length === 0 ? metadata : { ...metadata, annotations: Object.fromEntries(entries) };
}
