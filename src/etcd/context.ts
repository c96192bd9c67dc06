import type { Clock, Logger } from '../base/index.ts';
import type { Replica } from '../replica/index.ts';
import type { LocalStore } from '../store/index.ts';
import { etcdErrors } from './errors.ts';
import type { ResponseHeader } from './messages.ts';
import type { Protocol } from './protocol.ts';

/** A member of the cluster as etcd's clients see it. */
export interface EtcdMember {
  /** The peer's. */
  id: number;
  name: string;
  peerUrl: string;
  /** None: it does not serve this API. */
  clientUrl: string | undefined;
  isLearner: boolean;
}

/** What every service stands on. */
export interface EtcdContext {
  readonly store: LocalStore;
  readonly replica: Replica;
  readonly protocol: Protocol;
  readonly clock: Clock;
  readonly logger: Logger;
  members(): readonly EtcdMember[];
  /** How often a watch that asked for it is told of progress, in milliseconds. */
  readonly progressMs: number;
  readonly leadership: Leadership;
  /** The header of an answer; of one that has no revision of its own, this peer's. */
  header(revision?: number): ResponseHeader;
}

/** How long streams whose clients insist on a leader outlive it: three elections' time. */
const NO_LEADER_MS = 2_400;

/** What the replica says of the leader, at hand for every call, and who is to be told when there is none for long. */
export class Leadership {
  readonly #waiting = new Set<(error: Error) => void>();
  readonly #unsubscribe: () => void;
  leader = 0;
  term = 0;
  #timer: { cancel(): void } | undefined;

  constructor(replica: Replica, clock: Clock) {
    const look = ({ leader, term }: { leader: number; term: number }): void => {
      this.leader = leader;
      this.term = term;
      if (leader !== 0) {
        this.#timer?.cancel();
        this.#timer = undefined;
      } else {
        this.#timer ??= clock.setTimer(NO_LEADER_MS, () => this.#tell());
      }
    };
    this.#unsubscribe = replica.onStatus(look);
    look(replica.status());
  }

  /** Throws when there is no leader. */
  require(): void {
    if (this.leader === 0) throw etcdErrors.noLeader();
  }

  /** Calls `onLost` when there has been none for some time. Returns the way to end it. */
  watch(onLost: (error: Error) => void): () => void {
    this.#waiting.add(onLost);
    return () => this.#waiting.delete(onLost);
  }

  close(): void {
    this.#unsubscribe();
    this.#timer?.cancel();
  }

  #tell(): void {
    this.#timer = undefined;
    for (const onLost of [...this.#waiting]) onLost(etcdErrors.noLeader());
  }
}
