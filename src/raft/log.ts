import { assert } from '../base/index.ts';
import type { Entry, SnapshotPosition } from './types.ts';

const NOTHING: readonly Entry[] = Object.freeze([]);

/** What an entry adds to a message, beside its data. */
const ENTRY_OVERHEAD_BYTES = 16;

/** Bytes that an entry takes in messages and budgets. */
export function entryBytes(entry: Entry): number {
  return entry.data.byteLength + ENTRY_OVERHEAD_BYTES;
}

/** The retained log, in memory. Knows which part the host was not yet asked to write. */
export class Log {
  #entries: Entry[];
  /** Position just before the first entry. The term is unknown when the log was compacted before a restart. */
  #base: { index: number; term: number | undefined };
  /** First index that `takeUnsaved` will return. */
  #unsavedFrom: number;

  /** `entries` as restored: contiguous, reaching back to the snapshot or further. */
  constructor(snapshot: SnapshotPosition, entries: readonly Entry[]) {
    for (let i = 1; i < entries.length; i++) {
      const [before, entry] = [entries[i - 1]!, entries[i]!];
      assert(entry.index === before.index + 1, `gap in the restored log before index ${entry.index}`);
      assert(entry.term >= before.term, `terms run backwards in the restored log at index ${entry.index}`);
    }
    const last = entries.at(-1);
    // A log that ends before the snapshot adds nothing to it.
    this.#entries = last && last.index >= snapshot.index ? [...entries] : [];
    const first = this.#entries[0];
    const baseIndex = first ? first.index - 1 : snapshot.index;
    const baseTerm = baseIndex === 0 ? 0 : baseIndex === snapshot.index ? snapshot.term : undefined;
    this.#base = { index: baseIndex, term: baseTerm };
    assert(this.#base.index <= snapshot.index, 'gap between snapshot and restored log');
    const term = this.term(snapshot.index);
    assert(term === undefined || term === snapshot.term, 'snapshot and restored log differ');
    this.#unsavedFrom = this.lastIndex + 1;
  }

  get firstIndex(): number {
    return this.#base.index + 1;
  }

  get lastIndex(): number {
    return this.#base.index + this.#entries.length;
  }

  get lastTerm(): number {
    return this.#entries.at(-1)?.term ?? this.#base.term!;
  }

  /** The term of the entry at `index`; undefined outside the log. Also known for the entry just before it. */
  term(index: number): number | undefined {
    return index === this.#base.index ? this.#base.term : this.#entries[index - this.firstIndex]?.term;
  }

  /** Whether a log that ends so holds all that this one may have committed (§5.4.1). */
  isCoveredBy(lastIndex: number, lastTerm: number): boolean {
    return lastTerm > this.lastTerm || (lastTerm === this.lastTerm && lastIndex >= this.lastIndex);
  }

  /** The last index ≤ `index` whose term is ≤ `term`: where a log that differs may begin to agree. */
  lastIndexUpToTerm(index: number, term: number): number {
    let at = Math.min(index, this.lastIndex);
    while (at >= this.firstIndex && this.term(at)! > term) at--;
    return at;
  }

  append(entry: Entry): void {
    assert(entry.index === this.lastIndex + 1, `append at ${entry.index} after ${this.lastIndex}`);
    this.#entries.push(entry);
  }

  /** Drops the entries from `index` on. */
  truncate(index: number): void {
    assert(index >= this.firstIndex, `cannot truncate at ${index} before ${this.firstIndex}`);
    this.#entries.length = Math.min(this.#entries.length, index - this.firstIndex);
    this.#unsavedFrom = Math.min(this.#unsavedFrom, index);
  }

  /** Entries from `from` on, as many as fit in `maxBytes`, at least one if there is one. */
  slice(from: number, maxBytes: number): readonly Entry[] {
    const start = from - this.firstIndex;
    let end = start;
    let bytes = 0;
    while (end < this.#entries.length) {
      bytes += entryBytes(this.#entries[end]!);
      if (bytes > maxBytes && end > start) break;
      end++;
    }
    return start === end ? NOTHING : this.#entries.slice(start, end);
  }

  /** The entries from `from` to `to`, both included. */
  range(from: number, to: number): readonly Entry[] {
    return from > to ? NOTHING : this.#entries.slice(from - this.firstIndex, to - this.firstIndex + 1);
  }

  /** Forgets entries up to `index`. */
  compact(index: number): void {
    if (index < this.firstIndex) return;
    assert(index <= this.lastIndex, `cannot compact to ${index} beyond ${this.lastIndex}`);
    const base = { index, term: this.term(index) };
    this.#entries.splice(0, index - this.#base.index);
    this.#base = base;
  }

  /** Replaces the whole log by a snapshot's position. */
  reset(position: SnapshotPosition): void {
    this.#entries = [];
    this.#base = { index: position.index, term: position.term };
    this.#unsavedFrom = position.index + 1;
  }

  /** What must be written since the last call, cutting the written log at the first one's index. */
  takeUnsaved(): readonly Entry[] {
    const unsaved = this.range(this.#unsavedFrom, this.lastIndex);
    this.#unsavedFrom = this.lastIndex + 1;
    return unsaved;
  }
}
