import { type Clock, errorMessage, KeelsonError } from '../base/index.ts';
import { CompactedError, StoppedError } from './errors.ts';
import type { Keyspace } from './keyspace.ts';
import type { WatchBatch, WatchEvent, WatchHandle, WatchRequest } from './types.ts';
import { toDeletedKeyValue, toKeyValue, type Version } from './version.ts';
import { type Ranged, WatchIndex } from './watch-index.ts';

/** Writes looked at in one go while watches catch up; then others get a turn. */
const CATCH_UP_SLICE = 2000;

/** Watchers of the same range that want the same events: they share each batch. */
interface Group extends Ranged {
  readonly previous: boolean;
  readonly watchers: Set<Watcher>;
  /** Events of the revision that is being published. */
  events: WatchEvent[];
}

/**
 * All watches of one peer. One that is up to date belongs to a group in the index and gets its batch
 * as a revision is applied; one that starts in the past first catches up from the history, in slices.
 */
export class WatchHub {
  readonly #clock: Clock;
  #keyspace: Keyspace;
  readonly #index = new WatchIndex<Group>();
  readonly #groups = new Map<string, Group>();
  /** Watchers behind, the one whose turn it is first. */
  readonly #behind = new Set<Watcher>();
  #pumping = false;
  #closed = false;
  /** The last revision that everybody up to date has got. */
  published: number;

  constructor(clock: Clock, keyspace: Keyspace) {
    this.#clock = clock;
    this.#keyspace = keyspace;
    this.published = keyspace.revision;
  }

