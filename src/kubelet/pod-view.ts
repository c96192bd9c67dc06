import type { v1 } from '../api/index.ts';
import type { ContainerStatus, Runtime, SandboxStatus } from '../runtime/index.ts';

/** What the runtime has of one pod. */
export interface PodView {
  /** The newest sandbox that can take containers. */
  sandbox: SandboxStatus | undefined;
  /** All of the pod's, the newest first. */
  sandboxes: readonly SandboxStatus[];
  /** By container name, the newest first. */
  containers: ReadonlyMap<string, readonly ContainerStatus[]>;
}

export function viewPod(runtime: Runtime, podUid: string): PodView {
  const sandboxes = runtime
    .listSandboxes()
    .filter(({ config }) => config.podUid === podUid)
    .sort((a, b) => b.createdAtMs - a.createdAtMs);
  const containers = new Map<string, ContainerStatus[]>();
  for (const status of runtime.listContainers({ podUid })) {
    const list = containers.get(status.name);
    if (list) list.push(status);
    else containers.set(status.name, [status]);
  }
  for (const list of containers.values()) {
    list.sort((a, b) => b.attempt - a.attempt || b.createdAtMs - a.createdAtMs);
  }
  return { sandbox: sandboxes.find(({ state }) => state === 'ready'), sandboxes, containers };
}

export function latest(view: PodView, name: string): ContainerStatus | undefined {
  return view.containers.get(name)?.[0];
}

/** An init container that runs along with the regular ones. */
export function isSidecar(container: v1.Container): boolean {
  return container.restartPolicy === 'Always';
}

/** Init containers, then regular ones. */
export function allContainers(spec: v1.PodSpec): v1.Container[] {
  return [...(spec.initContainers ?? []), ...spec.containers];
}

/** Containers that were added to a running pod, to look into it. They start once, and have no probes. */
export function ephemeralContainers(spec: v1.PodSpec): v1.Container[] {
  return (spec.ephemeralContainers ?? []).map(({ targetContainerName: _, ...container }) => container);
}

export function isTerminalPhase(phase: string | undefined): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}

/** Names a pod in texts, as the kubelet does. */
export function podTitle({ metadata }: v1.Pod): string {
  return `${metadata.name}_${metadata.namespace}(${metadata.uid})`;
}
