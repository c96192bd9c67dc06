import { ObjectEvent, type StoredObject } from './encoded.ts';
import { prepareServed, type Storage, servedForm } from './storage.ts';

/** One change of one object, as the store told it. */
export class ObjectChange {
  readonly revision: number;
  readonly key: string;
  /** The state after; undefined: deleted. */
  readonly current: StoredObject | undefined;
  /** The state before; undefined: created. */
  readonly previous: StoredObject | undefined;
  #gone: StoredObject | undefined;
  #events: { storage: Storage; event: ObjectEvent }[] = [];

  constructor(revision: number, key: string, current: StoredObject | undefined, previous: StoredObject | undefined) {
    this.revision = revision;
    this.key = key;
    this.current = current;
    this.previous = previous;
  }

  /** The change as an event, made once for all watchers to whom it means the same. */
  event(type: 'ADDED' | 'MODIFIED' | 'DELETED', storage: Storage): ObjectEvent {
    const known = this.#events.find(({ event, storage: of }) => event.type === type && of === storage);
    if (known !== undefined) return known.event;
    const shown = type === 'DELETED' ? this.#asGone()! : this.current!;
    const event = new ObjectEvent(type, servedForm(storage, shown));
    this.#events.push({ storage, event });
    return event;
  }

  /** Converts what an event may show, where that takes its time. */
  prepare(storage: Storage): Promise<void> {
    return prepareServed(storage, [this.current, this.previous, this.#asGone()]);
  }

  /** What goes is shown as it was, at the revision at which it went. */
  #asGone(): StoredObject | undefined {
    this.#gone ??= this.previous?.at(this.revision);
    return this.#gone;
  }
}

const MAX_CHANGES = 1_000;
const MAX_BYTES = 2 * 1024 * 1024;

/** The last changes of one resource, so that a watch can resume without asking the store. */
export class ChangeHistory {
  #changes: (ObjectChange | undefined)[] = [];
  #first = 0;
  #bytes = 0;
  #floor: number;

  constructor(floor: number) {
    this.#floor = floor;
  }

  /** Every change after this revision is here. */
  get floor(): number {
    return this.#floor;
  }

  push(change: ObjectChange): void {
    this.#changes.push(change);
    this.#bytes += weightOf(change);
    while (this.#changes.length - this.#first > MAX_CHANGES || this.#bytes > MAX_BYTES) this.#dropOldest();
    if (this.#first > MAX_CHANGES) {
      this.#changes = this.#changes.slice(this.#first);
      this.#first = 0;
    }
  }

  /** The changes after `revision`, oldest first; `revision` must not be below the floor. */
  after(revision: number): ObjectChange[] {
    let low = this.#first;
    let high = this.#changes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#changes[middle]!.revision > revision) high = middle;
      else low = middle + 1;
    }
    return this.#changes.slice(low) as ObjectChange[];
  }

  #dropOldest(): void {
    const oldest = this.#changes[this.#first]!;
    this.#changes[this.#first++] = undefined;
    this.#bytes -= weightOf(oldest);
    this.#floor = oldest.revision;
  }
}

function weightOf({ current, previous }: ObjectChange): number {
  return (current ?? previous)?.value.length ?? 0;
}