  watch(request: WatchRequest): WatchHandle {
    const watcher = new Watcher(this, request, request.fromRevision || this.#keyspace.revision + 1);
    if (this.#closed) queueMicrotask(() => watcher.end(new StoppedError()));
    else if (watcher.next > this.#keyspace.revision) this.#join(watcher);
    else this.#fallBehind(watcher);
    return watcher;
  }

  /** Hands the writes of a revision, just committed, to whom they concern. */
  publish(versions: readonly Version[]): void {
    const revision = versions[0]!.modRevision;
    if (this.#groups.size > 0) this.#dispatch(revision, versions);
    this.published = revision;
  }

  /** The state was replaced by a later one: everyone catches up from its history. */
  reset(keyspace: Keyspace): void {
    for (const watcher of this.#upToDate()) {
      watcher.next = watcher.revision + 1;
      if (watcher.next > keyspace.revision) continue;
      this.#leave(watcher);
      this.#fallBehind(watcher);
    }
    this.#keyspace = keyspace;
    this.published = keyspace.revision;
  }

  /** Ends all watches. */
  close(): void {
    this.#closed = true;
    for (const watcher of [...this.#behind, ...this.#upToDate()]) watcher.end(new StoppedError());
  }

  /** Called by a watcher that is over. */
  remove(watcher: Watcher): void {
    if (!this.#behind.delete(watcher)) this.#leave(watcher);
  }

  #dispatch(revision: number, versions: readonly Version[]): void {
    const concerned: Group[] = [];
    for (const version of versions) {
      let plain: WatchEvent | undefined;
      let withPrevious: WatchEvent | undefined;
      this.#index.find(version.key, (group) => {
        if (group.events.length === 0) concerned.push(group);
        if (group.previous) {
          withPrevious ??= toEvent(version, true);
          group.events.push(withPrevious);
        } else {
          plain ??= toEvent(version, false);
          group.events.push(plain);
        }
      });
    }
    for (const group of concerned) {
      const batch = { revision, events: group.events };
      group.events = [];
      for (const watcher of group.watchers) watcher.deliver(batch);
    }
  }

  #upToDate(): Watcher[] {
    return [...this.#groups.values()].flatMap((group) => [...group.watchers]);
  }

  #join(watcher: Watcher): void {
    const { key, end, previous = false } = watcher.request;
    const name = groupName(watcher);
    let group = this.#groups.get(name);
    if (group === undefined) {
      group = { key, end, previous, watchers: new Set(), events: [] };
      this.#groups.set(name, group);
      this.#index.add(group);
    }
    group.watchers.add(watcher);
  }

  #leave(watcher: Watcher): void {
    const name = groupName(watcher);
    const group = this.#groups.get(name);
    if (group === undefined) return;
    group.watchers.delete(watcher);
    if (group.watchers.size > 0) return;
    this.#groups.delete(name);
    this.#index.remove(group);
  }

  #fallBehind(watcher: Watcher): void {
    watcher.behind = true;
    this.#behind.add(watcher);
    if (this.#pumping) return;
    this.#pumping = true;
    queueMicrotask(() => this.#pump());
  }

  #pump(): void {
    let budget = CATCH_UP_SLICE;
    for (const watcher of this.#behind) {
      budget -= this.#catchUp(watcher, budget);
      if (budget <= 0) break;
    }
    this.#pumping = this.#behind.size > 0;
    if (this.#pumping) this.#clock.setTimer(0, () => this.#pump());
  }

  /** Delivers from the history until the watcher is up to date or the budget is used up; returns what it used. */
  #catchUp(watcher: Watcher, budget: number): number {
    const { history, compactRevision, revision } = this.#keyspace;
    this.#behind.delete(watcher);
    if (watcher.next < compactRevision) {
      watcher.end(new CompactedError(compactRevision));
      return 1;
    }
    const { key, end, previous = false } = watcher.request;
    let position = history.positionOf(watcher.next);
    let used = 0;
    while (watcher.active && position < history.end && used < budget) {
      const at = history.at(position)!.modRevision;
      const events: WatchEvent[] = [];
      for (let version = history.at(position); version?.modRevision === at; version = history.at(++position)) {
        if (contains(key, end, version.key)) events.push(toEvent(version, previous));
        used++;
      }
      if (events.length > 0) watcher.deliver({ revision: at, events });
      watcher.next = Math.max(watcher.next, at + 1);
    }
    if (!watcher.active) return used;
    if (position < history.end) {
      // To the back of the queue.
      this.#behind.add(watcher);
    } else {
      watcher.next = Math.max(watcher.next, revision + 1);
      watcher.behind = false;
      this.#join(watcher);
    }
    return used + 1;
  }
}

class Watcher implements WatchHandle {
  readonly #hub: WatchHub;
  readonly request: WatchRequest;
  /** Everything before this revision was delivered or is not wanted. */
  next: number;
  behind = false;
  active = true;

  constructor(hub: WatchHub, request: WatchRequest, next: number) {
    this.#hub = hub;
    this.request = request;
    this.next = next;
  }

  get revision(): number {
    const delivered = this.next - 1;
    return this.behind || !this.active ? delivered : Math.max(delivered, this.#hub.published);
  }

  deliver(batch: WatchBatch): void {
    if (!this.active || batch.revision < this.next) return;
    this.next = batch.revision + 1;
    try {
      this.request.listener(batch);
    } catch (cause) {
      const message = `the watch was ended because its listener threw: ${errorMessage(cause)}`;
      this.end(new KeelsonError('STOPPED', message, { cause }));
    }
  }

  cancel(): void {
    if (!this.active) return;
    this.next = this.revision + 1;
    this.active = false;
    this.#hub.remove(this);
  }

  end(error: Error): void {
    if (!this.active) return;
    this.cancel();
    this.request.onEnd?.(error);
  }
}

function groupName({ request: { key, end, previous } }: Watcher): string {
  // A key holds no character above \xff, so these can't be mistaken for parts of one.
  return `${key}\u0200${end ?? '\u0201'}${previous ? '\u0202' : ''}`;
}

function contains(key: string, end: string | undefined, candidate: string): boolean {
  return end === undefined ? candidate === key : candidate >= key && candidate < end;
}

function toEvent(version: Version, withPrevious: boolean): WatchEvent {
  const event: WatchEvent = version.live
    ? { type: 'put', kv: toKeyValue(version) }
    : { type: 'delete', kv: toDeletedKeyValue(version) };
  if (withPrevious && version.previous?.live) event.previous = toKeyValue(version.previous);
  return event;
}
