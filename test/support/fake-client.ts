import {
  bindFieldSelector,
  errors,
  formatTime,
  generateName,
  type KubernetesList,
  type KubernetesObject,
  parseFieldSelector,
  parseLabelSelector,
  qualifiedResource,
  type ResourceReference,
  type UnstructuredObject,
} from '../../src/api/index.ts';
import { applyJsonPatch } from '../../src/api/patch/json-patch.ts';
import { applyMergePatch } from '../../src/api/patch/merge-patch.ts';
import { type Clock, type Random, seededRandom } from '../../src/base/index.ts';
import {
  type Client,
  type DeleteOptions,
  type Fence,
  keyFor,
  type ListOptions,
  type Patch,
  type WatchEvent,
  type WatchOptions,
  type WriteOptions,
} from '../../src/client/index.ts';

export interface Call {
  verb: 'get' | 'list' | 'create' | 'update' | 'patch' | 'delete' | 'watch';
  resource: string;
  namespace?: string | undefined;
  name?: string | undefined;
  subresource?: string | undefined;
  object?: unknown;
}

interface Entry {
  revision: number;
  resource: string;
  event: WatchEvent<UnstructuredObject>;
  old: UnstructuredObject | undefined;
}

interface Watcher {
  resource: string;
  push(entry: Entry): void;
  /** Ends with an error, or plainly. */
  end(error?: Error): void;
}

/** Objects with status as a part of its own: writes to the main resource leave it, writes to `status` change only it. */
const WITH_STATUS = new Set(['pods', 'nodes', 'namespaces', 'deployments.apps', 'replicasets.apps']);

/**
 * A small API server in memory without admission and validation, for tests that want to see every
 * call and to break things: watches that end, history that is compacted, calls that fail.
 */
export class FakeClient implements Client {
  readonly calls: Call[] = [];
  /** Throw from it to make a call fail; runs before anything else. */
  intercept: (call: Call) => void | Promise<void> = () => {};
  readonly #objects = new Map<string, Map<string, UnstructuredObject>>();
  readonly #watchers = new Set<Watcher>();
  readonly #clock: Clock;
  readonly #random: Random;
  #history: Entry[] = [];
  #revision = 1;
  #compacted = 0;
  #uids = 0;
  /** While held, watchers see nothing: their caches lag. */
  #held: Entry[] | undefined;

  constructor(clock: Clock, random: Random = seededRandom(1)) {
    this.#clock = clock;
    this.#random = random;
  }

  fenced(_fence: Fence): Client {
    return this;
  }

