import { type KubernetesObject, qualifiedResource, type ResourceReference } from '../../api/index.ts';
import type { Client, Fence } from '../../client/index.ts';

/** What a controller wrote, or tried to. */
export interface Write {
  /** Such as `pods` or `deployments.apps`. */
  resource: string;
  /** Under which it was made; undefined: under none. */
  fence: Fence | undefined;
  object: KubernetesObject;
}

export interface WriteListener {
  /** It is in the store, at `object`'s resourceVersion or, when there was nothing to change, has been before. */
  onWritten(write: Write): void;
  /** Whether it happened is not known. */
  onUncertain(write: Write): void;
}

/** A client whose writes are told of. Those that it refuses are of no concern. */
export function witnessed(client: Client, listener: WriteListener, fence?: Fence): Client {
  const written = async <T extends KubernetesObject>(
    type: ResourceReference,
    asked: KubernetesObject,
    write: () => Promise<T>,
  ): Promise<T> => {
    const resource = qualifiedResource(type);
    try {
      const object = await write();
      listener.onWritten({ resource, fence, object });
      return object;
    } catch (error) {
      if (httpCodeOf(error) >= 500) listener.onUncertain({ resource, fence, object: asked });
      throw error;
    }
  };
  return {
    get: (type, namespace, name, options) => client.get(type, namespace, name, options),
    list: (type, namespace, options) => client.list(type, namespace, options),
    watch: (type, namespace, options) => client.watch(type, namespace, options),
    create: (type, object, options) => written(type, object, () => client.create(type, object, options)),
    update: (type, object, options) => written(type, object, () => client.update(type, object, options)),
    patch: (type, namespace, name, patch, options) =>
      written(type, { apiVersion: '', kind: type.kind, metadata: { name } }, () =>
        client.patch(type, namespace, name, patch, options),
      ),
    delete: (type, namespace, name, options) => client.delete(type, namespace, name, options),
    fenced: (next) => witnessed(client.fenced(next), listener, next),
  };
}

/** Undefined: it was not found. */
export async function orUndefined<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (httpCodeOf(error) !== 404) throw error;
    return undefined;
  }
}

/** By shape: with a bug planted, errors are another copy's. What is no answer at all counts as one of the server's faults. */
export function httpCodeOf(error: unknown): number {
  return (error as { status?: { code?: number } }).status?.code ?? 500;
}
