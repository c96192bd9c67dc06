import { prefixEnd } from '../../store/index.ts';
import type { Bytes } from '../messages.ts';
import { toBytes, toKey } from '../values.ts';

/**
 * A range as etcd's messages have it; without `rangeEnd`, the one key. That must be left out then: when it is there, and empty,
 * etcd takes it for "all keys from here on".
 */
export interface RangeBytes {
  key: Buffer;
  rangeEnd?: Buffer;
}

/**
 * A store's part of etcd's keys: `<prefix>data<key>` are its own, and `<prefix>meta/…` what it keeps about itself. All are in
 * one range, so that one watch sees both in order.
 */
export class KeySpace {
  readonly #data: string;
  /** Written to find out whether a watch is up to date. */
  readonly progress: Buffer;
  /** Who compacts, and up to where. */
  readonly compaction: Buffer;
  /** Whose keys these are. */
  readonly owner: Buffer;
  /** All keys with the prefix. */
  readonly everything: RangeBytes;

  /** `prefix`: not empty. */
  constructor(prefix: string) {
    this.#data = `${prefix}data`;
    this.progress = toBytes(`${prefix}meta/progress`);
    this.compaction = toBytes(`${prefix}meta/compaction`);
    this.owner = toBytes(`${prefix}meta/owner`);
    this.everything = { key: toBytes(prefix), rangeEnd: toBytes(prefixEnd(prefix)) };
  }

  key(key: string): Buffer {
    return toBytes(this.#data + key);
  }

  range(key: string, end: string | undefined): RangeBytes {
    return { key: this.key(key), ...(end === undefined ? {} : { rangeEnd: toBytes(this.#end(end)) }) };
  }

  /** The store's key; undefined for one that is not of its data. */
  from(bytes: Bytes): string | undefined {
    const key = toKey(bytes);
    return key.startsWith(this.#data) ? key.slice(this.#data.length) : undefined;
  }

  /** \u0100 comes after all bytes, of which etcd knows nothing: it ends what has the text before it as a prefix. */
  #end(end: string): string {
    const beyond = end.indexOf('\u0100');
    return beyond === -1 ? this.#data + end : prefixEnd(this.#data + end.slice(0, beyond));
  }
}
