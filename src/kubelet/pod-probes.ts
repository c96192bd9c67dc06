import type { v1 } from '../api/index.ts';
import type { ContainerReadiness } from './container-statuses.ts';
import type { PodPlace } from './downward-api.ts';
import type { ProbeVerdict } from './pod-actions.ts';
import { containerEvent, type PodContext } from './pod-context.ts';
import { allContainers, isSidecar, latest, type PodView } from './pod-view.ts';
import { ContainerProbes, type ProbeKind, runHandler } from './probes/index.ts';

const titles: Readonly<Record<ProbeKind, string>> = {
  startup: 'Startup',
  liveness: 'Liveness',
  readiness: 'Readiness',
};

/** The probes of a pod's containers: they begin and end with each run of a container. */
export class PodProbes {
  readonly #context: PodContext;
  readonly #onChange: () => void;
  /** By the runtime's container id. */
  readonly #probes = new Map<string, ContainerProbes>();

  constructor(context: PodContext, onChange: () => void) {
    this.#context = context;
    this.#onChange = onChange;
  }

  /** Starts probes of what runs and has none, ends those of what does not run any more. */
  follow(pod: v1.Pod, view: PodView, place: PodPlace, status: v1.PodStatus): void {
    const running = new Set<string>();
    for (const container of allContainers(pod.spec!)) {
      const current = latest(view, container.name);
      if (current?.state !== 'running') continue;
      running.add(current.id);
      if (!this.#probes.has(current.id))
        this.#probes.set(current.id, this.#begin(pod, container, current, place, status));
    }
    for (const [id, probes] of this.#probes) {
      if (running.has(id)) continue;
      probes.stop();
      this.#probes.delete(id);
    }
  }

  readiness(containerId: string): ContainerReadiness {
    const probes = this.#probes.get(containerId);
    return { started: probes?.started ?? false, ready: probes?.ready ?? false };
  }

  verdict(containerId: string): ProbeVerdict {
    return this.#probes.get(containerId)?.verdict ?? { started: false };
  }

  /** The pod is being ended: no probe may do that too. */
  stopKilling(): void {
    for (const probes of this.#probes.values()) probes.stopKilling();
  }

  stop(): void {
    for (const probes of this.#probes.values()) probes.stop();
  }

  #begin(
    pod: v1.Pod,
    container: v1.Container,
    { id, startedAtMs }: { id: string; startedAtMs?: number },
    { podIP }: PodPlace,
    status: v1.PodStatus,
  ): ContainerProbes {
    const { clock, random, runtimeName } = this.#context;
    const known = [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])];
    // The same run of the container as the API tells of: a peer before us has probed it.
    const before = known.find(({ containerID }) => containerID === `${runtimeName}://${id}`);
    const init = pod.spec?.initContainers?.includes(container) && !isSidecar(container);
    return new ContainerProbes({
      // Init containers that end have no probes.
      container: init ? { name: container.name } : container,
      clock,
      random,
      startedAtMs: startedAtMs!,
      before: before && { started: before.started ?? false, ready: before.ready },
      run: (probe, signal) =>
        runHandler(probe, (probe.timeoutSeconds ?? 1) * 1000, {
          ...this.#context,
          container,
          containerId: id,
          podIP,
          signal,
        }),
      onFailure: (kind, message) =>
        containerEvent(
          this.#context,
          pod,
          container,
          'Warning',
          'Unhealthy',
          `${titles[kind]} probe failed: ${message}`,
        ),
      onChange: this.#onChange,
    });
  }
}
