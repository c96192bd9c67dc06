// Generated from: Go type declarations of Kubernetes v1.35.7.
// By: node src/api/generate/main.ts --facts FILE. Do not edit.

import type { ListMeta, ManagedFieldsEntry, ObjectMeta, OwnerReference } from '../object.ts';
export type { ListMeta, ManagedFieldsEntry, ObjectMeta, OwnerReference };
import type { Status, StatusCause, StatusDetails } from '../status.ts';
export type { Status, StatusCause, StatusDetails };

/** RFC 3339 in UTC, whole seconds. */
export type Time = string;

/** RFC 3339 in UTC, six decimals. */
export type MicroTime = string;

/** `500m`, `1Gi`, … */
export type Quantity = string;

/** A number, or a percentage or name. */
export type IntOrString = number | string;

/** Bytes in base64. */
export type Base64 = string;

export type CauseType = 'FieldValueNotFound' | 'FieldValueRequired' | 'FieldValueDuplicate' | 'FieldValueInvalid' | 'FieldValueNotSupported' | 'FieldValueForbidden' | 'FieldValueTooLong' | 'FieldValueTooMany' | 'InternalError' | 'FieldValueTypeInvalid' | 'UnexpectedServerResponse' | 'FieldManagerConflict' | 'ResourceVersionTooLarge' | (string & {});

export type ConditionStatus = 'True' | 'False' | 'Unknown' | (string & {});

export type DeletionPropagation = 'Orphan' | 'Background' | 'Foreground' | (string & {});

export type FieldSelectorOperator = 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | (string & {});

export type IncludeObjectPolicy = 'None' | 'Metadata' | 'Object' | (string & {});

export type LabelSelectorOperator = 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | (string & {});

export type ManagedFieldsOperationType = 'Apply' | 'Update' | (string & {});

export type ResourceVersionMatch = 'NotOlderThan' | 'Exact' | (string & {});

export type RowConditionType = 'Completed' | (string & {});

export type StatusReason = '' | 'Unauthorized' | 'Forbidden' | 'NotFound' | 'AlreadyExists' | 'Conflict' | 'Gone' | 'Invalid' | 'ServerTimeout' | 'StorageReadError' | 'Timeout' | 'TooManyRequests' | 'BadRequest' | 'MethodNotAllowed' | 'NotAcceptable' | 'RequestEntityTooLarge' | 'UnsupportedMediaType' | 'InternalError' | 'Expired' | 'ServiceUnavailable' | (string & {});

export type Verbs = string[];

export interface APIGroup {
  apiVersion?: 'v1';
  kind?: 'APIGroup';
  name: string;
  versions: GroupVersionForDiscovery[];
  preferredVersion?: GroupVersionForDiscovery;
  serverAddressByClientCIDRs?: ServerAddressByClientCIDR[];
}

export interface APIGroupList {
  apiVersion?: 'v1';
  kind?: 'APIGroupList';
  groups: APIGroup[];
}

export interface APIResource {
  name: string;
  namespaced: boolean;
  kind: string;
  verbs: string[];
  shortNames?: string[];
  singularName: string;
  categories?: string[];
  group?: string;
  version?: string;
  storageVersionHash?: string;
}

export interface APIResourceList {
  apiVersion?: 'v1';
  kind?: 'APIResourceList';
  groupVersion: string;
  resources: APIResource[];
}

export interface APIVersions {
  apiVersion?: 'v1';
  kind?: 'APIVersions';
  versions: string[];
  serverAddressByClientCIDRs: ServerAddressByClientCIDR[];
}

export interface ApplyOptions {
  apiVersion?: 'v1';
  kind?: 'ApplyOptions';
  dryRun?: string[];
  force: boolean;
  fieldManager: string;
}

export interface Condition {
  type: string;
  status: ConditionStatus;
  observedGeneration?: number;
  lastTransitionTime: Time;
  reason: string;
  message: string;
}

export interface CreateOptions {
  apiVersion?: 'v1';
  kind?: 'CreateOptions';
  dryRun?: string[];
  fieldManager?: string;
  fieldValidation?: string;
}

export interface DeleteOptions {
  apiVersion?: 'v1';
  kind?: 'DeleteOptions';
  gracePeriodSeconds?: number;
  preconditions?: Preconditions;
  orphanDependents?: boolean;
  propagationPolicy?: DeletionPropagation;
  dryRun?: string[];
  ignoreStoreReadErrorWithClusterBreakingPotential?: boolean;
}

export interface FieldSelectorRequirement {
  key: string;
  operator: FieldSelectorOperator;
  values?: string[];
}

export interface GetOptions {
  apiVersion?: 'v1';
  kind?: 'GetOptions';
  resourceVersion?: string;
}

export interface GroupVersionForDiscovery {
  groupVersion: string;
  version: string;
}

export interface LabelSelector {
  matchLabels?: Record<string, string>;
  matchExpressions?: LabelSelectorRequirement[];
}

export interface LabelSelectorRequirement {
  key: string;
  operator: LabelSelectorOperator;
  values?: string[];
}

export interface List {
  apiVersion?: 'v1';
  kind?: 'List';
  metadata?: ListMeta;
  items: unknown[];
}

export interface ListOptions {
  apiVersion?: 'v1';
  kind?: 'ListOptions';
  labelSelector?: string;
  fieldSelector?: string;
  watch?: boolean;
  resourceVersion?: string;
  timeoutSeconds?: number;
  limit?: number;
  continue?: string;
  allowWatchBookmarks?: boolean;
  resourceVersionMatch?: ResourceVersionMatch;
  sendInitialEvents?: boolean;
}

export interface PartialObjectMetadata {
  apiVersion?: 'v1';
  kind?: 'PartialObjectMetadata';
  metadata?: ObjectMeta;
}

export interface PartialObjectMetadataList {
  apiVersion?: 'v1';
  kind?: 'PartialObjectMetadataList';
  metadata?: ListMeta;
  items: PartialObjectMetadata[];
}

export interface PatchOptions {
  apiVersion?: 'v1';
  kind?: 'PatchOptions';
  dryRun?: string[];
  force?: boolean;
  fieldManager?: string;
  fieldValidation?: string;
}

export interface Preconditions {
  uid?: string;
  resourceVersion?: string;
}

export interface RootPaths {
  paths: string[];
}

export interface ServerAddressByClientCIDR {
  clientCIDR: string;
  serverAddress: string;
}

export interface Table {
  apiVersion?: 'v1';
  kind?: 'Table';
  columnDefinitions: TableColumnDefinition[];
  metadata?: ListMeta;
  rows: TableRow[];
}

export interface TableColumnDefinition {
  description: string;
  format: string;
  name: string;
  priority: number;
  type: string;
}

export interface TableOptions {
  apiVersion?: 'v1';
  kind?: 'TableOptions';
  includeObject?: IncludeObjectPolicy;
}

export interface TableRow {
  conditions?: TableRowCondition[];
  object?: unknown;
}

export interface TableRowCondition {
  message?: string;
  reason?: string;
  status: ConditionStatus;
  type: RowConditionType;
}

export interface UpdateOptions {
  apiVersion?: 'v1';
  kind?: 'UpdateOptions';
  dryRun?: string[];
  fieldManager?: string;
  fieldValidation?: string;
}

export interface GroupResource {
  group: string;
  resource: string;
}

export interface GroupVersionKind {
  group: string;
  version: string;
  kind: string;
}

export interface GroupVersionResource {
  group: string;
  version: string;
  resource: string;
}

export type Patch = Record<string, never>;

export interface WatchEvent {
  type: string;
  object: unknown;
}
