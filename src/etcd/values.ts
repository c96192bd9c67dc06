import type { KeyValue } from '../store/index.ts';
import { etcdErrors } from './errors.ts';
import type { Bytes, Int64, KeyValueMessage } from './messages.ts';

/** Throws InvalidArgument for a number that JavaScript does not keep exactly. */
export function safe(value: Int64): number {
  const number = typeof value === 'number' ? value : value.toNumber();
  if (!Number.isSafeInteger(number)) throw etcdErrors.beyondSafe();
  return number;
}

/** The same, negative numbers being taken for 0, as etcd does with revisions and limits. */
export function count(value: Int64): number {
  return Math.max(0, safe(value));
}

const NO_BYTES = new Uint8Array(0);

/** A field of bytes: where it was left out protobufjs has an empty array. */
export function toValue(bytes: Bytes | null | undefined): Bytes {
  return bytes instanceof Uint8Array ? bytes : NO_BYTES;
}

/** Bytes as the store writes keys. */
export function toKey(bytes: Bytes): string {
  return Buffer.isBuffer(bytes) ? bytes.toString('latin1') : Buffer.from(bytes).toString('latin1');
}

/** The end of a range as the store knows it: of one key none, and beyond all keys when etcd's is the byte 0. */
export function toEnd(bytes: Bytes): string | undefined {
  if (bytes.length === 0) return undefined;
  return bytes.length === 1 && bytes[0] === 0 ? END_OF_KEYS : toKey(bytes);
}
const END_OF_KEYS = '\u0100';

export function toBytes(key: string): Buffer {
  return Buffer.from(key, 'latin1');
}

export function toKeyValueMessage(kv: KeyValue): KeyValueMessage {
  return { ...kv, key: toBytes(kv.key) };
}
