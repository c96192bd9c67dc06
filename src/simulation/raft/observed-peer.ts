import type { Entry, PeerId, SnapshotPosition } from '../../raft/index.ts';
import { check } from '../violation.ts';

/** What the checkers need to know of a peer that they look at. */
export interface ObservedPeer {
  readonly id: PeerId;
  /** Differs in each of its lives. */
  readonly name: string;
  readonly log: ShadowLog;
  readonly durableTerm: number;
  /** In that term. */
  readonly durableVote: PeerId;
  /** The index of the snapshot on the disk. */
  readonly durableSnapshot: number;
  /** The term of the entry that the disk holds at `index`. */
  durableTermAt(index: number): number | undefined;
}

/** A log by index, as the effects describe it. */
export class ShadowLog {
  baseIndex = 0;
  #baseTerm = 0;
  entries: Entry[] = [];

  constructor(position: SnapshotPosition, entries: readonly Entry[]) {
    this.reset(position);
    this.write(entries);
  }

  get lastIndex(): number {
    return this.baseIndex + this.entries.length;
  }

  term(index: number): number | undefined {
    return index === this.baseIndex ? this.#baseTerm : this.entries[index - this.baseIndex - 1]?.term;
  }

  entry(index: number): Entry | undefined {
    return this.entries[index - this.baseIndex - 1];
  }

  reset({ index, term }: SnapshotPosition): void {
    this.baseIndex = index;
    this.#baseTerm = term;
    this.entries = [];
  }

  write(entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (entry.index <= this.baseIndex) continue;
      check(entry.index <= this.lastIndex + 1, () => `a gap is written before ${entry.index}`);
      this.entries.length = entry.index - this.baseIndex - 1;
      this.entries.push(entry);
    }
  }
}
