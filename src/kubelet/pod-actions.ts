import type { v1 } from '../api/index.ts';
import type { ContainerStatus } from '../runtime/index.ts';
import { ephemeralContainers, isSidecar, latest, type PodView } from './pod-view.ts';
import { restartsAfterKill, shouldRestart } from './restart-policy.ts';

/** What the probes say of a container that runs. */
export interface ProbeVerdict {
  /** Its startup probe, if any, has succeeded. */
  started: boolean;
  /** Set when a startup or liveness probe has failed often enough. */
  failed?: 'startup' | 'liveness';
}

export interface PodActions {
  createSandbox: boolean;
  /** Nothing is to run any more: end what does. */
  killPod: boolean;
  kill: ContainerToKill[];
  /** In this order. */
  start: v1.Container[];
}

export interface ContainerToKill {
  container: v1.Container;
  status: ContainerStatus;
  message: string;
  failedProbe?: 'startup' | 'liveness';
}

/** Annotation of a container in the runtime: tells when its definition changed. */
export const definitionAnnotation = 'keelson/container-definition';

/** What a change of makes the container start anew. The image is all that can change in a running pod. */
export function definitionOf(container: v1.Container): string {
  return `${container.name}:${container.image}`;
}

/**
 * Compares the pod with what runs. Pure: the same for a pod that is new and for one adopted from an earlier peer.
 * `probes` tells of a container by its id.
 */
export function computeActions(pod: v1.Pod, view: PodView, probes: (containerId: string) => ProbeVerdict): PodActions {
  const spec = pod.spec!;
  const actions: PodActions = { createSandbox: view.sandbox === undefined, killPod: false, kill: [], start: [] };
  if (actions.createSandbox && sandboxNotNeeded(spec, view)) return { ...actions, createSandbox: false, killPod: true };
  if (!actions.createSandbox) planEphemeralContainers(spec, view, actions);
  const initialized = planInitContainers(spec, view, probes, actions);
  if (actions.killPod || !initialized) return actions;
  planContainers(spec, view, probes, actions);
  return actions;
}

/** They don't wait for the init containers: why those don't end may be what somebody wants to see. */
function planEphemeralContainers(spec: v1.PodSpec, view: PodView, actions: PodActions): void {
  for (const container of ephemeralContainers(spec)) {
    if ((latest(view, container.name)?.state ?? 'created') === 'created') actions.start.push(container);
  }
}

/** The sandbox is lost, and no container is to run again. */
function sandboxNotNeeded(spec: v1.PodSpec, view: PodView): boolean {
  return spec.containers.every((container) => {
    const status = latest(view, container.name);
    return status?.state === 'exited' && !shouldRestart(container, spec, status.exitCode!);
  });
}

/** Returns whether regular containers may run. */
function planInitContainers(
  spec: v1.PodSpec,
  view: PodView,
  probes: (containerId: string) => ProbeVerdict,
  actions: PodActions,
): boolean {
  // Once a regular container has run, init containers are done for good; sidecars go on.
  const done = spec.containers.some(({ name }) => (latest(view, name)?.state ?? 'created') !== 'created');
  for (const container of spec.initContainers ?? []) {
    const status = latest(view, container.name);
    const sidecar = isSidecar(container);
    if (done && !sidecar) continue;
    if (status?.state === 'running') {
      const verdict = probes(status.id);
      planKill(container, status, verdict, spec, actions);
      if (!done && (!sidecar || !verdict.started)) return false;
      continue;
    }
    if (status?.state === 'exited') {
      if (!sidecar && status.exitCode === 0) continue;
      if (!sidecar && !shouldRestart(container, spec, status.exitCode!)) {
        actions.killPod = true;
        return false;
      }
    }
    actions.start.push(container);
    if (!done) return false;
  }
  return true;
}

function planContainers(
  spec: v1.PodSpec,
  view: PodView,
  probes: (containerId: string) => ProbeVerdict,
  actions: PodActions,
): void {
  let kept = 0;
  let restarting = 0;
  for (const container of spec.containers) {
    const status = latest(view, container.name);
    if (status?.state === 'running') {
      const killed = planKill(container, status, probes(status.id), spec, actions);
      if (!killed) kept++;
      // Its exit is an event of its own, and leads to the start.
      else if (restartsAfterKill(container, spec)) restarting++;
    } else if (status?.state !== 'exited' || shouldRestart(container, spec, status.exitCode!)) {
      actions.start.push(container);
      restarting++;
    }
  }
  if (kept + restarting === 0) {
    actions.killPod = true;
    actions.start = [];
  }
}

/** Plans to kill a running container that must not go on; returns whether it did. */
function planKill(
  container: v1.Container,
  status: ContainerStatus,
  { failed }: ProbeVerdict,
  spec: v1.PodSpec,
  actions: PodActions,
): boolean {
  const again = restartsAfterKill(container, spec) ? ', will be restarted' : '';
  const definition = status.annotations[definitionAnnotation];
  if (definition !== undefined && definition !== definitionOf(container)) {
    actions.kill.push({ container, status, message: `Container ${container.name} definition changed${again}` });
  } else if (failed) {
    const message = `Container ${container.name} failed ${failed} probe${again}`;
    actions.kill.push({ container, status, message, failedProbe: failed });
  } else return false;
  return true;
}
