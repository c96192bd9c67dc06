import { type Clock, errorMessage, type Logger } from '../base/index.ts';
import { NONE, type PeerId, type Raft } from '../raft/index.ts';
import type { CoreLoop } from './core-loop.ts';
import type { Membership } from './membership.ts';
import type { ReplicaLimits } from './options.ts';
import { transferLeadership } from './transfer.ts';
import type { Replica } from './types.ts';

/** A peer that leads without room for it gives leadership away again after so long. */
const ROOMIER_AGAIN_MS = 10_000;

export interface HandOverContext {
  replica: Replica;
  raft: Raft;
  membership: Membership;
  clock: Clock;
  logger: Logger;
  limits: Pick<ReplicaLimits, 'electionTicks' | 'tickMs'>;
  /** For how many ticks the present write to the disk is under way; 0: none is. */
  writingTicks(): number;
  isDiskLow(): boolean;
  core: CoreLoop;
}

/** When a leader gives leadership away: when asked, before it stops, and when its disk is not fit for it. */
export class HandOver {
  readonly #context: HandOverContext;
  /** Ticks until leadership is given away again for want of space. */
  #roomierIn = 0;
  /** Whom it was given to last, for that reason. */
  #lastHeir: PeerId = NONE;

  constructor(context: HandOverContext) {
    this.#context = context;
  }

  tick(): void {
    this.#leaveStalledDisk();
    this.#leaveFullDisk();
  }

  /** To `to`, or whose log is nearest. Rejects with NOT_LEADER, NO_SUCH_PEER, NOT_A_VOTER or TIMEOUT. */
  async transfer(to?: PeerId): Promise<void> {
    await this.#transfer(to, 2);
  }

  /** A new leader at once, instead of an election timeout without one; if that can be. */
  async leave(to?: PeerId): Promise<void> {
    const { replica, logger } = this.#context;
    if (!this.#leads) return;
    await this.#transfer(to, 1).catch((error) => {
      logger.info({ peer: replica.id, reason: errorMessage(error) }, 'leadership was not handed over');
    });
  }

  get #leads(): boolean {
    return this.#context.raft.status().role === 'leader';
  }

  async #transfer(to: PeerId | undefined, electionTimeouts: number): Promise<void> {
    const { replica, raft, membership, clock, limits, core } = this.#context;
    await transferLeadership({
      replica,
      to,
      progress: raft.progress(),
      configuration: membership.configuration,
      clock,
      timeoutMs: electionTimeouts * limits.electionTicks * limits.tickMs,
      start: (peer) => core.step({ type: 'transfer-leadership', to: peer }),
    });
  }

  /** A leader whose disk stands still acknowledges only what all others do, and can't be one of a majority of two. */
  #leaveStalledDisk(): void {
    const { replica, limits, logger, writingTicks } = this.#context;
    const ticks = writingTicks();
    // Tried again after as long, as nobody may have been fit to take over.
    if (ticks === 0 || ticks % limits.electionTicks !== 0 || !this.#leads) return;
    logger.warn({ peer: replica.id, ms: ticks * limits.tickMs }, 'the disk stands still: leadership is handed over');
    void this.leave();
  }

  /** A leader's disk takes all writes first. Nobody knows whose has room, so it may come to several in turn, slowly. */
  #leaveFullDisk(): void {
    const { replica, membership, limits, logger, isDiskLow } = this.#context;
    if (this.#roomierIn > 0) this.#roomierIn -= 1;
    if (!isDiskLow() || this.#roomierIn > 0 || !this.#leads) return;
    this.#roomierIn = Math.ceil(ROOMIER_AGAIN_MS / limits.tickMs);
    const after = this.#lastHeir || replica.id;
    // Each in turn, as the nearest one, which may be as full, would be the same each time.
    const others = membership.configuration.voters.filter((id) => id !== replica.id).sort((a, b) => a - b);
    const heir = others.find((id) => id > after) ?? others[0];
    if (heir === undefined) return;
    this.#lastHeir = heir;
    logger.warn({ peer: replica.id, to: heir }, 'the disk is nearly full: leadership is handed over');
    void this.leave(heir);
  }
}
