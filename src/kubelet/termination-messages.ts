import type { v1 } from '../api/index.ts';
import type { Runtime } from '../runtime/index.ts';
import { allContainers, type PodView } from './pod-view.ts';

const lines = 80;
const bytes = 2048;

/** The end of the logs of containers that failed and have `terminationMessagePolicy: FallbackToLogsOnError`. */
export class TerminationMessages {
  readonly #runtime: Runtime;
  readonly #messages = new Map<string, string>();

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  get(containerId: string): string | undefined {
    return this.#messages.get(containerId);
  }

  /** Reads what is not read yet. */
  async collect(pod: v1.Pod, view: PodView): Promise<void> {
    for (const { name, terminationMessagePolicy } of allContainers(pod.spec!)) {
      if (terminationMessagePolicy !== 'FallbackToLogsOnError') continue;
      for (const { id, state, exitCode } of view.containers.get(name) ?? []) {
        if (state !== 'exited' || exitCode === 0 || this.#messages.has(id)) continue;
        this.#messages.set(id, await this.#tail(id));
      }
    }
  }

  async #tail(id: string): Promise<string> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.#runtime.readLogs(id, { tailLines: lines })) chunks.push(chunk);
    return Buffer.concat(chunks).subarray(-bytes).toString();
  }
}
