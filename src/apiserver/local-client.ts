import {
  ApiError,
  apiVersionOf,
  errors,
  type KubernetesList,
  type KubernetesObject,
  listKindOf,
  type ResourceReference,
} from '../api/index.ts';
import type {
  CallOptions,
  Client,
  DeleteOptions,
  Fence,
  ListOptions,
  Patch,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from '../client/index.ts';
import { type Attributes, type Authorizer, denied } from './authorization/index.ts';
import { EventQueue } from './event-queue.ts';
import type { CollectionRequest, Encoded, PatchType, Registry, User, WriteParameters } from './registry/types.ts';

export interface LocalClientOptions {
  /** Says whether the user may; absent: may do everything. */
  authorizer?: Authorizer;
  /** Names the user's changes in managedFields. Default: the user's name. */
  fieldManager?: string;
}

const patchTypes: Readonly<Record<Patch['type'], PatchType>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

/**
 * The client of who lives in the process of an API server: the same stages as over the network from authorisation on,
 * without encoding anything.
 */
export function createLocalClient(registry: Registry, user: User, options: LocalClientOptions = {}): Client {
  return new LocalClient(registry, user, options, undefined);
}

class LocalClient implements Client {
  readonly #registry: Registry;
  readonly #user: User;
  readonly #options: LocalClientOptions;
  readonly #fence: Fence | undefined;

  constructor(registry: Registry, user: User, options: LocalClientOptions, fence: Fence | undefined) {
    this.#registry = registry;
    this.#user = user;
    this.#options = options;
    this.#fence = fence;
  }

  async get<T extends KubernetesObject>(
    type: ResourceReference,
    namespace: string | undefined,
    name: string,
    { signal, resourceVersion }: CallOptions = {},
  ): Promise<T> {
    const request = await this.#request(type, 'get', namespace, name, { signal });
    return objectOf(await this.#registry.get({ ...request, name, resourceVersion }));
  }

  async list<T extends KubernetesObject>(
    type: ResourceReference,
    namespace: string | undefined,
    { signal, ...parameters }: ListOptions = {},
  ): Promise<KubernetesList<T>> {
    const { fieldSelector } = parameters;
    const request = await this.#request(type, 'list', namespace, '', { signal, fieldSelector });
    const { metadata, items } = await this.#registry.list({ ...request, ...parameters });
    return {
      apiVersion: apiVersionOf(request.type),
      kind: listKindOf(request.type),
      metadata,
      items: items.map((item) => objectOf<T>(item)),
    };
  }

  async create<T extends KubernetesObject>(type: ResourceReference, object: T, options: WriteOptions = {}): Promise<T> {
    const { namespace, name = '' } = object.metadata;
    const request = await this.#request(type, 'create', namespace, options.subresource ? name : '', options);
    const write = { ...request, ...this.#write(options), object };
    return objectOf(await this.#registry.create(options.subresource ? { ...write, name } : write));
  }

  async update<T extends KubernetesObject>(type: ResourceReference, object: T, options: WriteOptions = {}): Promise<T> {
    const { namespace, name = '' } = object.metadata;
    const request = await this.#request(type, 'update', namespace, name, options);
    const write = { ...request, ...this.#write(options), name, object };
    return objectOf((await this.#registry.update(write)).result);
  }

  async patch<T extends KubernetesObject>(
    type: ResourceReference,
    namespace: string | undefined,
    name: string,
    patch: Patch,
    options: WriteOptions = {},
  ): Promise<T> {
    const request = await this.#request(type, 'patch', namespace, name, options);
    const force = patch.type === 'apply' ? { force: patch.force } : {};
    const change = { patchType: patchTypes[patch.type], patch: patch.body, ...force };
    const { result } = await this.#registry.patch({ ...request, ...this.#write(options), ...change, name });
    return objectOf(result);
  }

  async delete(
    type: ResourceReference,
    namespace: string | undefined,
    name: string,
    { signal, ...parameters }: DeleteOptions = {},
  ): Promise<void> {
    const request = await this.#request(type, 'delete', namespace, name, { signal });
    await this.#registry.delete({ ...request, ...parameters, name, fence: this.#fence });
  }

  watch<T extends KubernetesObject>(
    type: ResourceReference,
    namespace: string | undefined,
    { signal, ...parameters }: WatchOptions,
  ): AsyncIterable<WatchEvent<T>> {
    return this.#watch(type, namespace, signal, parameters);
  }

  async *#watch<T extends KubernetesObject>(
    type: ResourceReference,
    namespace: string | undefined,
    signal: AbortSignal,
    parameters: Omit<WatchOptions, 'signal'>,
  ): AsyncGenerator<WatchEvent<T>> {
    if (signal.aborted) return;
    const { fieldSelector } = parameters;
    const request = await this.#request(type, 'watch', namespace, '', { fieldSelector });
    const queue = new EventQueue<WatchEvent<T>>(signal);
    const watch = await this.#registry.watch({
      ...request,
      ...parameters,
      onEvent: (event) => queue.push({ type: event.type, object: objectOf<T>(event.encoded) }),
      drained: () => queue.drained(),
      onEnd: (status) => queue.end(status && new ApiError(status)),
    });
    try {
      yield* queue;
    } finally {
      watch.stop();
      queue.end();
    }
  }

  fenced(fence: Fence): Client {
    return new LocalClient(this.#registry, this.#user, this.#options, fence);
  }

  async #request(
    { group, version, resource }: ResourceReference,
    verb: string,
    namespace: string | undefined,
    name: string,
    { signal, subresource, fieldSelector }: { signal?: AbortSignal; subresource?: string; fieldSelector?: string },
  ): Promise<CollectionRequest & { subresource?: string }> {
    const type = this.#registry.scheme.findResource(group, version, resource);
    if (type === undefined) throw errors.resourceNotFound();
    const { authorizer } = this.#options;
    if (authorizer !== undefined) {
      const target = { group, version, resource, subresource: subresource ?? '', namespace, name, fieldSelector };
      await this.#authorize(authorizer, { user: this.#user, verb, path: '', resource: target });
    }
    const within = type.namespaced ? namespace : undefined;
    return { type, namespace: within, user: this.#user, warnings: [], signal, ...(subresource ? { subresource } : {}) };
  }

  async #authorize(authorizer: Authorizer, attributes: Attributes): Promise<void> {
    const { allowed, reason } = await authorizer.authorize(attributes);
    if (allowed) return;
    throw denied(attributes, reason);
  }

  #write({ fieldManager, dryRun }: WriteOptions): WriteParameters {
    return {
      fieldManager: fieldManager ?? this.#options.fieldManager ?? this.#user.name,
      // What the components of the system write must fit; a field that doesn't exist is a mistake of ours.
      fieldValidation: 'Strict',
      ...(dryRun === undefined ? {} : { dryRun }),
      ...(this.#fence === undefined ? {} : { fence: this.#fence }),
    };
  }
}

function objectOf<T extends KubernetesObject>({ object }: Encoded): T {
  return object as T;
}
