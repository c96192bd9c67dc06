import { assert } from '../base/index.ts';
import { decodeConfiguration, isVoter } from './configuration.ts';
import type { Leading } from './leading.ts';
import { Log } from './log.ts';
import { Outbox } from './outbox.ts';
import { ForwardedReads } from './read-index.ts';
import {
  type Configuration,
  type Entry,
  NONE,
  type PeerId,
  type RaftOptions,
  type RaftStatus,
  type RestoredState,
  type Role,
  type SnapshotPosition,
} from './types.ts';

/** One peer's state. The files beside this one each know the rules of a part of it. */
export class RaftState {
  readonly id: PeerId;
  readonly options: RaftOptions;
  readonly log: Log;
  readonly out = new Outbox();

  term: number;
  vote: PeerId;
  commit: number;
  role: Role = 'follower';
  leader: PeerId = NONE;
  /** As of the commit index: a change takes effect when it is committed. */
  configuration: Configuration;
  /** The latest snapshot that the host holds. */
  snapshot: SnapshotPosition;

  /** Committed entries up to here were handed out to be applied. */
  handedOut: number;
  /** As reported by the host. */
  applied: number;

  /** As restored. */
  readonly startTerm: number;
  /** Since the start, while not leading. */
  ticks = 0;
  /** Ticks since the leader was heard, a vote was granted, or an election began. */
  electionElapsed = 0;
  electionTimeout = 0;
  /** Answers to this candidate. */
  votes = new Map<PeerId, boolean>();
  /** This candidate stands on the leader's wish. */
  isTransfer = false;
  readonly forwardedReads: ForwardedReads;
  /** Present exactly while `role` is `leader`. */
  leading: Leading | undefined;

  constructor(options: RaftOptions, restored: RestoredState) {
    this.id = options.id;
    this.options = options;
    this.snapshot = restored.snapshot;
    this.configuration = restored.snapshot.configuration;
    this.log = new Log(restored.snapshot, restored.entries);
    // Log and snapshot prove that their terms were reached, even if that was not written before a crash.
    this.term = Math.max(restored.hardState.term, this.log.lastTerm);
    this.startTerm = this.term;
    this.vote = this.term === restored.hardState.term ? restored.hardState.vote : NONE;
    this.applied = Math.max(restored.applied, restored.snapshot.index);
    this.commit = Math.max(restored.hardState.commit, this.applied);
    assert(this.commit <= this.log.lastIndex, `the log ends at ${this.log.lastIndex}, before commit ${this.commit}`);
    this.handedOut = this.applied;
    this.#follow(this.log.range(Math.max(this.log.firstIndex, this.snapshot.index + 1), this.commit));
    this.forwardedReads = new ForwardedReads(options.random);
  }

  get canVote(): boolean {
    return isVoter(this.configuration, this.id);
  }

  commitTo(index: number): void {
    if (index <= this.commit) return;
    assert(index <= this.log.lastIndex, `commit ${index} beyond the log's end ${this.log.lastIndex}`);
    this.#follow(this.log.range(this.commit + 1, index));
    this.commit = index;
  }

  /** Configurations take effect where they are known to be committed. */
  #follow(committed: readonly Entry[]): void {
    for (const { index, kind, data } of committed) {
      if (kind !== 'configuration') continue;
      const configuration = decodeConfiguration(data);
      assert(configuration, `entry ${index} holds no configuration`);
      this.configuration = configuration;
    }
  }

  setTermAndVote(term: number, vote: PeerId): void {
    if (term === this.term && vote === this.vote) return;
    assert(term >= this.term, `term runs backwards from ${this.term} to ${term}`);
    this.term = term;
    this.vote = vote;
    this.out.hardStateChanged = true;
  }

  status(): RaftStatus {
    const { id, role, term, leader, commit, applied, configuration, log } = this;
    const { lastIndex, firstIndex } = log;
    return { id, role, term, leader, commit, applied, lastIndex, firstIndex, configuration };
  }
}
