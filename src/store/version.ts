import type { KeyValue } from './types.ts';

/**
 * One write of one key; the newest one of each key stands in the index, and each points to the one
 * before it, back to the compacted past.
 *
 * The value is kept as a string of its bytes. V8 stores such a string in one piece with 16 bytes of
 * overhead and moves it to close gaps, where a Uint8Array costs about 200 bytes more, or, as a view,
 * keeps a whole message buffer alive. It also compares bytewise with `<`.
 */
export class Version {
  /** As it is stored in the index: the same string for all versions of the key. */
  key: string;
  readonly value: string;
  createRevision: number;
  readonly modRevision: number;
  /** 0 marks a deletion. */
  version: number;
  readonly lease: number;
  previous: Version | undefined = undefined;

  constructor(key: string, value: string, createRevision: number, modRevision: number, version: number, lease: number) {
    this.key = key;
    this.value = value;
    this.createRevision = createRevision;
    this.modRevision = modRevision;
    this.version = version;
    this.lease = lease;
  }

  get live(): boolean {
    return this.version > 0;
  }

  /** About what this version costs in memory, beside the key. */
  get bytes(): number {
    return VERSION_OVERHEAD + this.value.length;
  }
}

/** The object, its place in the history and the string's header. */
const VERSION_OVERHEAD = 120;

/** What `version` looked like at `revision`: the newest one not after it, if that is not a deletion. */
export function visibleAt(version: Version | undefined, revision: number): Version | undefined {
  let candidate = version;
  while (candidate !== undefined && candidate.modRevision > revision) candidate = candidate.previous;
  return candidate?.live ? candidate : undefined;
}

const NO_BYTES = new Uint8Array(0);

export function toKeyValue(version: Version, keysOnly = false): KeyValue {
  return {
    key: version.key,
    value: keysOnly ? NO_BYTES : toBytes(version.value),
    createRevision: version.createRevision,
    modRevision: version.modRevision,
    version: version.version,
    lease: version.lease,
  };
}

/** What watchers see of a deletion. */
export function toDeletedKeyValue(version: Version): KeyValue {
  return {
    key: version.key,
    value: NO_BYTES,
    createRevision: 0,
    modRevision: version.modRevision,
    version: 0,
    lease: 0,
  };
}

/** Larger values get memory of their own; smaller ones share Node's pool, in blocks of 8 KiB. */
const POOLED_BYTES = 1024;

export function toBytes(text: string): Uint8Array {
  if (text.length === 0) return NO_BYTES;
  if (text.length <= POOLED_BYTES) return Buffer.from(text, 'latin1');
  const bytes = Buffer.allocUnsafeSlow(text.length);
  bytes.write(text, 'latin1');
  return bytes;
}

/** Copies the bytes off whatever larger buffer they are a view of. */
export function fromBytes(bytes: Uint8Array): string {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer.toString('latin1');
}

/**
 * The same text as a string of its own. A key decoded from a message may be a slice, which would
 * keep the whole message's text alive.
 */
export function detach(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}
