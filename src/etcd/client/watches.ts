import type { KeelsonError } from '../../base/index.ts';
import {
  CompactedError,
  StoppedError,
  type WatchBatch,
  type WatchHandle,
  type WatchRequest,
} from '../../store/index.ts';
import type { EventSource, EventSourceOptions } from './event-source.ts';

/** One watch of the store, fed with everything that happens under the prefix. */
class Watch implements WatchHandle {
  readonly #request: WatchRequest;
  readonly #onCancel: () => void;
  /** All before this revision was delivered, or isn't wanted. */
  next: number;
  #active = true;

  constructor(request: WatchRequest, next: number, onCancel: (watch: Watch) => void) {
    this.#request = request;
    this.next = next;
    this.#onCancel = () => onCancel(this);
  }

  get previous(): boolean {
    return this.#request.previous === true;
  }

  get active(): boolean {
    return this.#active;
  }

  get revision(): number {
    return Math.max(0, this.next - 1);
  }

  take({ revision, events }: WatchBatch): void {
    if (!this.#active || revision < this.next) return;
    this.next = revision + 1;
    const { key, end, listener } = this.#request;
    const mine = events.filter(({ kv }) => (end === undefined ? kv.key === key : kv.key >= key && kv.key < end));
    if (mine.length > 0) listener({ revision, events: mine });
  }

  cancel(): void {
    if (!this.#active) return;
    this.#active = false;
    this.#onCancel();
  }

  end(error: KeelsonError): void {
    if (!this.#active) return;
    this.#active = false;
    this.#request.onEnd?.(error);
  }
}

/** Those watches that are up to date, and the one source that feeds them all. */
interface Live {
  source: EventSource;
  watches: Set<Watch>;
}

/**
 * All watches of a store. Those that are up to date share one watch of etcd (and those that want previous values another one).
 * One that begins in the past has an own until it has caught up.
 */
export class Watches {
  readonly #connect: (options: Pick<EventSourceOptions, 'from' | 'previous' | 'onBatch' | 'onEnd'>) => EventSource;
  readonly #now: () => number;
  readonly #live = new Map<boolean, Live>();
  readonly #catchingUp = new Map<Watch, EventSource>();
  #waiting: { revision: number; resolve: () => void }[] = [];
  #closed = false;

  /** `now`: the latest revision that this store was told of. */
  constructor(
    connect: (options: Pick<EventSourceOptions, 'from' | 'previous' | 'onBatch' | 'onEnd'>) => EventSource,
    now: () => number,
  ) {
    this.#connect = connect;
    this.#now = now;
  }

  watch(request: WatchRequest): WatchHandle {
    const next = request.fromRevision || this.#now() + 1;
    const watch = new Watch(request, next, (cancelled) => this.#drop(cancelled));
    if (this.#closed) {
      queueMicrotask(() => watch.end(new StoppedError()));
      return watch;
    }
    const live = this.#liveFor(watch.previous);
    if (next > live.source.revision) live.watches.add(watch);
    else this.#catchUp(watch);
    return watch;
  }

  /** The revision up to which those that are up to date were told everything. */
  get revision(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...Array.from(this.#live.values(), ({ source }) => source.revision));
  }

  /** Resolves when they are as far as this. */
  reached(revision: number): Promise<void> {
    if (this.revision >= revision) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ revision, resolve }));
  }

  close(): void {
    this.#closed = true;
    const all = [...this.#live.values()].flatMap(({ watches }) => [...watches]).concat(...this.#catchingUp.keys());
    for (const { source } of this.#live.values()) source.close();
    for (const source of this.#catchingUp.values()) source.close();
    this.#live.clear();
    this.#catchingUp.clear();
    this.#wake();
    for (const watch of all) watch.end(new StoppedError());
  }

  #liveFor(previous: boolean): Live {
    const present = this.#live.get(previous);
    if (present !== undefined) return present;
    const watches = new Set<Watch>();
    const source = this.#connect({
      from: this.#now() + 1,
      previous,
      onBatch: (batch) => {
        for (const watch of watches) watch.take(batch);
        this.#wake();
      },
      onEnd: (error) => {
        this.#live.delete(previous);
        this.#wake();
        // What is compacted may be of no interest to those that begin later.
        for (const watch of watches) {
          if (error instanceof CompactedError && watch.next >= error.compactRevision) this.#catchUp(watch);
          else watch.end(error);
        }
      },
    });
    const live = { source, watches };
    this.#live.set(previous, live);
    return live;
  }

  #catchUp(watch: Watch): void {
    const source = this.#connect({
      from: watch.next,
      previous: watch.previous,
      onBatch: (batch) => {
        watch.take(batch);
        if (!watch.active) return;
        const live = this.#liveFor(watch.previous);
        if (watch.next <= live.source.revision) return;
        source.close();
        this.#catchingUp.delete(watch);
        live.watches.add(watch);
      },
      onEnd: (error) => {
        this.#catchingUp.delete(watch);
        watch.end(error);
      },
    });
    this.#catchingUp.set(watch, source);
  }

  #drop(watch: Watch): void {
    this.#catchingUp.get(watch)?.close();
    this.#catchingUp.delete(watch);
    this.#live.get(watch.previous)?.watches.delete(watch);
  }

  #wake(): void {
    const { revision } = this;
    const due = this.#waiting.filter((waiting) => waiting.revision <= revision);
    if (due.length === 0) return;
    this.#waiting = this.#waiting.filter((waiting) => waiting.revision > revision);
    for (const { resolve } of due) resolve();
  }
}
