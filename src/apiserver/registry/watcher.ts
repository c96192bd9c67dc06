import { apiVersionOf, errors, type ResourceType, type Status } from '../../api/index.ts';
import { type Clock, errorMessage, type Timer } from '../../base/index.ts';
import type { ChangeListener } from './collection.ts';
import { ComputedObject, ObjectEvent, type StoredObject } from './encoded.ts';
import type { ObjectChange } from './history.ts';
import type { Selection } from './selection.ts';
import { servedForm } from './storage.ts';
import type { EncodedEvent, WatchParameters } from './types.ts';

/** Changes that may wait while a reader takes in the state. More: it has to come again. */
const MAX_QUEUED = 10_000;
/** Events between two looks at whether the reader has room: of the largest objects, less than may wait for a reader. */
const PORTION = 4;
const BOOKMARK_MS = 60_000;
/** The last bookmark's, before the end: who comes again then goes on from nearly now. */
const LAST_BOOKMARK_MS = 2_000;

export interface WatcherOptions {
  type: ResourceType;
  selection: Selection;
  parameters: Pick<WatchParameters, 'onEvent' | 'onEnd' | 'onBegun' | 'drained' | 'allowBookmarks' | 'timeoutMs'>;
  /** Changes up to this revision are known to the reader, or told as state. */
  after: number;
  clock: Clock;
  /** In [0, 1): spreads the bookmarks of many watchers. */
  jitter: number;
  /** Everything up to this revision has been offered. */
  revision: () => number;
  /** Called once, when the watch is over for whatever reason. */
  closed: () => void;
}

/** One watch: picks what its reader selected from the changes of a resource, and ends when the reader can't follow. */
export class Watcher implements ChangeListener {
  readonly #options: WatcherOptions;
  /** Changes that came while the reader was still taking in the state; undefined: it is through. */
  #queue: ObjectChange[] | undefined = [];
  #bookmark: Timer | undefined;
  readonly #endsAt: number;
  /** Changes that a webhook still converts, one after the other; undefined: nothing waits for one. */
  #converting: Promise<void> | undefined;
  #waiting = 0;
  #over = false;

  constructor(options: WatcherOptions) {
    this.#options = options;
    this.#endsAt = options.clock.monotonic() + (options.parameters.timeoutMs ?? Number.POSITIVE_INFINITY);
  }

  get over(): boolean {
    return this.#over;
  }

  /**
   * Tells the state, if it is asked for, and what happened since; then goes live. Synchronous unless the
   * reader has a `drained`.
   */
  begin(state: readonly StoredObject[], changes: readonly ObjectChange[], endOfState: number | undefined): void {
    const { drained } = this.#options.parameters;
    if (drained === undefined) {
      for (const stored of state) this.#tellState(stored);
      this.#tellEndOfState(endOfState);
      for (const change of changes) this.#offer(change);
      this.#goLive();
    } else {
      this.#beginSlowly(state, changes, endOfState, drained).catch(() => this.end(undefined));
    }
  }

