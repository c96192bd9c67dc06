import { CompactedError, FutureRevisionError } from './errors.ts';
import { History } from './history.ts';
import { OrderedIndex } from './ordered-index.ts';
import type { KeyValue, RangeRequest, RangeResult } from './types.ts';
import { detach, toKeyValue, Version, visibleAt } from './version.ts';

const NOTHING: readonly Version[] = [];
/** Later than every revision: sees the newest versions, staged ones too. */
const NOW = Number.POSITIVE_INFINITY;

/**
 * The multi-version key space: keys, their history back to the compact revision, and the revision
 * counter. Writes are staged by `put` and `delete` and get one common revision in `commit`; reads
 * without a revision see staged writes. Pure and synchronous.
 */
export class Keyspace {
  #index = new OrderedIndex();
  #history = new History();
  #revision: number;
  #compactRevision: number;
  #staged: Version[] = [];
  #pins = 0;
  /** Bytes of all live keys and values. */
  bytes = 0;
  /** About the memory that superseded versions hold. */
  historyBytes = 0;

  /** An empty one stands at revision 1, as in etcd. */
  constructor(revision = 1, compactRevision = 0) {
    this.#revision = revision;
    this.#compactRevision = compactRevision;
  }

  get revision(): number {
    return this.#revision;
  }

  /** The revision after a commit of what is staged. */
  get nextRevision(): number {
    return this.#staged.length > 0 ? this.#revision + 1 : this.#revision;
  }

  /** The oldest revision that can be read and watched; 0 before the first compaction. */
  get compactRevision(): number {
    return this.#compactRevision;
  }

  /** How many keys there are. */
  get size(): number {
    return this.#index.live;
  }

  get history(): History {
    return this.#history;
  }

  /** The newest version of `key`, unless it is deleted. */
  get(key: string): Version | undefined {
    const version = this.#index.get(key);
    return version?.live ? version : undefined;
  }

  /** Stages a write; returns the version it supersedes. */
  put(key: string, value: string, lease: number): Version | undefined {
    const revision = this.#revision + 1;
    const next = new Version(key, value, revision, revision, 1, lease);
    const superseded = this.#index.set(next);
    if (superseded === undefined) next.key = detach(key);
    else next.key = superseded.key;
    next.previous = superseded;
    this.#staged.push(next);
    this.bytes += key.length + value.length;
    if (!superseded?.live) return undefined;
    next.createRevision = superseded.createRevision;
    next.version = superseded.version + 1;
    this.#supersede(superseded);
    return superseded;
  }

