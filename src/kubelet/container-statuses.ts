import { formatTime, type v1 } from '../api/index.ts';
import type { ContainerStatus } from '../runtime/index.ts';
import { isSidecar, type PodView } from './pod-view.ts';
import { shouldRestart } from './restart-policy.ts';

/** Why a container does not run yet, or not again: what became of the last try to start it. */
export interface WaitingReason {
  reason: string;
  message: string;
}

/** What the probes of a container say, for its status. */
export interface ContainerReadiness {
  started: boolean;
  ready: boolean;
}

export interface ContainerStatusInput {
  pod: v1.Pod;
  view: PodView;
  /** By container name. */
  waiting: ReadonlyMap<string, WaitingReason>;
  /** By the runtime's container id; asked for containers that run. */
  readiness: (containerId: string) => ContainerReadiness;
  /** The scheme of container ids. */
  runtimeName: string;
  /** What a container that has ended left to say, by the runtime's container id. */
  terminationMessage: (containerId: string) => string | undefined;
}

/** Which list of the pod's spec a container is in. */
export type ContainerRole = 'init' | 'regular' | 'ephemeral';

/** The statuses of some of the pod's containers, in the order of the spec. Pure. */
export function containerStatuses(
  containers: readonly v1.Container[],
  previous: readonly v1.ContainerStatus[],
  input: ContainerStatusInput,
  role: ContainerRole,
): v1.ContainerStatus[] {
  return containers.map((container) => {
    const before = previous.find(({ name }) => name === container.name);
    const status = baseStatus(container, before, input);
    applyWaiting(status, container, input);
    // Nobody counts on what only came to look.
    if (role !== 'ephemeral') applyReadiness(status, container, input, role);
    return status;
  });
}

function baseStatus(
  container: v1.Container,
  before: v1.ContainerStatus | undefined,
  input: ContainerStatusInput,
): v1.ContainerStatus {
  const [current, last] = input.view.containers.get(container.name) ?? [];
  if (!current) return statusWithoutContainer(container, before, input.pod);
  const { runtimeName } = input;
  const status: v1.ContainerStatus = {
    name: container.name,
    state: stateOf(current, input),
    lastState: last?.state === 'exited' ? stateOf(last, input) : (lastStateBefore(before, current, runtimeName) ?? {}),
    ready: false,
    restartCount: current.attempt,
    image: current.image,
    imageID: current.imageId,
    containerID: `${runtimeName}://${current.id}`,
    resources: container.resources ?? {},
  };
  if (container.resources?.requests) status.allocatedResources = container.resources.requests;
  const mounts = volumeMounts(container);
  if (mounts.length > 0) status.volumeMounts = mounts;
  return status;
}

/** The runtime has nothing of it: it never ran, or what was is lost. */
function statusWithoutContainer(
  container: v1.Container,
  before: v1.ContainerStatus | undefined,
  pod: v1.Pod,
): v1.ContainerStatus {
  if (before?.state?.terminated) return { ...before };
  const hasInit = (pod.spec?.initContainers?.length ?? 0) > 0;
  const status: v1.ContainerStatus = {
    name: container.name,
    state: { waiting: { reason: hasInit ? 'PodInitializing' : 'ContainerCreating' } },
    lastState: before?.lastState ?? {},
    ready: false,
    restartCount: before?.restartCount ?? 0,
    image: container.image ?? '',
    imageID: '',
  };
  if (before?.state?.running && !status.lastState?.terminated) {
    const message = 'The container could not be located when the pod was deleted.  The container used to be Running';
    status.lastState = { terminated: { exitCode: 137, reason: 'ContainerStatusUnknown', message } };
    if (!pod.metadata.deletionTimestamp) status.restartCount++;
  }
  const mounts = volumeMounts(container);
  if (mounts.length > 0) status.volumeMounts = mounts;
  return status;
}

/** What the API had, when the runtime keeps only the newest container. */
function lastStateBefore(
  before: v1.ContainerStatus | undefined,
  current: ContainerStatus,
  runtimeName: string,
): v1.ContainerState | undefined {
  if (before?.containerID === `${runtimeName}://${current.id}`) return before.lastState;
  return before?.state?.terminated ? { terminated: before.state.terminated } : before?.lastState;
}

function stateOf(status: ContainerStatus, input: ContainerStatusInput): v1.ContainerState {
  if (status.state === 'created') return { waiting: {} };
  const startedAt = status.startedAtMs === undefined ? undefined : formatTime(status.startedAtMs);
  if (status.state === 'running') return { running: { startedAt } };
  const message = input.terminationMessage(status.id) ?? status.message;
  return {
    terminated: {
      exitCode: status.exitCode!,
      reason: status.reason,
      ...(message === undefined ? {} : { message }),
      startedAt: startedAt ?? formatTime(status.createdAtMs),
      finishedAt: formatTime(status.finishedAtMs!),
      containerID: `${input.runtimeName}://${status.id}`,
    },
  };
}

/** A container that is to start (again) and can't yet waits, with the reason; how it ended last becomes `lastState`. */
function applyWaiting(
  status: v1.ContainerStatus,
  container: v1.Container,
  { pod, waiting }: ContainerStatusInput,
): void {
  const why = waiting.get(container.name);
  if (!why || status.state?.running || pod.metadata.deletionTimestamp) return;
  const { terminated } = status.state ?? {};
  if (terminated && !shouldRestart(container, pod.spec!, terminated.exitCode)) return;
  if (terminated) status.lastState = { terminated };
  status.state = { waiting: { reason: why.reason, message: why.message } };
}

function applyReadiness(
  status: v1.ContainerStatus,
  container: v1.Container,
  { view, readiness }: ContainerStatusInput,
  role: ContainerRole,
): void {
  const current = view.containers.get(container.name)?.[0];
  if (role === 'init' && !isSidecar(container)) {
    status.ready = status.state?.terminated?.exitCode === 0;
    status.started = status.state?.running !== undefined;
    return;
  }
  const probes = status.state?.running && current ? readiness(current.id) : { started: false, ready: false };
  status.started = probes.started;
  status.ready = probes.ready;
}

function volumeMounts(container: v1.Container): v1.VolumeMountStatus[] {
  return (container.volumeMounts ?? []).map(({ name, mountPath, readOnly }) =>
    readOnly ? { name, mountPath, readOnly, recursiveReadOnly: 'Disabled' } : { name, mountPath },
  );
}