  /** Ends all watches, plainly or with an error. */
  breakWatches(error?: Error): void {
    for (const watcher of [...this.#watchers]) watcher.end(error);
  }

  /** Forgets history: watches can't resume from before. */
  compact(): void {
    this.#history = [];
    this.#compacted = this.#revision;
  }

  get watches(): number {
    return this.#watchers.size;
  }

  hold(): void {
    this.#held ??= [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const entry of held) this.#publish(entry);
  }

  /** What is there now, without a call. */
  all<T extends KubernetesObject>(type: ResourceReference, namespace?: string): T[] {
    const objects = [...this.#of(type).values()] as unknown as T[];
    return objects.filter((object) => namespace === undefined || object.metadata.namespace === namespace);
  }

  async get<T extends KubernetesObject>(
    type: ResourceReference,
    namespace: string | undefined,
    name: string,
  ): Promise<T> {
    await this.#call({ verb: 'get', resource: qualifiedResource(type), namespace, name });
    return this.#require(type, namespace, name) as unknown as T;
  }

  async list<T extends KubernetesObject>(
    type: ResourceReference,
    namespace: string | undefined,
    options: ListOptions = {},
  ): Promise<KubernetesList<T>> {
    await this.#call({ verb: 'list', resource: qualifiedResource(type), namespace });
    const matches = filterOf(type, namespace, options);
    return {
      apiVersion: 'v1',
      kind: `${type.kind}List`,
      metadata: { resourceVersion: String(this.#revision) },
      items: [...this.#of(type).values()].filter(matches) as unknown as T[],
    };
  }

  async create<T extends KubernetesObject>(type: ResourceReference, object: T, options: WriteOptions = {}): Promise<T> {
    const { subresource } = options;
    await this.#call({ verb: 'create', ...about(type, object), subresource, object });
    if (subresource === 'binding') return this.#bind(type, object as unknown as UnstructuredObject) as unknown as T;
    if (subresource !== undefined) throw errors.methodNotAllowed(type, 'create');
    const copy = structuredClone(object) as unknown as UnstructuredObject;
    const { metadata } = copy;
    metadata.name ??= generateName(metadata.generateName ?? '', this.#random);
    if (this.#of(type).has(keyFor(metadata.namespace, metadata.name))) throw errors.alreadyExists(type, metadata.name);
    metadata.uid = `uid-${++this.#uids}`;
    metadata.generation = 1;
    metadata.creationTimestamp = formatTime(this.#clock.now());
    return this.#store(type, copy, undefined) as unknown as T;
  }

  async update<T extends KubernetesObject>(type: ResourceReference, object: T, options: WriteOptions = {}): Promise<T> {
    const { subresource } = options;
    await this.#call({ verb: 'update', ...about(type, object), subresource, object });
    return this.#replace(type, structuredClone(object) as unknown as UnstructuredObject, subresource) as unknown as T;
  }

  async patch<T extends KubernetesObject>(
    type: ResourceReference,
    namespace: string | undefined,
    name: string,
    patch: Patch,
    options: WriteOptions = {},
  ): Promise<T> {
    const { subresource } = options;
    const resource = qualifiedResource(type);
    await this.#call({ verb: 'patch', resource, namespace, name, subresource, object: patch.body });
    const current = structuredClone(this.#require(type, namespace, name));
    const body = structuredClone(patch.body);
    const apply = patch.type === 'json' ? applyJsonPatch : applyMergePatch;
    return this.#replace(type, apply(current, body) as unknown as UnstructuredObject, subresource) as unknown as T;
  }

  async delete(
    type: ResourceReference,
    namespace: string | undefined,
    name: string,
    options: DeleteOptions = {},
  ): Promise<void> {
    await this.#call({ verb: 'delete', resource: qualifiedResource(type), namespace, name, object: options });
    const current = this.#require(type, namespace, name);
    const { uid } = options.preconditions ?? {};
    if (uid !== undefined && uid !== current.metadata.uid) throw errors.conflict(type, name, 'the UID does not match');
    const copy = structuredClone(current);
    const { metadata } = copy;
    const finalizers = new Set(metadata.finalizers ?? []);
    if (options.propagationPolicy === 'Foreground') finalizers.add('foregroundDeletion');
    if (options.propagationPolicy === 'Orphan') finalizers.add('orphan');
    const waits = finalizers.size > 0 || type.kind === 'Namespace';
    if (!waits) return this.#remove(type, current);
    metadata.finalizers = [...finalizers];
    metadata.deletionTimestamp ??= formatTime(this.#clock.now());
    if (type.kind === 'Namespace') copy['status'] = { phase: 'Terminating' };
    this.#store(type, copy, current);
  }

  /** What a kubelet does when a pod has ended: takes the object away at once. */
  vanish(type: ResourceReference, namespace: string | undefined, name: string): void {
    this.#remove(type, this.#require(type, namespace, name));
  }

  async *watch<T extends KubernetesObject>(
    type: ResourceReference,
    namespace: string | undefined,
    options: WatchOptions,
  ): AsyncGenerator<WatchEvent<T>> {
    const resource = qualifiedResource(type);
    await this.#call({ verb: 'watch', resource, namespace });
    const from = options.resourceVersion === undefined ? this.#revision : Number(options.resourceVersion);
    if (from < this.#compacted) throw errors.watchExpired();
    const matches = filterOf(type, namespace, options);
    const queue: WatchEvent<T>[] = [];
    let wake = Promise.withResolvers<void>();
    let ended = false;
    let failure: Error | undefined;
    const watcher: Watcher = {
      resource,
      push({ event, old }) {
        const is = event.type !== 'DELETED' && matches(event.object);
        const was = old !== undefined && matches(old);
        if (!is && !was) return;
        const seen = is ? (was ? 'MODIFIED' : 'ADDED') : 'DELETED';
        queue.push({ type: seen, object: event.object as unknown as T });
        wake.resolve();
      },
      end(error) {
        ended = true;
        failure = error;
        wake.resolve();
      },
    };
    const stop = (): void => watcher.end();
    options.signal.addEventListener('abort', stop, { once: true });
    if (options.signal.aborted) ended = true;
    if (options.resourceVersion === undefined) {
      for (const object of [...this.#of(type).values()].filter(matches))
        queue.push({ type: 'ADDED', object: object as unknown as T });
    }
    for (const entry of this.#history) {
      if (entry.resource === resource && entry.revision > from && !this.#held?.includes(entry)) watcher.push(entry);
    }
    this.#watchers.add(watcher);
    try {
      while (!ended) {
        for (let event = queue.shift(); event !== undefined && !ended; event = queue.shift()) yield event;
        if (ended) break;
        await wake.promise;
        wake = Promise.withResolvers();
      }
      if (failure !== undefined) throw failure;
    } finally {
      this.#watchers.delete(watcher);
      options.signal.removeEventListener('abort', stop);
    }
  }

  async #call(call: Call): Promise<void> {
    this.calls.push(call);
    await this.intercept(call);
  }

  #of(type: ResourceReference): Map<string, UnstructuredObject> {
    const resource = qualifiedResource(type);
    let objects = this.#objects.get(resource);
    if (objects === undefined) {
      objects = new Map();
      this.#objects.set(resource, objects);
    }
    return objects;
  }

  #require(type: ResourceReference, namespace: string | undefined, name: string): UnstructuredObject {
    const found = this.#of(type).get(keyFor(namespace, name));
    if (found === undefined) throw errors.notFound(type, name);
    return found;
  }

  #bind(type: ResourceReference, binding: UnstructuredObject): UnstructuredObject {
    const { namespace, name } = binding.metadata;
    const pod = structuredClone(this.#require(type, namespace, name!));
    const spec = pod['spec'] as Record<string, unknown>;
    if (spec['nodeName'])
      throw errors.conflict(type, name!, `pod ${name} is already assigned to node "${spec['nodeName']}"`);
    spec['nodeName'] = (binding['target'] as { name: string }).name;
    return this.#store(type, pod, undefined);
  }

  #replace(type: ResourceReference, object: UnstructuredObject, subresource: string | undefined): UnstructuredObject {
    const { namespace, name, resourceVersion, uid } = object.metadata;
    const current = this.#require(type, namespace, name!);
    if (resourceVersion !== undefined && resourceVersion !== current.metadata.resourceVersion) {
      throw errors.conflict(type, name!);
    }
    if (uid !== undefined && uid !== current.metadata.uid) throw errors.conflict(type, name!, 'the UID does not match');
    const next = structuredClone(current);
    if (subresource === 'status') next['status'] = object['status'];
    else {
      const status = current['status'];
      for (const field of Object.keys(next)) delete next[field];
      Object.assign(next, object);
      if (WITH_STATUS.has(qualifiedResource(type))) {
        if (status === undefined) delete next['status'];
        else next['status'] = status;
      }
      next.metadata = { ...object.metadata };
      for (const field of ['uid', 'creationTimestamp', 'generation', 'deletionTimestamp'] as const) {
        if (current.metadata[field] === undefined) delete next.metadata[field];
        else Object.assign(next.metadata, { [field]: current.metadata[field] });
      }
      if (JSON.stringify(next['spec']) !== JSON.stringify(current['spec'])) {
        next.metadata.generation = (current.metadata.generation ?? 0) + 1;
      }
    }
    const { deletionTimestamp, finalizers = [] } = next.metadata;
    if (deletionTimestamp !== undefined && finalizers.length === 0 && type.kind !== 'Namespace') {
      this.#remove(type, current);
      return next;
    }
    return this.#store(type, next, current);
  }

  #store(type: ResourceReference, object: UnstructuredObject, old: UnstructuredObject | undefined): UnstructuredObject {
    const objects = this.#of(type);
    const key = keyFor(object.metadata.namespace, object.metadata.name!);
    const before = old ?? objects.get(key);
    object.metadata.resourceVersion = String(++this.#revision);
    const frozen = deepFreeze(object);
    objects.set(key, frozen);
    this.#record(type, { type: before === undefined ? 'ADDED' : 'MODIFIED', object: frozen }, before);
    return frozen;
  }

  #remove(type: ResourceReference, object: UnstructuredObject): void {
    this.#of(type).delete(keyFor(object.metadata.namespace, object.metadata.name!));
    const last = structuredClone(object);
    last.metadata.resourceVersion = String(++this.#revision);
    this.#record(type, { type: 'DELETED', object: deepFreeze(last) }, object);
  }

  #record(type: ResourceReference, event: WatchEvent<UnstructuredObject>, old: UnstructuredObject | undefined): void {
    const entry: Entry = { revision: this.#revision, resource: qualifiedResource(type), event, old };
    this.#history.push(entry);
    if (this.#held === undefined) this.#publish(entry);
    else this.#held.push(entry);
  }

  #publish(entry: Entry): void {
    for (const watcher of this.#watchers) if (watcher.resource === entry.resource) watcher.push(entry);
  }
}

function about(type: ResourceReference, { metadata }: KubernetesObject): Omit<Call, 'verb'> {
  return {
    resource: qualifiedResource(type),
    namespace: metadata.namespace,
    name: metadata.name ?? metadata.generateName,
  };
}

function filterOf(
  type: ResourceReference,
  namespace: string | undefined,
  options: { labelSelector?: string; fieldSelector?: string },
): (object: UnstructuredObject) => boolean {
  const labels = parseLabelSelector(options.labelSelector ?? '');
  const fields = bindFieldSelector(type, parseFieldSelector(options.fieldSelector ?? ''));
  return (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    labels.matches(object.metadata.labels) &&
    fields.matchesObject(object);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
