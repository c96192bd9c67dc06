import type { Timer } from '../base/index.ts';
import { CompactedError, type WatchBatch, type WatchHandle } from '../store/index.ts';
import type { EtcdContext } from './context.ts';
import { etcdErrors } from './errors.ts';
import type { WatchAnswer, WatchCreateMessage, WatchMessage } from './messages.ts';
import { Outbox } from './outbox.ts';
import { count, safe, toEnd, toKey } from './values.ts';
import type { WatchEncoder } from './watch-events.ts';

/** On one stream. */
const MAX_WATCHES = 100_000;
/** etcd's id for no watch, or for all. */
const NO_WATCH = -1;

interface Watch {
  readonly id: number;
  readonly key: string;
  readonly end: string | undefined;
  readonly previous: boolean;
  readonly filters: readonly number[];
  readonly fragment: boolean;
  readonly progressNotify: boolean;
  /** The store's; undefined while the client is slow. */
  handle: WatchHandle | undefined;
  /** Everything up to this revision is sent: where it goes on when the client has caught up. */
  reached: number;
  /** Had events since progress was told last. */
  active: boolean;
}

/**
 * The watches of one stream. While its client is slow they let go of the store, which keeps the history anyway, and
 * resume when there is room: what waits for one client is bounded.
 */
export class WatchStream {
  readonly #context: EtcdContext;
  readonly #encoder: WatchEncoder;
  readonly #outbox: Outbox;
  readonly #fail: (error: Error) => void;
  readonly #watches = new Map<number, Watch>();
  readonly #progress: Timer;
  #nextId = 0;
  #closed = false;

  /** `fail` ends the stream with an error. */
  constructor(
    context: EtcdContext,
    encoder: WatchEncoder,
    write: (bytes: Buffer, done: () => void) => void,
    fail: (error: Error) => void,
  ) {
    this.#context = context;
    this.#encoder = encoder;
    this.#fail = fail;
    this.#outbox = new Outbox(write, () => this.#resume());
    this.#progress = context.clock.setTicker(context.progressMs, () => this.#tellProgress());
  }

  /** Throws when a number in it is beyond what is kept. */
  receive({ createRequest, cancelRequest, progressRequest }: WatchMessage): void {
    if (createRequest) this.#create(createRequest);
    else if (cancelRequest) this.#cancel(safe(cancelRequest.watchId));
    else if (progressRequest) this.#send({ header: this.#header(this.#reached()), watchId: NO_WATCH });
  }

  close(): void {
    this.#closed = true;
    this.#progress.cancel();
    for (const { handle } of this.#watches.values()) handle?.cancel();
    this.#watches.clear();
  }

  #create(message: WatchCreateMessage): void {
    const key = message.key.length === 0 ? '\0' : toKey(message.key);
    const end = toEnd(message.rangeEnd);
    const asked = safe(message.watchId);
    const cancelReason = this.#objection(key, end, asked);
    if (cancelReason !== undefined) {
      this.#send({ header: this.#header(), watchId: NO_WATCH, created: true, canceled: true, cancelReason });
      return;
    }
    const start = count(message.startRevision);
    const watch: Watch = {
      id: asked === 0 ? this.#pickId() : asked,
      key,
      end,
      previous: message.prevKv,
      filters: message.filters,
      fragment: message.fragment,
      progressNotify: message.progressNotify,
      handle: undefined,
      reached: start === 0 ? this.#context.store.local.revision : start - 1,
      active: false,
    };
    this.#watches.set(watch.id, watch);
    this.#send({ header: this.#header(), watchId: watch.id, created: true });
    if (!this.#outbox.isFull) this.#open(watch);
  }

  #objection(key: string, end: string | undefined, id: number): string | undefined {
    if (end !== undefined && end <= key) return 'mvcc: watcher range is empty';
    if (id !== 0 && this.#watches.has(id)) return 'mvcc: duplicate watch ID provided on the WatchStream';
    return this.#watches.size < MAX_WATCHES ? undefined : etcdErrors.tooManyRequests().message;
  }

  #pickId(): number {
    while (this.#watches.has(this.#nextId)) this.#nextId++;
    return this.#nextId++;
  }

  #open(watch: Watch): void {
    const { key, end, previous } = watch;
    watch.handle = this.#context.store.watch({
      key,
      end,
      previous,
      fromRevision: watch.reached + 1,
      listener: (batch) => this.#deliver(watch, batch),
      onEnd: (error) => this.#ended(watch, error),
    });
  }

  #deliver(watch: Watch, batch: WatchBatch): void {
    watch.reached = batch.revision;
    const answer = { header: this.#header(batch.revision), watchId: watch.id };
    const messages = this.#encoder.encodeBatch(batch, answer, watch);
    if (messages.length === 0) return;
    watch.active = true;
    for (const bytes of messages) this.#outbox.send(bytes);
    if (this.#outbox.isFull) this.#suspend();
  }

  #ended({ id }: Watch, error: Error): void {
    this.#watches.delete(id);
    if (error instanceof CompactedError) {
      const { compactRevision } = error;
      this.#send({ header: this.#header(), watchId: id, canceled: true, compactRevision });
    } else {
      this.#fail(error);
    }
  }

  #cancel(id: number): void {
    const watch = this.#watches.get(id);
    if (watch === undefined) return;
    watch.handle?.cancel();
    this.#watches.delete(id);
    this.#send({ header: this.#header(), watchId: id, canceled: true });
  }

  #suspend(): void {
    for (const watch of this.#watches.values()) {
      watch.reached = reachedBy(watch);
      watch.handle?.cancel();
      watch.handle = undefined;
    }
  }

  #resume(): void {
    if (this.#closed) return;
    for (const watch of this.#watches.values()) {
      if (this.#outbox.isFull) return;
      if (watch.handle === undefined) this.#open(watch);
    }
  }

  #tellProgress(): void {
    for (const watch of this.#watches.values()) {
      if (!watch.progressNotify) continue;
      const { revision } = this.#context.store.local;
      if (!watch.active && reachedBy(watch) >= revision)
        this.#send({ header: this.#header(revision), watchId: watch.id });
      watch.active = false;
    }
  }

  /** The revision up to which every watch has been sent everything. */
  #reached(): number {
    let revision = this.#context.store.local.revision;
    for (const watch of this.#watches.values()) revision = Math.min(revision, reachedBy(watch));
    return revision;
  }

  #header(revision?: number): WatchAnswer['header'] {
    return this.#context.header(revision);
  }

  #send(answer: WatchAnswer): void {
    this.#outbox.send(this.#encoder.encode(answer));
  }
}

function reachedBy({ handle, reached }: Watch): number {
  return handle === undefined ? reached : Math.max(reached, handle.revision);
}
