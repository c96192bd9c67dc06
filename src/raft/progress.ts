import type { PeerId } from './types.ts';

/** What the leader knows of one follower, and how fast it may send to it. */
export class Progress {
  readonly peer: PeerId;
  /** The follower's log equals the leader's up to here, durably. */
  match = 0;
  /** The first entry to send next. */
  next: number;
  /**
   * `probe`: where the logs agree is unknown; one message at a time. `replicate`: they agree; messages are
   * pipelined. `snapshot`: the log doesn't reach back far enough; a snapshot is under way.
   */
  state: 'probe' | 'replicate' | 'snapshot' = 'probe';
  /** While probing: a probe is under way; wait for its answer or a sign of life. */
  paused = false;
  /** While replicating: ask whether all that was sent arrived; a message or its answer may be lost. */
  verify = false;
  /** The commit index that the follower learns from what was sent. */
  toldCommit = 0;
  /** When it last answered, or began to follow, in ticks of this leadership. */
  lastHeard: number;
  /** It has answered at all. */
  answered = false;
  /** The last round of heartbeats that it answered. */
  readRound = 0;
  /** Index of the snapshot under way. */
  #snapshotIndex = 0;
  /** The last index of each append under way. */
  readonly #inflight: number[] = [];

  constructor(peer: PeerId, next: number, tick: number) {
    this.peer = peer;
    this.next = next;
    this.lastHeard = tick;
  }

  get inflight(): number {
    return this.#inflight.length;
  }

  /** An append that ends with `last` was sent. */
  sent(last: number, commit: number): void {
    this.toldCommit = Math.max(this.toldCommit, Math.min(commit, last));
    this.verify = false;
    if (this.state === 'probe') {
      this.paused = true;
    } else if (last >= this.next) {
      this.#inflight.push(last);
      this.next = last + 1;
    }
  }

  /** The follower holds the log up to `match`. Answers may come late or twice. `firstIndex` is that of the log. */
  acknowledged(match: number, firstIndex: number): void {
    if (match < this.match) return;
    this.match = match;
    if (this.state === 'replicate') {
      while (this.#inflight[0]! <= match) this.#inflight.shift();
      this.next = Math.max(this.next, match + 1);
    } else if (this.state === 'probe' || match + 1 >= firstIndex) {
      this.#enter('replicate', match + 1);
    }
  }

  /**
   * The follower has no entry that fits `previousIndex`; its log may agree with the leader's up to
   * `agreed`. Answers to what was sent before the last turn are ignored: one loss makes a whole
   * pipeline of them.
   */
  refused(previousIndex: number, agreed: number): void {
    if (this.state === 'snapshot' || previousIndex <= this.match) return;
    if (this.state === 'probe' && previousIndex !== this.next - 1) return;
    this.#enter('probe', Math.max(Math.min(previousIndex, agreed + 1), this.match + 1));
  }

  heard(tick: number): void {
    this.lastHeard = tick;
    this.answered = true;
  }

  /** A sign of life: what went unanswered may be lost. */
  alive(tick: number, lastIndex: number): void {
    this.heard(tick);
    this.paused = false;
    this.verify = this.match < lastIndex;
  }

  unreachable(): void {
    if (this.state === 'replicate') this.#enter('probe', this.match + 1);
    this.paused = true;
  }

  snapshotStarted(index: number): void {
    this.#enter('snapshot', index + 1);
    this.#snapshotIndex = index;
  }

  /** Stays paused till the follower's next sign of life, so that failures don't repeat in a tight loop. */
  snapshotEnded(ok: boolean): void {
    if (this.state !== 'snapshot') return;
    this.#enter('probe', Math.max(this.match, ok ? this.#snapshotIndex : 0) + 1);
    this.paused = true;
  }

  #enter(state: Progress['state'], next: number): void {
    this.state = state;
    this.next = next;
    this.paused = false;
    this.verify = false;
    this.#inflight.length = 0;
  }
}
