import { formatTime, parseTime, type v1 } from '../../api/index.ts';
import type { NodeMetrics, PodMetrics, Summary, Usage } from './types.ts';

const apiVersion = 'metrics.k8s.io/v1beta1';

/** Pure. */
export function nodeMetrics({ metadata }: v1.Node, { node, windowSeconds }: Summary): NodeMetrics {
  const timestamp = timeOf(node.cpu.time);
  return {
    kind: 'NodeMetrics',
    apiVersion,
    metadata: { name: metadata.name, creationTimestamp: timestamp, labels: metadata.labels },
    timestamp,
    window: `${windowSeconds}s`,
    usage: usageOf(node),
  };
}

/** Undefined when nothing of the pod runs. Pure. */
export function podMetrics({ metadata }: v1.Pod, { pods, windowSeconds }: Summary): PodMetrics | undefined {
  const found = pods.find(({ podRef }) => podRef.uid === metadata.uid);
  const first = found?.containers[0];
  if (!found || !first) return undefined;
  const { name, namespace, labels } = metadata;
  const timestamp = timeOf(first.cpu.time);
  return {
    kind: 'PodMetrics',
    apiVersion,
    metadata: { name, namespace, creationTimestamp: timestamp, ...(labels ? { labels } : {}) },
    timestamp,
    window: `${windowSeconds}s`,
    containers: found.containers.map((container) => ({ name: container.name, usage: usageOf(container) })),
  };
}

function usageOf({ cpu, memory }: Summary['node']): Usage {
  return { cpu: `${cpu.usageNanoCores}n`, memory: `${Math.round(memory.workingSetBytes / 1024)}Ki` };
}

/** To the second, as all times of the API. */
function timeOf(text: string): string {
  return formatTime(parseTime(text) ?? 0);
}
