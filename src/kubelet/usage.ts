import type { v1 } from '../api/index.ts';
import { type Clock, sleep } from '../base/index.ts';
import type { ContainerStats, Runtime } from '../runtime/index.ts';
import type { Machine, MachineUsage } from './machine.ts';

export interface UsageMeterOptions {
  runtime: Runtime;
  machine: Pick<Machine, 'usage'>;
  clock: Clock;
  /** The node's pods. */
  pods(): readonly v1.Pod[];
  nodeName(): string;
}

interface Sample {
  timeMs: number;
  node: MachineUsage;
  /** By container id. */
  containers: ReadonlyMap<string, ContainerStats>;
}

/** Over how long the use of CPU is measured at least. */
const windowMsMin = 1_000;
/** An older sample tells of other times. */
const windowMsMax = 60_000;

/**
 * Measures what the node and its containers use, when somebody asks: since the last time that somebody did, or, if that is long
 * ago, over a moment. Nobody's asking costs nothing.
 */
export class UsageMeter {
  readonly #options: UsageMeterOptions;
  #base: Sample | undefined;
  #latest: Sample | undefined;
  #measuring: Promise<void> | undefined;

  constructor(options: UsageMeterOptions) {
    this.#options = options;
  }

  /** The kubelet's stats summary, as far as this node measures. */
  async summary(): Promise<unknown> {
    this.#measuring ??= this.#measure().finally(() => {
      this.#measuring = undefined;
    });
    await this.#measuring;
    return this.#tell(this.#base!, this.#latest!);
  }

  async #measure(): Promise<void> {
    const { clock } = this.#options;
    const age = this.#latest === undefined ? Number.POSITIVE_INFINITY : clock.now() - this.#latest.timeMs;
    if (age >= 0 && age < windowMsMin) return;
    if (age < 0 || age > windowMsMax) {
      this.#latest = await this.#sample();
      await sleep(clock, windowMsMin);
    }
    this.#base = this.#latest;
    this.#latest = await this.#sample();
  }

  async #sample(): Promise<Sample> {
    const { runtime, machine, clock } = this.#options;
    const node = await machine.usage();
    const containers = new Map<string, ContainerStats>();
    for (const { id } of runtime.listContainers()) {
      const stats = runtime.containerStats(id);
      if (stats) containers.set(id, stats);
    }
    return { timeMs: clock.now(), node, containers };
  }

  #tell(base: Sample, latest: Sample): unknown {
    const { runtime, pods, nodeName } = this.#options;
    const elapsedMs = latest.timeMs - base.timeMs;
    const time = new Date(latest.timeMs).toISOString();
    const rate = (nanoseconds: number, ms: number): number =>
      Math.max(0, Math.round((nanoseconds / Math.max(1, ms)) * 1e3));
    const { node } = latest;
    return {
      node: {
        nodeName: nodeName(),
        cpu: {
          time,
          usageNanoCores: rate(node.cpuNanoseconds - base.node.cpuNanoseconds, elapsedMs),
          usageCoreNanoSeconds: Math.round(node.cpuNanoseconds),
        },
        memory: { time, workingSetBytes: node.memoryWorkingSetBytes },
      },
      // How long it was measured, for who makes metrics of it.
      windowSeconds: elapsedMs / 1000,
      pods: pods().map(({ metadata: { uid, name, namespace } }) => ({
        podRef: { name, namespace, uid },
        containers: runtime.listContainers({ podUid: uid! }).flatMap((container) => {
          const stats = latest.containers.get(container.id);
          if (!stats) return [];
          const before = base.containers.get(container.id);
          // One that was started meanwhile had used nothing.
          const since = before ? before.timeMs : container.startedAtMs!;
          const used = stats.cpuUsageNanoseconds - (before?.cpuUsageNanoseconds ?? 0);
          return [
            {
              name: container.name,
              startTime: new Date(container.startedAtMs!).toISOString(),
              cpu: {
                time,
                usageNanoCores: rate(used, stats.timeMs - since),
                usageCoreNanoSeconds: Math.round(stats.cpuUsageNanoseconds),
              },
              memory: { time, usageBytes: stats.memoryUsageBytes, workingSetBytes: stats.memoryWorkingSetBytes },
            },
          ];
        }),
      })),
    };
  }
}
