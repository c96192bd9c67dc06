import { formatTime, type v1 } from '../api/index.ts';
import { type ContainerStatusInput, containerStatuses } from './container-statuses.ts';
import { podConditions } from './pod-conditions.ts';
import { podPhase } from './pod-phase.ts';
import { ephemeralContainers, isTerminalPhase } from './pod-view.ts';

export interface PodStatusInput extends ContainerStatusInput {
  /** The status written last; what the API has, after a restart. */
  previous: v1.PodStatus;
  hostIP: string;
  /** Undefined until the pod has a sandbox. */
  podIP: string | undefined;
  /** Nothing of the pod runs or will be started any more. */
  ended: boolean;
  /** Set when the node itself has ended the pod. */
  failure?: { reason: string; message: string };
  nowMs: number;
}

/** The pod's whole status, as a kubelet computes it. Pure. */
export function podStatus(input: PodStatusInput): v1.PodStatus {
  const { pod, previous, failure, nowMs } = input;
  const spec = pod.spec!;
  const init = containerStatuses(spec.initContainers ?? [], previous.initContainerStatuses ?? [], input, 'init');
  const regular = containerStatuses(spec.containers, previous.containerStatuses ?? [], input, 'regular');
  const ephemeral = containerStatuses(
    ephemeralContainers(spec),
    previous.ephemeralContainerStatuses ?? [],
    input,
    'ephemeral',
  );
  const phase = settledPhase(input, podPhase(pod, [...init, ...regular], input.ended));
  const conditions = podConditions({
    pod,
    phase,
    init,
    regular,
    hasSandbox: input.view.sandbox !== undefined,
    previous: previous.conditions ?? [],
    nowMs,
  });
  const keepReason = phase === previous.phase;
  const reason = failure?.reason ?? (keepReason ? (previous.reason ?? pod.status?.reason) : undefined);
  const message = failure?.message ?? (keepReason ? (previous.message ?? pod.status?.message) : undefined);
  const podIP = spec.hostNetwork ? input.hostIP : input.podIP;
  const { generation } = pod.metadata;
  const qosClass = pod.status?.qosClass;
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    phase,
    conditions,
    ...(message ? { message } : {}),
    ...(reason ? { reason } : {}),
    hostIP: input.hostIP,
    hostIPs: [{ ip: input.hostIP }],
    ...(podIP ? { podIP, podIPs: [{ ip: podIP }] } : {}),
    startTime: previous.startTime ?? pod.status?.startTime ?? formatTime(nowMs),
    ...(init.length > 0 ? { initContainerStatuses: init } : {}),
    containerStatuses: regular,
    ...(ephemeral.length > 0 ? { ephemeralContainerStatuses: ephemeral } : {}),
    ...(qosClass ? { qosClass } : {}),
  };
}

/** A pod never leaves a phase that is final. */
function settledPhase({ pod, previous, failure, ended }: PodStatusInput, phase: v1.PodPhase): v1.PodPhase {
  if (isTerminalPhase(pod.status?.phase)) return pod.status!.phase!;
  if (isTerminalPhase(previous.phase)) return previous.phase!;
  // One that is ended before it ran at all has failed, too.
  return failure || (ended && !isTerminalPhase(phase)) ? 'Failed' : phase;
}
