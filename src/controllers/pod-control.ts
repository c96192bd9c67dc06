import { ApiError, type KubernetesObject, type OwnerReference, reasonOf, resources, type v1 } from '../api/index.ts';
import { errorMessage } from '../base/index.ts';
import type { Client, EventRecorder } from '../client/index.ts';
import { uidOf } from './context.ts';

/** Makes and deletes pods on behalf of an owner, whose Events tell of it. */
export class PodControl {
  readonly #client: Client;
  readonly #recorder: EventRecorder;

  constructor(client: Client, recorder: EventRecorder) {
    this.#client = client;
    this.#recorder = recorder;
  }

  async create(
    owner: KubernetesObject,
    reference: OwnerReference,
    template: v1.PodTemplateSpec,
    signal: AbortSignal,
  ): Promise<v1.Pod> {
    const { namespace, name } = owner.metadata;
    const { labels, annotations, finalizers } = template.metadata ?? {};
    const pod: v1.Pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        generateName: `${name}-`,
        namespace: namespace!,
        ...(labels === undefined ? {} : { labels }),
        ...(annotations === undefined ? {} : { annotations }),
        ...(finalizers === undefined ? {} : { finalizers }),
        ownerReferences: [reference],
      },
      ...(template.spec === undefined ? {} : { spec: template.spec }),
    };
    try {
      const created = await this.#client.create<v1.Pod>(resources.pods, pod, { signal });
      this.#recorder.event(owner, 'Normal', 'SuccessfulCreate', `Created pod: ${created.metadata.name}`);
      return created;
    } catch (error) {
      if (!signal.aborted && !isNamespaceTerminating(error)) {
        this.#recorder.event(owner, 'Warning', 'FailedCreate', `Error creating: ${errorMessage(error)}`);
      }
      throw error;
    }
  }

  /** A pod that is gone already counts as deleted. */
  async delete(owner: KubernetesObject, pod: v1.Pod, signal: AbortSignal): Promise<void> {
    const { namespace, name } = pod.metadata;
    try {
      await this.#client.delete(resources.pods, namespace, name!, { preconditions: { uid: uidOf(pod) }, signal });
      this.#recorder.event(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`);
    } catch (error) {
      if (reasonOf(error) === 'NotFound') return;
      if (!signal.aborted) {
        this.#recorder.event(owner, 'Warning', 'FailedDelete', `Error deleting: ${errorMessage(error)}`);
      }
      throw error;
    }
  }
}

/** The write was refused because the namespace is going: nothing to tell anybody. */
export function isNamespaceTerminating(error: unknown): boolean {
  return (
    error instanceof ApiError &&
    (error.status.details?.causes ?? []).some(({ reason }) => reason === 'NamespaceTerminating')
  );
}

/**
 * Calls `run` so many times, at first once, then twice as many at a time as long as all succeed:
 * what is refused (a quota, say) is refused once rather than a thousand times. Returns the first failure.
 */
export async function slowStart(count: number, run: () => Promise<void>): Promise<unknown> {
  for (let done = 0, batch = 1; done < count; batch *= 2) {
    const size = Math.min(batch, count - done);
    const results = await Promise.allSettled(Array.from({ length: size }, run));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) return failed.reason;
    done += size;
  }
  return undefined;
}
