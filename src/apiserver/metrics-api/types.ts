import type { ObjectMeta, ResourceType } from '../../api/index.ts';

const common = {
  group: 'metrics.k8s.io',
  version: 'v1beta1',
  singular: '',
  shortNames: [],
  categories: [],
  verbs: ['get', 'list'],
  subresources: [],
};

/** What metrics-server serves on other clusters. */
export const metricsTypes: readonly ResourceType[] = [
  { ...common, kind: 'NodeMetrics', resource: 'nodes', namespaced: false },
  { ...common, kind: 'PodMetrics', resource: 'pods', namespaced: true },
];

/** What a container or a node uses: `12345678n` of CPU, `5678Ki` of memory. */
export interface Usage {
  cpu: string;
  memory: string;
}

export interface NodeMetrics {
  kind: 'NodeMetrics';
  apiVersion: string;
  metadata: ObjectMeta;
  timestamp: string;
  window: string;
  usage: Usage;
}

export interface PodMetrics {
  kind: 'PodMetrics';
  apiVersion: string;
  metadata: ObjectMeta;
  timestamp: string;
  window: string;
  containers: { name: string; usage: Usage }[];
}

/** As much of a kubelet's stats summary as is needed. */
export interface Summary {
  windowSeconds: number;
  node: { cpu: Cpu; memory: Memory };
  pods: { podRef: { uid: string }; containers: { name: string; cpu: Cpu; memory: Memory }[] }[];
}

interface Cpu {
  time: string;
  usageNanoCores: number;
}

interface Memory {
  workingSetBytes: number;
}
