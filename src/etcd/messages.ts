/**
 * etcd's messages as TypeScript sees them, by the field names of `etcd.proto` in camel case. Of a request all fields are there,
 * with their zero values; of a response those left out are zero.
 */

/** A 64-bit integer as it is decoded; `safe` makes a number of it. */
export type Int64 = number | { toNumber(): number };
export type Bytes = Uint8Array;

export interface ResponseHeader {
  clusterId?: number;
  memberId?: number;
  revision: number;
  raftTerm?: number;
}
interface Answer {
  header: ResponseHeader;
}

export interface KeyValueMessage {
  key: Bytes;
  createRevision: number;
  modRevision: number;
  version: number;
  value: Bytes;
  lease: number;
}

export const sortOrders = { none: 0, ascend: 1, descend: 2 } as const;
export const sortTargets = { key: 0, version: 1, create: 2, mod: 3, value: 4 } as const;

export interface RangeMessage {
  key: Bytes;
  rangeEnd: Bytes;
  limit: Int64;
  revision: Int64;
  sortOrder: number;
  sortTarget: number;
  serializable: boolean;
  keysOnly: boolean;
  countOnly: boolean;
  minModRevision: Int64;
  maxModRevision: Int64;
  minCreateRevision: Int64;
  maxCreateRevision: Int64;
}
export interface RangeAnswer extends Answer {
  kvs: KeyValueMessage[];
  more: boolean;
  count: number;
}

export interface PutMessage {
  key: Bytes;
  value: Bytes;
  lease: Int64;
  prevKv: boolean;
  ignoreValue: boolean;
  ignoreLease: boolean;
}
export interface PutAnswer extends Answer {
  prevKv?: KeyValueMessage | undefined;
}

export interface DeleteRangeMessage {
  key: Bytes;
  rangeEnd: Bytes;
  prevKv: boolean;
}
export interface DeleteRangeAnswer extends Answer {
  deleted: number;
  prevKvs: KeyValueMessage[];
}

/** One of its fields is there. */
export interface RequestOp {
  requestRange?: RangeMessage | null;
  requestPut?: PutMessage | null;
  requestDeleteRange?: DeleteRangeMessage | null;
  requestTxn?: TxnMessage | null;
}
export type ResponseOp =
  | { responseRange: RangeAnswer }
  | { responsePut: PutAnswer }
  | { responseDeleteRange: DeleteRangeAnswer }
  | { responseTxn: TxnAnswer };

export interface CompareMessage {
  result: number;
  target: number;
  key: Bytes;
  rangeEnd: Bytes;
  version?: Int64 | null;
  createRevision?: Int64 | null;
  modRevision?: Int64 | null;
  value?: Bytes | null;
  lease?: Int64 | null;
}
export interface TxnMessage {
  compare: CompareMessage[];
  success: RequestOp[];
  failure: RequestOp[];
}
export interface TxnAnswer extends Answer {
  succeeded: boolean;
  responses: ResponseOp[];
}

export interface CompactionMessage {
  revision: Int64;
}

/** One of its fields is there. */
export interface WatchMessage {
  createRequest?: WatchCreateMessage | null;
  cancelRequest?: { watchId: Int64 } | null;
  progressRequest?: object | null;
}
export const watchFilters = { noPut: 0, noDelete: 1 } as const;
export interface WatchCreateMessage {
  key: Bytes;
  rangeEnd: Bytes;
  startRevision: Int64;
  progressNotify: boolean;
  filters: number[];
  prevKv: boolean;
  watchId: Int64;
  fragment: boolean;
}
export const eventTypes = { put: 0, delete: 1 } as const;
export interface EventMessage {
  type: number;
  kv: KeyValueMessage | { key: Bytes; modRevision: number };
  prevKv?: KeyValueMessage | undefined;
}
export interface WatchAnswer extends Answer {
  watchId: number;
  created?: boolean;
  canceled?: boolean;
  compactRevision?: number;
  cancelReason?: string;
  fragment?: boolean;
}

export interface LeaseMessage {
  ID: Int64;
}
export interface LeaseGrantMessage extends LeaseMessage {
  TTL: Int64;
}
export interface LeaseAnswer extends Answer {
  ID: number;
  TTL: number;
}
export interface LeaseTimeToLiveMessage extends LeaseMessage {
  keys: boolean;
}
export interface LeaseTimeToLiveAnswer extends LeaseAnswer {
  grantedTTL?: number;
  keys?: Bytes[];
}
export interface LeasesAnswer extends Answer {
  leases: { ID: number }[];
}

export interface MemberMessage {
  ID: number;
  name: string;
  peerURLs: string[];
  clientURLs: string[];
  isLearner: boolean;
}
export interface MembersAnswer extends Answer {
  members: MemberMessage[];
}

export const alarmActions = { get: 0, activate: 1, deactivate: 2 } as const;
export interface AlarmMessage {
  action: number;
}
export interface AlarmAnswer extends Answer {
  alarms: { memberID: number; alarm: number }[];
}
export const alarmTypes = { noSpace: 1 } as const;
export interface StatusAnswer extends Answer {
  version: string;
  dbSize: number;
  dbSizeInUse: number;
  leader: number;
  raftIndex: number;
  raftTerm: number;
  raftAppliedIndex: number;
}
export interface HashAnswer extends Answer {
  hash: number;
  compactRevision?: number;
}
export interface SnapshotAnswer extends Answer {
  remainingBytes: number;
  blob: Bytes;
}
export interface EmptyAnswer extends Answer {}
