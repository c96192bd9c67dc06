import type { v1 } from '../api/index.ts';
import { isSidecar } from './pod-view.ts';
import { shouldRestart } from './restart-policy.ts';

/** How many of a pod's containers are in which state. */
interface Tally {
  running: number;
  waiting: number;
  stopped: number;
  succeeded: number;
  /** Stopped, and will not run again. */
  final: number;
}

/** The pod's phase, from the states of its containers. `ended`: nothing of it will be started any more. Pure. */
export function podPhase(pod: v1.Pod, statuses: readonly v1.ContainerStatus[], ended: boolean): v1.PodPhase {
  const spec = pod.spec!;
  const of = (container: v1.Container): v1.ContainerStatus | undefined =>
    statuses.find(({ name }) => name === container.name);
  const regular = tally(spec.containers, of, spec);
  const hasRun = regular.running + regular.stopped > 0;
  const init = initState(spec, of);
  if (init.failed) return 'Failed';
  if (init.pending || (init.sidecarPending && !hasRun)) return 'Pending';
  if (regular.waiting > 0) return 'Pending';
  const sidecarRuns = (spec.initContainers ?? []).some(
    (container) => isSidecar(container) && of(container)?.state?.running,
  );
  if (regular.running > 0 || sidecarRuns) return 'Running';
  if (!ended && regular.final < regular.stopped) return 'Running';
  return regular.stopped === regular.succeeded ? 'Succeeded' : 'Failed';
}

function tally(
  containers: readonly v1.Container[],
  of: (container: v1.Container) => v1.ContainerStatus | undefined,
  spec: v1.PodSpec,
): Tally {
  const counts: Tally = { running: 0, waiting: 0, stopped: 0, succeeded: 0, final: 0 };
  for (const container of containers) {
    const { state, lastState } = of(container) ?? {};
    const ended = state?.terminated ?? (state?.waiting ? lastState?.terminated : undefined);
    if (state?.running) counts.running++;
    else if (ended) {
      counts.stopped++;
      if (state?.terminated?.exitCode === 0) counts.succeeded++;
      if (!shouldRestart(container, spec, ended.exitCode)) counts.final++;
    } else counts.waiting++;
  }
  return counts;
}

interface InitState {
  /** One of them has failed for good. */
  failed: boolean;
  /** One of them has not ended yet. */
  pending: boolean;
  /** A sidecar has not started yet. */
  sidecarPending: boolean;
}

function initState(spec: v1.PodSpec, of: (container: v1.Container) => v1.ContainerStatus | undefined): InitState {
  const result: InitState = { failed: false, pending: false, sidecarPending: false };
  for (const container of spec.initContainers ?? []) {
    const { state, lastState, started } = of(container) ?? {};
    const ended = state?.terminated ?? (state?.waiting ? lastState?.terminated : undefined);
    if (isSidecar(container)) {
      if (!ended && (!state?.running || !started)) result.sidecarPending = true;
    } else if (!ended) result.pending = true;
    else if (ended.exitCode !== 0 && !shouldRestart(container, spec, ended.exitCode)) result.failed = true;
  }
  return result;
}
