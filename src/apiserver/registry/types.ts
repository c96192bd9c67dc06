import type {
  ApiError,
  KubernetesObject,
  ListMeta,
  ResourceType,
  Scheme,
  Status,
  UnstructuredObject,
} from '../../api/index.ts';
import type { Fence } from '../../client/index.ts';
import type { Compare } from '../../store/index.ts';

/**
 * The registry: every verb on every kind, below HTTP and above the store. The HTTP surface and the
 * in-process client both end here, with who asks already authenticated and authorised. Objects and patches handed in are
 * left as they are.
 */
export interface Registry {
  /** The kinds that are served, as they are now. */
  readonly scheme: Scheme;
  get(request: ObjectRequest & { resourceVersion?: string }): Promise<Encoded>;
  list(request: CollectionRequest & ListParameters): Promise<ListResult>;
  create(
    request: CollectionRequest & { name?: string; subresource?: string; object: KubernetesObject } & WriteParameters,
  ): Promise<Encoded>;
  update(
    request: ObjectRequest & { object: KubernetesObject } & WriteParameters,
  ): Promise<{ result: Encoded; created: boolean }>;
  patch(
    request: ObjectRequest & { patchType: PatchType; patch: unknown; force?: boolean } & WriteParameters,
  ): Promise<{ result: Encoded; created: boolean }>;
  /** The object while it still goes (finalizers, grace period), or a Success Status when it is gone. */
  delete(request: ObjectRequest & DeleteParameters): Promise<Encoded | Status>;
  deleteCollection(request: CollectionRequest & ListParameters & DeleteParameters): Promise<ListResult>;
  /**
   * Asks admission whether a connection to an object's subresource (`exec`, `attach`, `portforward`, `proxy`) may be made;
   * `options` is what says how, such as PodExecOptions. Resolves with the options that admission made of them; rejects with the
   * ApiError of the refusal.
   */
  connect(request: ObjectRequest & { subresource: string; options: KubernetesObject }): Promise<KubernetesObject>;
  /** Starts a watch: events are pushed synchronously as they are applied. Rejects with ApiError Expired when too old. */
  watch(request: CollectionRequest & WatchParameters): Promise<{ stop(): void }>;
}

export type PatchType =
  | 'application/json-patch+json'
  | 'application/merge-patch+json'
  | 'application/strategic-merge-patch+json'
  | 'application/apply-patch+yaml';

/** Names a resource whatever its version. `group` is '' for core. */
export interface GroupResource {
  group: string;
  resource: string;
}

/**
 * The objects as this peer knows them, without asking the others: for admission, allocation and whoever in the process needs a
 * quick look. Objects are in their stored version, shared and frozen.
 */
export interface StateReader {
  /** The kinds that are served, as they are now. */
  readonly scheme: Scheme;
  lookup(type: GroupResource, namespace: string | undefined, name: string): StoredState | undefined;
  /** All objects, or one namespace's, ascending by namespace and name. */
  all(type: GroupResource, namespace?: string): readonly StoredState[];
  /** Waits until this peer has every write acknowledged anywhere before the call. */
  fresh(): Promise<void>;
}

export interface StoredState {
  /** Where the store holds it. */
  readonly key: string;
  readonly revision: number;
  readonly object: UnstructuredObject;
}

/**
 * Something beside the object itself that must hold for a write to happen, compared in the same transaction.
 * When it doesn't, `refusal` says why the write fails for good; undefined: it is tried again from the start.
 */
export interface Guard {
  compare: Compare;
  refusal(): ApiError | undefined;
}

/** An authenticated user, as in authentication.k8s.io/v1 UserInfo. */
export interface User {
  name: string;
  uid?: string;
  groups: readonly string[];
  extra?: Readonly<Record<string, readonly string[]>>;
}

export interface CollectionRequest {
  type: ResourceType;
  /** Undefined: cluster-scoped, or all namespaces. */
  namespace: string | undefined;
  user: User;
  /** Texts for the Warning header, filled by the stages. */
  warnings: string[];
  /** What the audit log is to say along with the request, filled by admission. */
  auditAnnotations?: Record<string, string>;
  signal?: AbortSignal;
}

export interface ObjectRequest extends CollectionRequest {
  name: string;
  subresource?: string;
}

export interface WriteParameters {
  dryRun?: boolean;
  fieldManager?: string;
  fieldValidation?: 'Strict' | 'Warn' | 'Ignore';
  /** Paths of fields that the body gave more than once; judged as unknown fields are. */
  duplicateFields?: readonly string[];
  fence?: Fence;
}

export interface ListParameters {
  labelSelector?: string;
  fieldSelector?: string;
  limit?: number;
  continue?: string;
  resourceVersion?: string;
  resourceVersionMatch?: string;
  /** For watches only: refused. */
  sendInitialEvents?: boolean;
}

export interface DeleteParameters {
  dryRun?: boolean;
  gracePeriodSeconds?: number;
  propagationPolicy?: string;
  orphanDependents?: boolean;
  preconditions?: { uid?: string; resourceVersion?: string };
  fence?: Fence;
}

export interface WatchParameters {
  labelSelector?: string;
  fieldSelector?: string;
  resourceVersion?: string;
  resourceVersionMatch?: string;
  sendInitialEvents?: boolean;
  allowBookmarks?: boolean;
  /** How long the reader stays, where that is known: the last bookmark comes shortly before. */
  timeoutMs?: number;
  /** Must be quick and not throw. Returns false when the reader is too slow: the watch ends. */
  onEvent(event: EncodedEvent): boolean;
  /**
   * Awaited now and then while the state and what happened since `resourceVersion` are told, so that a big state doesn't flood
   * the reader: resolves when it has room. What happens meanwhile waits in line.
   */
  drained?(): Promise<void>;
  /** The state and what happened since have been told: from now on it is live. Not called when it ends before. */
  onBegun?(): void;
  /** The watch is over: a Status (Expired, …) to be sent as an ERROR event, or undefined for a plain end. */
  onEnd(status: Status | undefined): void;
}

/** An object with its bytes, which are made at most once and shared by all readers. Frozen. */
export interface Encoded {
  /** With apiVersion, kind and metadata.resourceVersion. */
  readonly object: KubernetesObject;
  json(): Buffer;
}

export interface EncodedEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  encoded: Encoded;
  /** `{"type":…,"object":…}\n`, made once for all watchers. */
  json(): Buffer;
  /** The same as a frame of protobuf; only of kinds that have such a form. */
  protobuf(): Buffer;
}

export interface ListResult {
  metadata: ListMeta;
  items: readonly Encoded[];
}
