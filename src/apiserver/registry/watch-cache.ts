import { errors, LiveScheme, resourceTypes, type UnstructuredObject } from '../../api/index.ts';
import { type Clock, errorCode, errorMessage, type Logger, sleep } from '../../base/index.ts';
import { type KeyValue, prefixEnd, type Store, type WatchBatch, type WatchHandle } from '../../store/index.ts';
import { Collection } from './collection.ts';
import { DerivedMemory } from './derived-memory.ts';
import { StoredObject } from './encoded.ts';
import { collectionPrefix, collectionPrefixOf, namespacePrefix, objectKey, REGISTRY_PREFIX } from './keys.ts';
import type { GroupResource, StateReader } from './types.ts';

export interface WatchCacheOptions {
  store: Store;
  clock: Clock;
  logger: Logger;
  /** Bytes of decoded objects and finished JSON that are kept for the next reader. */
  derivedBytes?: number;
}

const DEFAULT_DERIVED_BYTES = 8 * 1024 * 1024;
const RETRY_MS = 1_000;
/** How often to look whether a watch that is catching up has got there: it doesn't tell of what isn't in its range. */
const CATCH_UP_MS = 10;

/**
 * All objects of the API as this peer knows them, fed by one watch of the store for the whole process. Reads, lists
 * and watches of the present are answered from here; each change is decoded and encoded once for all.
 */
export class WatchCache implements StateReader {
  readonly scheme = new LiveScheme(resourceTypes());
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #memory: DerivedMemory;
  readonly #collections = new Map<string, Collection>();
  readonly #stopping = new AbortController();
  #watch: WatchHandle | undefined;
  /** Of the last batch taken in, or of the load. */
  #applied = 0;
  #loadedAt = 0;
  /** Writes of this process that are under way: what comes back as these bytes is this object. */
  readonly #expected = new Map<string, { value: Buffer; object: UnstructuredObject }>();
  /** Settled when the state is loaded and followed. */
  #loading: Promise<void>;
  #loaded = false;
  #waiting: { revision: number; resolve: () => void }[] = [];

