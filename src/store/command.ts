/**
 * What is replicated, as plain arrays led by a number: small, and quick to pack and unpack. The same
 * arrays carry requests over the wire. Once written to a log the numbers never change their meaning.
 */
export const PUT = 1;
export const DELETE = 2;
export const RANGE = 3;
export const TXN = 4;
export const LEASE_GRANT = 5;
export const LEASE_REVOKE = 6;
export const LEASE_KEEP_ALIVE = 7;
/** The leader found a lease expired: revoked only if nobody refreshed it since. */
export const LEASE_EXPIRE = 8;
export const COMPACT = 9;
/** The cluster's version from which on there are the two that follow. */
export const CHECKS_SINCE = 2;
/** All peers are to hash what they hold here; see consistency-guard.ts. */
export const CHECK = 10;
/** What one of them found. */
export const REPORT = 11;

/** Flags of put and delete. */
export const PREVIOUS = 1;
export const IGNORE_VALUE = 2;
export const IGNORE_LEASE = 4;
/** Flags of range. */
export const KEYS_ONLY = 1;
export const COUNT_ONLY = 2;
export const DESCEND = 4;

export type PutCommand = [op: typeof PUT, key: string, value: Uint8Array, lease: number, flags: number];
export type DeleteCommand = [op: typeof DELETE, key: string, end: string | null, flags: number];
export type RangeCommand = [
  op: typeof RANGE,
  key: string,
  end: string | null,
  revision: number,
  limit: number,
  flags: number,
];
export type TxnCommand = [
  op: typeof TXN,
  compare: CompareCommand[],
  then: OperationCommand[],
  otherwise: OperationCommand[],
];
export type CompareCommand = [
  key: string,
  end: string | null,
  /** Position in TARGETS. */
  target: number,
  /** Position in OPERATORS. */
  operator: number,
  operand: number | Uint8Array,
];
export type OperationCommand = PutCommand | DeleteCommand | RangeCommand | TxnCommand;

export type Command =
  | PutCommand
  | DeleteCommand
  | TxnCommand
  | [op: typeof LEASE_GRANT, id: number, ttl: number]
  | [op: typeof LEASE_REVOKE, id: number]
  | [op: typeof LEASE_KEEP_ALIVE, id: number]
  | [op: typeof LEASE_EXPIRE, id: number, generation: number]
  | [op: typeof COMPACT, revision: number]
  | [op: typeof CHECK, id: number]
  | [op: typeof REPORT, check: number, peer: number, hash: number];

export const TARGETS = ['version', 'createRevision', 'modRevision', 'lease', 'value'] as const;
export const VALUE_TARGET = 4;
export const OPERATORS = ['=', '!=', '<', '>'] as const;
