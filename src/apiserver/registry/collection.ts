import type { StoredObject } from './encoded.ts';
import { ChangeHistory, ObjectChange } from './history.ts';
import { SortedKeys } from './sorted-keys.ts';

/** Hears of every change of a resource, synchronously and in order. */
export interface ChangeListener {
  onChange(change: ObjectChange): void;
  /** The state was loaded anew and changes may have been missed, or the kind is no more: the watch is over. */
  onReset(): void;
}

/** The current state of one resource on this peer, sorted by key, with its recent changes and who listens to them. */
export class Collection {
  readonly #objects = new Map<string, StoredObject>();
  /** All keys, ascending: lists need no sorting. */
  #keys = new SortedKeys();
  #history: ChangeHistory;
  readonly #listeners = new Set<ChangeListener>();

  constructor(revision: number) {
    this.#history = new ChangeHistory(revision);
  }

  get size(): number {
    return this.#objects.size;
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  get history(): ChangeHistory {
    return this.#history;
  }

  get(key: string): StoredObject | undefined {
    return this.#objects.get(key);
  }

  /** The keys in [from, end), ascending. */
  keys(from: string, end: string): string[] {
    return this.#keys.range(from, end);
  }

  /** The objects in [from, end), ascending by key. */
  range(from: string, end: string): StoredObject[] {
    return this.keys(from, end).map((key) => this.#objects.get(key)!);
  }

  listen(listener: ChangeListener): void {
    this.#listeners.add(listener);
  }

  unlisten(listener: ChangeListener): void {
    this.#listeners.delete(listener);
  }

  /** Takes in a change (`current` undefined: a deletion) and tells all listeners. */
  apply(key: string, current: StoredObject | undefined, revision: number): void {
    const previous = this.#objects.get(key);
    if (current === undefined) {
      if (previous === undefined) return;
      this.#objects.delete(key);
      this.#keys.delete(key);
    } else {
      this.#objects.set(key, current);
      if (previous === undefined) this.#keys.add(key);
    }
    const change = new ObjectChange(revision, key, current, previous);
    this.#history.push(change);
    for (const listener of this.#listeners) listener.onChange(change);
  }

  /** Replaces everything by the state at `revision`; `objects` ascending by key. Ends all watches. */
  reset(objects: readonly StoredObject[], revision: number): void {
    this.#objects.clear();
    for (const object of objects) this.#objects.set(object.key, object);
    this.#keys = SortedKeys.of(objects.map(({ key }) => key));
    this.#history = new ChangeHistory(revision);
    this.endWatches();
  }

  /** Tells all who listen that it is over. */
  endWatches(): void {
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener.onReset();
  }
}