  constructor(options: WatchCacheOptions) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#memory = new DerivedMemory(options.derivedBytes ?? DEFAULT_DERIVED_BYTES);
    this.#loading = this.#load();
  }

  /** Everything up to this revision of the store is taken in. */
  get revision(): number {
    return Math.max(this.#applied, this.#watch?.revision ?? 0);
  }

  /** Waits for the first load, or for one after history was lost. */
  async ready(): Promise<void> {
    while (!this.#loaded) {
      if (this.#stopping.signal.aborted) throw errors.serviceUnavailable('the API server is shutting down');
      await this.#loading;
    }
  }

  /** Waits until the cache holds every write acknowledged anywhere before the call. */
  async fresh(): Promise<void> {
    await this.#store.readBarrier();
    const applied = await this.#store.range({ key: REGISTRY_PREFIX, serializable: true });
    // As a rule nothing is left to wait for; after a snapshot the watch of the store may be catching up.
    while (!this.#loaded || this.revision < applied.revision) {
      await this.ready();
      await this.#taken(applied.revision, CATCH_UP_MS);
    }
  }

  /** Resolves to false when the cache didn't get to `revision` within `timeoutMs`. */
  async reached(revision: number, timeoutMs: number): Promise<boolean> {
    if (this.revision >= revision) return true;
    // Who was told of a revision was told after it was acknowledged: a barrier suffices.
    await this.fresh();
    await this.#taken(revision, timeoutMs);
    return this.revision >= revision;
  }

  collection(prefix: string): Collection {
    let collection = this.#collections.get(prefix);
    if (collection === undefined) {
      collection = new Collection(this.#loadedAt);
      this.#collections.set(prefix, collection);
    }
    return collection;
  }

  get(key: string): StoredObject | undefined {
    return this.#collections.get(collectionPrefixOf(key) ?? '')?.get(key);
  }

  lookup(type: GroupResource, namespace: string | undefined, name: string): StoredObject | undefined {
    const prefix = collectionPrefix(type);
    return this.#collections.get(prefix)?.get(objectKey(prefix, namespace, name));
  }

  all(type: GroupResource, namespace?: string): StoredObject[] {
    const prefix = collectionPrefix(type);
    const from = namespace === undefined ? prefix : namespacePrefix(prefix, namespace);
    return this.#collections.get(prefix)?.range(from, prefixEnd(from)) ?? [];
  }

  count(type: GroupResource): number {
    return this.#collections.get(collectionPrefix(type))?.size ?? 0;
  }

  /** The object of a key and value read from the store; the cached one where it is the same. */
  objectOf({ key, value, modRevision }: KeyValue): StoredObject {
    const cached = this.get(key);
    return cached?.revision === modRevision ? cached : new StoredObject(key, value, modRevision, this.#memory);
  }

  /** Runs a write of `object` under `key`; when its event comes by, nothing needs to be decoded. */
  async whileWriting<T>(key: string, value: Buffer, object: UnstructuredObject, write: () => Promise<T>): Promise<T> {
    const expectation = { value, object };
    this.#expected.set(key, expectation);
    try {
      return await write();
    } finally {
      if (this.#expected.get(key) === expectation) this.#expected.delete(key);
    }
  }

  /** What was written by `whileWriting`, once the revision is known. */
  written(key: string, value: Buffer, object: UnstructuredObject, revision: number): StoredObject {
    const stored = this.objectOf({ key, value, modRevision: revision, createRevision: 0, version: 0, lease: 0 });
    return stored.decoded || Object.isFrozen(object) ? stored : stored.adopt(object);
  }

  close(): void {
    this.#stopping.abort();
    this.#loaded = false;
    this.#watch?.cancel();
    for (const collection of this.#collections.values()) collection.reset([], this.#applied);
  }

  async #load(): Promise<void> {
    for (;;) {
      try {
        const { revision, kvs } = await this.#store.range({
          key: REGISTRY_PREFIX,
          end: prefixEnd(REGISTRY_PREFIX),
          // What this peer has: the rest comes by the watch, and who wants more waits for it.
          serializable: true,
        });
        if (this.#stopping.signal.aborted) return;
        this.#replaceAll(kvs, revision);
        return;
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        this.#logger.warn(
          { error: errorMessage(error) },
          'can not load the objects of the API from the store; trying again',
        );
        await sleep(this.#clock, RETRY_MS, this.#stopping.signal).catch(() => {});
      }
    }
  }

  #replaceAll(kvs: readonly KeyValue[], revision: number): void {
    const byPrefix = new Map<string, StoredObject[]>();
    for (const prefix of this.#collections.keys()) byPrefix.set(prefix, []);
    for (const kv of kvs) {
      const prefix = collectionPrefixOf(kv.key);
      if (prefix === undefined) continue;
      const objects = byPrefix.get(prefix);
      if (objects === undefined) byPrefix.set(prefix, [this.objectOf(kv)]);
      else objects.push(this.objectOf(kv));
    }
    this.#applied = revision;
    this.#loadedAt = revision;
    this.#watch = this.#store.watch({
      key: REGISTRY_PREFIX,
      end: prefixEnd(REGISTRY_PREFIX),
      fromRevision: revision + 1,
      listener: (batch) => this.#take(batch),
      onEnd: (error) => this.#lost(error),
    });
    this.#loaded = true;
    for (const [prefix, objects] of byPrefix) this.collection(prefix).reset(objects, revision);
    this.#wake();
  }

  #take({ revision, events }: WatchBatch): void {
    this.#applied = revision;
    for (const { type, kv } of events) {
      const prefix = collectionPrefixOf(kv.key);
      if (prefix === undefined) continue;
      this.collection(prefix).apply(kv.key, type === 'put' ? this.#received(kv) : undefined, revision);
    }
    if (this.#waiting.length > 0) this.#wake();
  }

  #received({ key, value, modRevision }: KeyValue): StoredObject {
    const stored = new StoredObject(key, value, modRevision, this.#memory);
    const expected = this.#expected.get(key);
    if (expected === undefined || Buffer.compare(expected.value, value) !== 0) return stored;
    this.#expected.delete(key);
    return stored.adopt(expected.object);
  }

  /** The store can't continue the watch, for example because this peer was brought up to date by a snapshot. */
  #lost(error: Error): void {
    if (this.#stopping.signal.aborted) return;
    if (errorCode(error) === 'STOPPED') {
      this.close();
      return;
    }
    this.#logger.info({ error: errorMessage(error) }, 'loading the objects of the API anew');
    this.#loaded = false;
    this.#loading = this.#load();
  }

  /** Resolves when `revision` is taken in, or after `timeoutMs`. */
  #taken(revision: number, timeoutMs: number): Promise<void> {
    if (this.revision >= revision) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#clock.setTimer(timeoutMs, () => {
        this.#waiting = this.#waiting.filter((other) => other !== entry);
        resolve();
      });
      const wake = (): void => {
        timer.cancel();
        resolve();
      };
      const entry = { revision, resolve: wake };
      this.#waiting.push(entry);
    });
  }

  #wake(): void {
    const { revision } = this;
    const due = this.#waiting.filter((waiting) => waiting.revision <= revision);
    if (due.length === 0) return;
    this.#waiting = this.#waiting.filter((waiting) => waiting.revision > revision);
    for (const { resolve } of due) resolve();
  }
}
