import { type KubernetesObject, qualifiedResource, type ResourceReference, reasonOf } from '../api/index.ts';
import { type Clock, errorMessage, type Logger, type Random, sleep } from '../base/index.ts';
import { Backoff } from './backoff.ts';
import { compareResourceVersions, keyOf } from './key.ts';
import { ObjectCache } from './object-cache.ts';
import type { Change, Client, Informer, InformerOptions } from './types.ts';

export interface InformerContext {
  client: Client;
  clock: Clock;
  random: Random;
  logger: Logger;
}

const INITIAL_BACKOFF_MS = 200;
const MAX_BACKOFF_MS = 30_000;
/** A watch that lived as long was healthy: the next failure starts the back-off anew. */
const HEALTHY_WATCH_MS = 10_000;

/**
 * Lists, then watches from there; resumes the watch where it broke off, and lists anew only when
 * the server says that this place in history is gone. Handlers see every object's changes in order,
 * and a deletion for each object that went while nobody looked.
 */
export class ListWatchInformer<T extends KubernetesObject> implements Informer<T> {
  readonly #context: InformerContext;
  readonly #type: ResourceReference;
  readonly #options: InformerOptions<T>;
  readonly #cache = new ObjectCache<T>();
  /** Replaced, never changed: a dispatch under way keeps the list it began with. */
  #handlers: readonly ((change: Change<T>) => void)[] = [];
  readonly #firstList = Promise.withResolvers<void>();
  #refreshes: PromiseWithResolvers<void>[] = [];
  #watchAbort: AbortController | undefined;
  #resourceVersion: string | undefined;

  constructor(context: InformerContext, type: ResourceReference, options: InformerOptions<T> = {}) {
    this.#context = context;
    this.#type = type;
    this.#options = options;
    this.#firstList.promise.catch(() => {});
    for (const [name, of] of Object.entries(options.indexes ?? {})) this.#cache.addIndex(name, of);
  }

  synced(): Promise<void> {
    return this.#firstList.promise;
  }

  get(namespace: string | undefined, name: string): T | undefined {
    return this.#cache.get(namespace, name);
  }

  list(namespace?: string): readonly T[] {
    return this.#cache.list(namespace);
  }

  byIndex(index: string, value: string): readonly T[] {
    return this.#cache.byIndex(index, value);
  }

  hasSeen(resourceVersion: string): boolean {
    return this.#resourceVersion !== undefined && compareResourceVersions(this.#resourceVersion, resourceVersion) >= 0;
  }

  addIndexes(indexes: Record<string, (object: T) => readonly string[]>): void {
    for (const [name, of] of Object.entries(indexes)) this.#cache.addIndex(name, of);
  }

