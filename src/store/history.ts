import type { Version } from './version.ts';

/** Dropped entries are cleared away only in lots, as that copies what remains. */
const CLEAR_AT_LEAST = 1024;

/**
 * All writes since compaction, in order: what watches catch up from and what tells compaction which
 * keys to look at. Entries have a position that never changes while older ones are dropped.
 */
export class History {
  #entries: Version[] = [];
  /** Entries at the front of the array that are dropped already. */
  #head = 0;
  /** Entries dropped in all, before the front of the array. */
  #base = 0;

  /** The position of the oldest entry. */
  get start(): number {
    return this.#base + this.#head;
  }

  /** One past the position of the newest entry. */
  get end(): number {
    return this.#base + this.#entries.length;
  }

  append(version: Version): void {
    this.#entries.push(version);
  }

  /** Undefined outside of [start, end). */
  at(position: number): Version | undefined {
    return position < this.start ? undefined : this.#entries[position - this.#base];
  }

  /** The position of the first write at `revision` or later. */
  positionOf(revision: number): number {
    let low = this.#head;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#entries[middle]!.modRevision < revision) low = middle + 1;
      else high = middle;
    }
    return this.#base + low;
  }

  /** Removes and returns the oldest entry. */
  shift(): Version | undefined {
    const entry = this.#entries[this.#head];
    if (entry === undefined) return undefined;
    this.#entries[this.#head++] = undefined as unknown as Version;
    if (this.#head >= CLEAR_AT_LEAST && this.#head * 2 >= this.#entries.length) {
      this.#base += this.#head;
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
    return entry;
  }
}
