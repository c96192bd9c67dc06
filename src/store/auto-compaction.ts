import type { Clock, Timer } from '../base/index.ts';
import type { Keyspace } from './keyspace.ts';

/** How much history is kept for reads at old revisions and for watches to resume. */
export interface HistoryOptions {
  /** At least these many revisions. Default: 1 000. */
  revisions?: number;
  /** And at least the last so many milliseconds. Default: 5 minutes. */
  ageMs?: number;
  /** But, as far as at least 1 000 revisions remain, no more than about these many bytes. Default: 32 MiB. */
  bytes?: number;
}

const MIN_REVISIONS = 1000;
/** How often a moment's revision is noted. */
const SAMPLE_MS = 15_000;

/**
 * Decides, on the leader, when to compact up to which revision. Every peer notes revisions over time, so
 * that a new leader knows how old they are.
 */
export class AutoCompaction {
  readonly #clock: Clock;
  readonly #keyspace: () => Keyspace;
  readonly #compact: (revision: number) => Promise<unknown>;
  readonly #keepRevisions: number;
  readonly #keepMs: number;
  readonly #maxBytes: number;
  readonly #ticker: Timer;
  #samples: { at: number; revision: number }[] = [];
  #leading = false;
  #underWay = false;

  constructor(
    clock: Clock,
    keyspace: () => Keyspace,
    compact: (revision: number) => Promise<unknown>,
    options: HistoryOptions,
  ) {
    this.#clock = clock;
    this.#keyspace = keyspace;
    this.#compact = compact;
    this.#keepRevisions = Math.max(options.revisions ?? MIN_REVISIONS, MIN_REVISIONS);
    this.#keepMs = options.ageMs ?? 5 * 60_000;
    this.#maxBytes = options.bytes ?? 32 * 1024 * 1024;
    this.#ticker = clock.setTicker(SAMPLE_MS, () => this.#sample());
  }

  lead(leading: boolean): void {
    this.#leading = leading;
  }

  /** Cheap; to be called after each batch of writes. */
  onApplied(): void {
    const keyspace = this.#keyspace();
    // What is compacted but not cleaned up yet still counts: wait for it.
    if (this.#leading && !this.#underWay && keyspace.historyBytes > this.#maxBytes && keyspace.isClean) this.#shrink();
  }

  stop(): void {
    this.#ticker.cancel();
    this.#leading = false;
  }

  #sample(): void {
    const now = this.#clock.monotonic();
    const { revision } = this.#keyspace();
    if (this.#samples.at(-1)?.revision !== revision) this.#samples.push({ at: now, revision });
    let old = 0;
    while (this.#samples[old + 1] !== undefined && this.#samples[old + 1]!.at <= now - this.#keepMs) old++;
    if (old > 0) this.#samples = this.#samples.slice(old);
    const oldest = this.#samples[0];
    if (oldest === undefined || oldest.at > now - this.#keepMs) return;
    this.#propose(Math.min(oldest.revision, revision - this.#keepRevisions));
  }

  /** Halves the history, by bytes. */
  #shrink(): void {
    const keyspace = this.#keyspace();
    const { history } = keyspace;
    let excess = keyspace.historyBytes - this.#maxBytes / 2;
    let position = history.positionOf(keyspace.compactRevision);
    for (; position < history.end && excess > 0; position++) excess -= history.at(position)!.previous?.bytes ?? 0;
    const reached = history.at(position)?.modRevision ?? keyspace.revision;
    this.#propose(Math.min(reached, keyspace.revision - MIN_REVISIONS));
  }

  #propose(revision: number): void {
    if (!this.#leading || this.#underWay || revision <= this.#keyspace().compactRevision) return;
    this.#underWay = true;
    const done = (): void => {
      this.#underWay = false;
    };
    // A failure is no loss: it comes up again.
    this.#compact(revision).then(done, done);
  }
}
