import { Lease } from './lease.ts';
import { Progress } from './progress.ts';
import { ReadRounds } from './read-index.ts';
import type { PeerId } from './types.ts';

/** What only a leader knows; gone when it steps down. */
export class Leading {
  /** Of the others that get the log. */
  readonly followers = new Map<PeerId, Progress>();
  /** The leader's own log is durable up to here, as far as reported in this term. */
  durableIndex = 0;
  /** Term and vote are known to be durable, so messages may tell of them without waiting for the disk. */
  termDurable: boolean;
  /** Index of the entry that opened the term: once it is committed, so is all before it. */
  readonly openingIndex: number;
  /**
   * Until this entry is committed no change may be proposed: it opens the term, or carries a change, or follows one,
   * so that a majority of the new configuration knows of it (see membership.ts).
   */
  changeIndex: number;
  /** Who waits for the change under way. */
  changeAsked: { from: PeerId; id: number } | undefined;
  /** Since the election. */
  ticks = 0;
  ticksSinceHeartbeat = 0;
  /** Heartbeats are to be sent at the end of this step. */
  heartbeatDue = false;
  /** Bytes of entries in the log not yet committed. */
  uncommittedBytes = 0;
  readonly reads = new ReadRounds();
  readonly lease = new Lease();
  transfer: { to: PeerId; since: number; asked: boolean } | undefined;

  constructor(openingIndex: number, termDurable: boolean) {
    this.openingIndex = openingIndex;
    this.changeIndex = openingIndex;
    this.termDurable = termDurable;
  }

  /** Keeps what is known of those who stay, and starts to probe those who are new with the entry `next`. */
  setFollowers(peers: Iterable<PeerId>, next: number): void {
    const wanted = new Set(peers);
    for (const peer of this.followers.keys()) if (!wanted.has(peer)) this.followers.delete(peer);
    for (const peer of wanted) {
      if (!this.followers.has(peer)) this.followers.set(peer, new Progress(peer, next, this.ticks));
    }
  }
}
