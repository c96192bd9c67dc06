import type { v1 } from '../api/index.ts';
import { type Key, keyOf } from '../client/index.ts';
import { podRequests, type Resources, scoringRequests } from './resources.ts';

/** A pod and what the scheduler needs to know of it, computed once. */
export interface PodInfo {
  readonly pod: v1.Pod;
  readonly key: Key;
  readonly uid: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly priority: number;
  readonly requests: Resources;
  readonly scoring: { cpu: number; memory: number };
  /** `protocol/address/port` of each host port. */
  readonly hostPorts: readonly string[];
}

export function podInfo(pod: v1.Pod): PodInfo {
  const { metadata, spec } = pod;
  const containers = [
    ...(spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always'),
    ...(spec?.containers ?? []),
  ];
  return {
    pod,
    key: keyOf(pod),
    uid: metadata.uid ?? '',
    namespace: metadata.namespace ?? '',
    labels: metadata.labels ?? {},
    priority: spec?.priority ?? 0,
    requests: podRequests(spec),
    scoring: scoringRequests(spec),
    hostPorts: containers.flatMap(({ ports }) =>
      (ports ?? [])
        .filter(({ hostPort }) => (hostPort ?? 0) > 0)
        .map(({ protocol, hostIP, hostPort }) => `${protocol ?? 'TCP'}/${hostIP || '0.0.0.0'}/${hostPort}`),
    ),
  };
}