  /** Stages the deletion of all keys in [key, end), or of the one key; returns what they were. */
  delete(key: string, end?: string): Version[] {
    const doomed: Version[] = [];
    this.#scan(key, end, NOW, false, (version) => {
      doomed.push(version);
      return true;
    });
    const revision = this.#revision + 1;
    for (const superseded of doomed) {
      const tombstone = new Version(superseded.key, '', 0, revision, 0, 0);
      tombstone.previous = superseded;
      this.#index.set(tombstone);
      this.#staged.push(tombstone);
      this.#supersede(superseded);
      this.historyBytes += tombstone.bytes;
    }
    return doomed;
  }

  /** Gives what is staged the next revision and returns it; nothing staged, no new revision. */
  commit(): readonly Version[] {
    if (this.#staged.length === 0) return NOTHING;
    const staged = this.#staged;
    this.#staged = [];
    this.#revision++;
    for (const version of staged) this.#history.append(version);
    return staged;
  }

  /** Throws unless `revision` (0: now) can be read. */
  checkRevision(revision: number): void {
    if (revision > this.#revision) throw new FutureRevisionError(revision, this.#revision);
    if (revision !== 0 && revision < this.#compactRevision) throw new CompactedError(this.#compactRevision);
  }

  range(request: Omit<RangeRequest, 'serializable'>): RangeResult {
    const { key, end, revision = 0, limit = 0, keysOnly = false, countOnly = false } = request;
    this.checkRevision(revision);
    const kvs: KeyValue[] = [];
    if (!countOnly) {
      this.#scan(key, end, revision || NOW, request.order === 'descend', (version) => {
        kvs.push(toKeyValue(version, keysOnly));
        return kvs.length !== limit;
      });
    }
    const isCut = countOnly || (limit > 0 && kvs.length >= limit);
    const count = isCut ? this.#count(key, end, revision) : kvs.length;
    return { revision: this.nextRevision, kvs, count, more: !countOnly && kvs.length < count };
  }

  /** The live keys in [key, end), or the one key, as they are now; stops when `visit` returns false. */
  visit(key: string, end: string | undefined, visit: (version: Version) => boolean): void {
    this.#scan(key, end, NOW, false, visit);
  }

  /** The same as they were at `revision`, for keys from `start` on. */
  visitAt(start: string, revision: number, visit: (version: Version) => boolean): void {
    this.#scan(start, END_OF_KEYS, revision, false, visit);
  }

  /**
   * Makes revisions before `revision` unreadable. Their memory is given back by `clean`, so that a long
   * history does not hold up everything else.
   */
  compact(revision: number): void {
    if (revision <= this.#compactRevision) throw new CompactedError(this.#compactRevision);
    if (revision > this.#revision) throw new FutureRevisionError(revision, this.#revision);
    this.#compactRevision = revision;
  }

  /** Whether all memory of compacted history is given back. */
  get isClean(): boolean {
    const oldest = this.#history.at(this.#history.start);
    return oldest === undefined || oldest.modRevision >= this.#compactRevision;
  }

  /** Drops up to `limit` compacted writes. */
  clean(limit: number): void {
    if (this.#pins > 0) return;
    for (let i = 0; i < limit && !this.isClean; i++) this.#forget(this.#history.shift()!);
  }

  /** Keeps `clean` from dropping anything until the returned function is called. */
  pin(): () => void {
    this.#pins++;
    let pinned = true;
    return () => {
      if (!pinned) return;
      pinned = false;
      this.#pins--;
    };
  }

  /** Puts a version from a snapshot in place: first the oldest state by key, then the history by revision. */
  load(version: Version, isHistory: boolean): void {
    const superseded = this.#index.set(version);
    version.previous = superseded;
    if (superseded !== undefined) version.key = superseded.key;
    if (version.live) this.bytes += version.key.length + version.value.length;
    else this.historyBytes += version.bytes;
    if (superseded?.live) this.#supersede(superseded);
    if (isHistory) this.#history.append(version);
  }

  #supersede(version: Version): void {
    this.bytes -= version.key.length + version.value.length;
    this.historyBytes += version.bytes;
  }

  /** A write before the compact revision stays only if it is still the newest of its key, and no deletion. */
  #forget(version: Version): void {
    if (version.previous !== undefined) {
      this.historyBytes -= version.previous.bytes;
      version.previous = undefined;
    }
    if (!version.live && this.#index.get(version.key) === version) {
      this.historyBytes -= version.bytes;
      this.#index.delete(version.key);
    }
  }

  #count(key: string, end: string | undefined, revision: number): number {
    const now = revision === 0 || revision === this.nextRevision;
    if (end === undefined) return visibleAt(this.#index.get(key), revision || NOW) ? 1 : 0;
    const count = this.#index.countLive(key, end);
    return now ? count : count - this.#growthSince(key, end, revision);
  }

  /** By how much the range has grown after `revision`: much cheaper than a visit to all its keys. */
  #growthSince(key: string, end: string, revision: number): number {
    let growth = 0;
    const add = (version: Version): void => {
      if (version.key < key || version.key >= end) return;
      growth += (version.live ? 1 : 0) - (version.previous?.live ? 1 : 0);
    };
    const history = this.#history;
    for (let position = history.positionOf(revision + 1); position < history.end; position++)
      add(history.at(position)!);
    this.#staged.forEach(add);
    return growth;
  }

  #scan(
    key: string,
    end: string | undefined,
    at: number,
    descend: boolean,
    visit: (version: Version) => boolean,
  ): void {
    if (end === undefined) {
      const version = visibleAt(this.#index.get(key), at);
      if (version !== undefined) visit(version);
      return;
    }
    const step = (newest: Version): boolean => {
      const version = visibleAt(newest, at);
      return version === undefined || visit(version);
    };
    if (descend) this.#index.descend(key, end, step);
    else this.#index.ascend(key, end, step);
  }
}

/** Greater than every key. */
const END_OF_KEYS = '\u0100';