  onChange(handler: (change: Change<T>) => void): () => void {
    this.#handlers = [...this.#handlers, handler];
    for (const object of this.#cache.list()) this.#call(handler, { type: 'added', object });
    return () => {
      this.#handlers = this.#handlers.filter((other) => other !== handler);
    };
  }

  /** Lists anew: afterwards the cache holds all that was written before the call. */
  refresh(): Promise<void> {
    const done = Promise.withResolvers<void>();
    done.promise.catch(() => {});
    this.#refreshes.push(done);
    this.#watchAbort?.abort();
    return done.promise;
  }

  /** Runs until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, logger } = this.#context;
    const backoff = new Backoff({ random, initialMs: INITIAL_BACKOFF_MS, maxMs: MAX_BACKOFF_MS });
    while (!signal.aborted) {
      let startedAt = clock.monotonic();
      try {
        if (this.#resourceVersion === undefined || this.#refreshes.length > 0) await this.#list(signal);
        startedAt = clock.monotonic();
        await this.#watch(signal);
      } catch (error) {
        if (signal.aborted) break;
        if (isExpired(error)) this.#resourceVersion = undefined;
        logger.debug(
          { resource: qualifiedResource(this.#type), error: errorMessage(error) },
          this.#resourceVersion === undefined ? 'informer lists anew' : 'informer resumes its watch',
        );
      }
      if (this.#refreshes.length > 0) continue;
      if (clock.monotonic() - startedAt >= HEALTHY_WATCH_MS) backoff.reset();
      await sleep(clock, backoff.next(), signal).catch(() => {});
    }
    const reason = signal.reason as Error;
    this.#firstList.reject(reason);
    for (const refresh of this.#refreshes.splice(0)) refresh.reject(reason);
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { client, clock, random } = this.#context;
    const { namespace, labelSelector, fieldSelector } = this.#options;
    const backoff = new Backoff({ random, initialMs: INITIAL_BACKOFF_MS, maxMs: MAX_BACKOFF_MS });
    for (;;) {
      // Only those who asked before the list began may rely on it.
      const refreshes = this.#refreshes.splice(0);
      try {
        const list = await client.list<T>(this.#type, namespace, {
          signal,
          ...(labelSelector === undefined ? {} : { labelSelector }),
          ...(fieldSelector === undefined ? {} : { fieldSelector }),
        });
        this.#replace(list.items);
        this.#resourceVersion = list.metadata.resourceVersion!;
        this.#firstList.resolve();
        for (const refresh of refreshes) refresh.resolve();
        return;
      } catch (error) {
        this.#refreshes.unshift(...refreshes);
        if (signal.aborted) throw error;
        this.#context.logger.warn(
          { resource: qualifiedResource(this.#type), error: errorMessage(error) },
          'informer could not list',
        );
        await sleep(clock, backoff.next(), signal);
      }
    }
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { namespace, labelSelector, fieldSelector } = this.#options;
    const abort = new AbortController();
    const onAbort = (): void => abort.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    this.#watchAbort = abort;
    try {
      if (signal.aborted || this.#refreshes.length > 0) return;
      const events = this.#context.client.watch<T>(this.#type, namespace, {
        signal: abort.signal,
        resourceVersion: this.#resourceVersion!,
        allowBookmarks: true,
        ...(labelSelector === undefined ? {} : { labelSelector }),
        ...(fieldSelector === undefined ? {} : { fieldSelector }),
      });
      for await (const event of events) {
        if (abort.signal.aborted) return;
        this.#resourceVersion = event.object.metadata.resourceVersion!;
        if (event.type === 'DELETED') this.#delete(event.object);
        else if (event.type !== 'BOOKMARK') this.#set(event.object);
      }
    } finally {
      this.#watchAbort = undefined;
      signal.removeEventListener('abort', onAbort);
      abort.abort();
    }
  }

  #replace(items: readonly T[]): void {
    const gone = new Set(this.#cache.keys());
    for (const item of items) gone.delete(keyOf(item));
    for (const key of gone) this.#delete(this.#cache.byKey(key)!);
    for (const item of items) {
      const old = this.#cache.byKey(keyOf(item));
      if (old === undefined || old.metadata.resourceVersion !== item.metadata.resourceVersion) this.#set(item);
    }
  }

  #set(object: T): void {
    const present = this.#cache.byKey(keyOf(object));
    // The same name with another uid is another object: the old one went unseen.
    if (present !== undefined && present.metadata.uid !== object.metadata.uid) this.#delete(present);
    const old = this.#cache.set(object);
    this.#dispatch(old === undefined ? { type: 'added', object } : { type: 'updated', object, old });
  }

  #delete(object: T): void {
    if (this.#cache.delete(keyOf(object)) !== undefined) this.#dispatch({ type: 'deleted', object });
  }

  #dispatch(change: Change<T>): void {
    for (const handler of this.#handlers) this.#call(handler, change);
  }

  #call(handler: (change: Change<T>) => void, change: Change<T>): void {
    try {
      handler(change);
    } catch (error) {
      this.#context.logger.error(
        { resource: qualifiedResource(this.#type), key: keyOf(change.object), error },
        'an informer handler failed',
      );
    }
  }
}

function isExpired(error: unknown): boolean {
  const reason = reasonOf(error);
  return reason === 'Expired' || reason === 'Gone';
}
