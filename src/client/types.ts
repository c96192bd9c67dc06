import type { Fence, KubernetesList, KubernetesObject, ResourceReference } from '../api/index.ts';

export type { Fence };

/**
 * The one way in which components talk to the API: in process (src/apiserver) or over the network
 * (http-client.ts); both pass the same stages. Every failed call rejects with an ApiError.
 * Objects returned are shared with caches: clone before changing.
 */
export interface Client {
  get<T extends KubernetesObject>(
    type: ResourceReference,
    namespace: string | undefined,
    name: string,
    options?: CallOptions,
  ): Promise<T>;
  /** `namespace` undefined: all of them. */
  list<T extends KubernetesObject>(
    type: ResourceReference,
    namespace: string | undefined,
    options?: ListOptions,
  ): Promise<KubernetesList<T>>;
  create<T extends KubernetesObject>(type: ResourceReference, object: T, options?: WriteOptions): Promise<T>;
  /** Replaces; fails with reason Conflict unless `metadata.resourceVersion` (when given) is current. */
  update<T extends KubernetesObject>(type: ResourceReference, object: T, options?: WriteOptions): Promise<T>;
  patch<T extends KubernetesObject>(
    type: ResourceReference,
    namespace: string | undefined,
    name: string,
    patch: Patch,
    options?: WriteOptions,
  ): Promise<T>;
  delete(type: ResourceReference, namespace: string | undefined, name: string, options?: DeleteOptions): Promise<void>;
  /**
   * Events after `resourceVersion` (or the state first, when it is absent). Ends by throwing ApiError Expired when that is
   * compacted, returns when the server closes; the caller resumes. Abort `signal` to stop.
   */
  watch<T extends KubernetesObject>(
    type: ResourceReference,
    namespace: string | undefined,
    options: WatchOptions,
  ): AsyncIterable<WatchEvent<T>>;
  /** The same client whose every write is refused (reason Conflict, cause FencingLost) once another holds the lease. */
  fenced(fence: Fence): Client;
}

export interface CallOptions {
  signal?: AbortSignal;
  resourceVersion?: string;
}

export interface ListOptions extends CallOptions {
  labelSelector?: string;
  fieldSelector?: string;
  limit?: number;
  continue?: string;
}

export interface WriteOptions {
  signal?: AbortSignal;
  /** For example `status`, `scale`, `binding`, `eviction`. */
  subresource?: string;
  fieldManager?: string;
  dryRun?: boolean;
}

export interface DeleteOptions {
  signal?: AbortSignal;
  gracePeriodSeconds?: number;
  propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  preconditions?: { uid?: string; resourceVersion?: string };
}

export type Patch =
  | { type: 'json'; body: unknown[] }
  | { type: 'merge'; body: unknown }
  | { type: 'strategic'; body: unknown }
  | { type: 'apply'; body: unknown; force?: boolean };

export interface WatchOptions {
  signal: AbortSignal;
  resourceVersion?: string;
  labelSelector?: string;
  fieldSelector?: string;
  allowBookmarks?: boolean;
}

/** BOOKMARK carries only metadata.resourceVersion. */
export interface WatchEvent<T> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  object: T;
}

/** Keeps a local copy of one kind by list and watch, as client-go's shared informers do. */
export interface Informer<T extends KubernetesObject> {
  /** Resolves when the first list is in. */
  synced(): Promise<void>;
  get(namespace: string | undefined, name: string): T | undefined;
  /** Everything, or one namespace's. */
  list(namespace?: string): readonly T[];
  /** Objects for which a named index function (given at creation) returned `value`. */
  byIndex(index: string, value: string): readonly T[];
  /** Whether a write of this kind that returned an object of that resourceVersion has reached the cache. */
  hasSeen(resourceVersion: string): boolean;
  /** Called in order for each change after (and, for what exists, at) registration. Returns the way to end it. */
  onChange(handler: (change: Change<T>) => void): () => void;
}

export type Change<T> =
  | { type: 'added'; object: T }
  | { type: 'updated'; object: T; old: T }
  | { type: 'deleted'; object: T };

/** One informer per kind (and selectors), shared by all controllers of a process. */
export interface InformerFactory {
  /** Index functions add up; the first of a name counts. After `start` a new informer starts at once. */
  informer<T extends KubernetesObject>(type: ResourceReference, options?: InformerOptions<T>): Informer<T>;
  /** Ends the informers of a kind that is no longer served; who asks for it later gets a new one. */
  forget(type: ResourceReference): void;
  /** Idempotent. */
  start(): void;
  /** Resolves when the first lists are in; rejects when stopped before. */
  synced(): Promise<void>;
  /**
   * Lists anew what already runs: then all caches hold everything that was written before the call. Who takes
   * over work from another peer calls it first: a cache that lags would do again what the other has done.
   */
  refresh(): Promise<void>;
  stop(): Promise<void>;
}

export interface InformerOptions<T> {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  indexes?: Record<string, (object: T) => readonly string[]>;
}

/** `namespace/name`, or `name` for cluster-scoped objects. */
export type Key = string;

/**
 * The one controller interface: gets a name, never an event, and makes the world fit the spec.
 * A rejection: again with back-off. `requeueAfterMs`: again then.
 */
export interface Reconciler {
  reconcile(key: Key, signal: AbortSignal): Promise<ReconcileResult | undefined>;
}

export interface ReconcileResult {
  requeueAfterMs?: number;
}

/** Records Events, with Kubernetes' aggregation and rate limit; never throws, never waits. */
export interface EventRecorder {
  event(
    about: KubernetesObject,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
    options?: EventOptions,
  ): void;
}

export interface EventOptions {
  /** The part of the object that it is about, such as `spec.containers{web}`. */
  fieldPath?: string;
}

/** Makes the recorder of one component, named as Kubernetes names it: `deployment-controller`. */
export type EventRecorderFactory = (component: string) => EventRecorder;
