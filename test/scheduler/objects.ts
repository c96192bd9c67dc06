import type { v1 } from '../../src/api/index.ts';

let uids = 0;

/** A node with so much to give. */
export function node(
  name: string,
  options: {
    cpu?: string;
    memory?: string;
    pods?: string;
    labels?: Record<string, string>;
    taints?: v1.Taint[];
    unschedulable?: boolean;
  } = {},
): v1.Node {
  const { cpu = '4', memory = '8Gi', pods = '110', labels = {}, taints, unschedulable } = options;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, uid: `node-${uids++}`, labels: { 'kubernetes.io/hostname': name, ...labels } },
    spec: { ...(taints === undefined ? {} : { taints }), ...(unschedulable === undefined ? {} : { unschedulable }) },
    status: { allocatable: { cpu, memory, pods }, conditions: [] },
  };
}

/** A pod that waits, of one container. */
export function pod(
  name: string,
  options: {
    cpu?: string;
    memory?: string;
    labels?: Record<string, string>;
    priority?: number;
    hostPort?: number;
    spec?: Partial<v1.PodSpec>;
  } = {},
): v1.Pod {
  const { cpu, memory, labels = {}, priority, hostPort, spec } = options;
  const requests = { ...(cpu === undefined ? {} : { cpu }), ...(memory === undefined ? {} : { memory }) };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', uid: `pod-${uids++}`, labels },
    spec: {
      containers: [
        {
          name: 'main',
          image: 'host',
          resources: { requests },
          ...(hostPort === undefined ? {} : { ports: [{ containerPort: 80, hostPort }] }),
        },
      ],
      ...(priority === undefined ? {} : { priority }),
      ...spec,
    },
  };
}
