import type { WatchBatch } from '../../store/index.ts';
import { check } from '../violation.ts';

export interface Change {
  key: string;
  type: 'put' | 'delete';
  /** Latin-1. */
  value: string;
  createRevision: number;
  lease: number;
  /** All of it, to be compared. */
  text: string;
}

/**
 * What happened to the keys of the store, by revision, as the first peer that told of it did. What any other tells must
 * be the same.
 */
export class Truth {
  /** Sparse only where nobody was asked before it was compacted. */
  readonly #revisions: (readonly Change[] | undefined)[] = [];
  readonly #onChange: (revision: number, changes: readonly Change[], isAfterGap: boolean) => void;
  /** An empty store is at revision 1. */
  last = 1;
  /** Batches compared. */
  checked = 0;

  constructor(onChange: (revision: number, changes: readonly Change[], isAfterGap: boolean) => void) {
    this.#onChange = onChange;
  }

  /** Takes what a watch of all keys delivered. */
  record({ revision, events }: WatchBatch, name: string, mayGap: boolean): void {
    const changes = events.map(toChange);
    if (revision > this.last) {
      const isAfterGap = revision > this.last + 1;
      check(!isAfterGap || mayGap, () => `watch completeness: ${name} skips from ${this.last} to ${revision}`);
      this.#revisions[revision] = changes;
      this.last = revision;
      this.#onChange(revision, changes, isAfterGap);
      return;
    }
    this.#compare(revision, this.#revisions[revision], changes, name);
  }

  /**
   * What a watch of a prefix delivered at `to`, and nothing between `from` and that; without `changes`, only the latter.
   * Asked when all up to `to` is known.
   */
  verify(prefix: string, from: number, to: number, changes: readonly Change[] | undefined, name: string): void {
    for (let revision = from + 1; revision < to; revision++) {
      const missed = this.#revisions[revision]?.find(({ key }) => key.startsWith(prefix));
      check(missed === undefined, () => `watch completeness: ${name} was not told of ${missed?.text}`);
    }
    if (changes === undefined) return;
    const expected = this.#revisions[to]?.filter(({ key }) => key.startsWith(prefix));
    this.#compare(to, expected, changes, name);
  }

  #compare(revision: number, expected: readonly Change[] | undefined, changes: readonly Change[], name: string): void {
    this.checked += 1;
    if (expected === undefined) return;
    const isSame = expected.length === changes.length && expected.every(({ text }, at) => text === changes[at]!.text);
    check(isSame, () => {
      const [a, b] = [expected, changes].map((list) => list.map(({ text }) => text).join('; '));
      return `watch order: at ${revision}, ${name} was told of "${b}", others of "${a}"`;
    });
  }
}

export function toChange({ type, kv }: WatchBatch['events'][number]): Change {
  const { key, createRevision, modRevision, version, lease } = kv;
  const value = Buffer.from(kv.value.buffer, kv.value.byteOffset, kv.value.length).toString('latin1');
  const text = `${type} ${key}=${value} ${createRevision} ${modRevision} ${version} ${lease}`;
  return { key, type, value, createRevision, lease, text };
}