  onChange(change: ObjectChange): void {
    if (this.#over || change.revision <= this.#options.after) return;
    if (this.#queue === undefined) this.#offer(change);
    else if (this.#queue.push(change) > MAX_QUEUED) this.end(undefined);
  }

  /** Waits for a conversion on which the state depends; ends when it fails. */
  async converting(conversion: Promise<void>): Promise<void> {
    await conversion.catch((error: unknown) => {
      this.stop();
      throw error;
    });
  }

  onReset(): void {
    this.end(undefined);
  }

  end(status: Status | undefined): void {
    if (this.#over) return;
    this.stop();
    this.#options.parameters.onEnd(status);
  }

  /** Ends without telling the reader, who wants it so. */
  stop(): void {
    if (this.#over) return;
    this.#over = true;
    this.#queue = undefined;
    this.#bookmark?.cancel();
    this.#options.closed();
  }

  async #beginSlowly(
    state: readonly StoredObject[],
    changes: readonly ObjectChange[],
    endOfState: number | undefined,
    drained: () => Promise<void>,
  ): Promise<void> {
    for (let index = 0; index < state.length && !this.#over; index++) {
      this.#tellState(state[index]!);
      if (index % PORTION === PORTION - 1) await drained.call(this.#options.parameters);
    }
    this.#tellEndOfState(endOfState);
    // While these are told more may come, so until there are none.
    for (let waiting = changes; waiting.length > 0 && !this.#over; ) {
      for (let index = 0; index < waiting.length && !this.#over; index++) {
        this.#offer(waiting[index]!);
        if (index % PORTION === PORTION - 1) await drained.call(this.#options.parameters);
      }
      waiting = this.#queue?.splice(0) ?? [];
    }
    this.#goLive();
  }

  #goLive(): void {
    if (this.#over) return;
    const queued = this.#queue ?? [];
    this.#queue = undefined;
    for (const change of queued) this.#offer(change);
    this.#options.parameters.onBegun?.();
    if (this.#options.parameters.allowBookmarks && !this.#over) this.#scheduleBookmark();
  }

  #tellState(stored: StoredObject): void {
    if (this.#over) return;
    this.#send(new ObjectEvent('ADDED', servedForm(this.#options.selection.storage, stored)));
  }

  #tellEndOfState(revision: number | undefined): void {
    if (revision !== undefined && !this.#over) this.#send(this.#bookmarkAt(revision, true));
  }

  /** Tells of a change, after those before it, when it is in the reader's version. */
  #offer(change: ObjectChange): void {
    const { storage } = this.#options.selection;
    if (storage.webhook === undefined) {
      this.#tell(change);
      return;
    }
    if (++this.#waiting > MAX_QUEUED) {
      this.end(undefined);
      return;
    }
    const prepared = change.prepare(storage);
    prepared.catch(() => {});
    this.#converting = (this.#converting ?? Promise.resolve())
      .then(() => prepared)
      .then(() => this.#tell(change))
      .catch((error: unknown) => this.end(errors.internalError(errorMessage(error)).status))
      .finally(() => this.#waiting--);
  }

  #tell(change: ObjectChange): void {
    if (this.#over) return;
    const event = eventOf(change, this.#options.selection);
    if (event !== undefined) this.#send(event);
  }

  #send(event: EncodedEvent): void {
    try {
      if (!this.#options.parameters.onEvent(event)) this.end(undefined);
    } catch (error) {
      // One reader's trouble, such as an object that can't be read, must not become the store's.
      this.end(errors.internalError(errorMessage(error)).status);
    }
  }

  #scheduleBookmark(): void {
    const { clock, jitter, revision } = this.#options;
    const regular = BOOKMARK_MS * (0.85 + 0.3 * jitter);
    const last = this.#endsAt - clock.monotonic() - LAST_BOOKMARK_MS;
    this.#bookmark = clock.setTimer(last > 0 ? Math.min(regular, last) : regular, () => {
      this.#send(this.#bookmarkAt(revision(), false));
      if (!this.#over) this.#scheduleBookmark();
    });
  }

  #bookmarkAt(revision: number, endOfState: boolean): ObjectEvent {
    const { type } = this.#options;
    const annotations = endOfState ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {};
    const metadata = { resourceVersion: String(revision), creationTimestamp: null, ...annotations };
    return new ObjectEvent(
      'BOOKMARK',
      new ComputedObject({ kind: type.kind, apiVersion: apiVersionOf(type), metadata }),
    );
  }
}

/** What a change means to a selection: an object that starts to match is added, one that stops is deleted. */
function eventOf(change: ObjectChange, selection: Selection): EncodedEvent | undefined {
  if (!selection.covers(change.key)) return undefined;
  const { current, previous } = change;
  const matches = current !== undefined && selection.matches(current);
  const matched = previous !== undefined && selection.matches(previous);
  if (matches) return change.event(matched ? 'MODIFIED' : 'ADDED', selection.storage);
  return matched ? change.event('DELETED', selection.storage) : undefined;
}
