import { type Clock, KeelsonError, type Logger, type Timer } from '../base/index.ts';
import { type Configuration, isUsedUp, type PeerId, type Raft, type RaftStatus } from '../raft/index.ts';
import { type Member, membersIn, peersToReach } from './members.ts';
import type { PeerAddress, Transport } from './transport.ts';

/** After which a peer that was removed stops: whoever had it removed is answered before. */
const REMOVAL_MS = 1000;

export interface MembershipOptions {
  id: PeerId;
  raft: Raft;
  transport: Transport;
  clock: Clock;
  logger: Logger;
  /** Where peers are, as the operator knows. Absent: the transport is told by somebody else. */
  peers: readonly PeerAddress[] | undefined;
  /** This peer is no member any more, and must stop. */
  onRemoved(error: KeelsonError): void;
}

/** Follows the configuration: who there is to talk to, and whether this peer still belongs. */
export class Membership {
  readonly #options: MembershipOptions;
  #configuration: Configuration;
  #leader: PeerId;
  /** As last told to the transport. */
  #reached: readonly PeerAddress[] = [];
  #removal: Timer | undefined;

  constructor(options: MembershipOptions) {
    const { configuration, leader } = options.raft.status();
    this.#options = options;
    this.#configuration = configuration;
    this.#leader = leader;
  }

  get configuration(): Configuration {
    return this.#configuration;
  }

  /** Takes over what is in effect now, at the start or when configuration or leader changed. */
  follow({ configuration, leader }: Pick<RaftStatus, 'configuration' | 'leader'>): void {
    const { id, logger, peers } = this.#options;
    const isNews = configuration !== this.#configuration;
    this.#configuration = configuration;
    this.#leader = leader;
    if (isNews) logger.info({ peer: id, members: this.members() }, 'membership changed');
    if (peers !== undefined) this.#reach(peersToReach(peers, configuration));
    if (this.isRemoved(id)) this.leave();
  }

  /** Whether `peer` was a member and is none any more. A leader that was removed is heard until it has handed over. */
  isRemoved(peer: PeerId): boolean {
    return peer !== this.#leader && isUsedUp(this.#configuration, peer);
  }

  #reach(wanted: readonly PeerAddress[]): void {
    const leader = this.#reached.find(({ id }) => id === this.#leader);
    const isKept = leader === undefined || wanted.some(({ id }) => id === leader.id);
    this.#reached = isKept ? wanted : [...wanted, leader];
    this.#options.transport.setPeers(this.#reached);
  }

  members(): Member[] {
    const { id, raft } = this.#options;
    const { configuration, lastIndex, role } = raft.status();
    const progress = raft.progress();
    return membersIn(configuration, lastIndex, (peer) =>
      role === 'leader' && peer === id ? lastIndex : progress.get(peer)?.match,
    );
  }

  /** This peer is no member any more. */
  leave(): void {
    const { id, clock, onRemoved } = this.#options;
    this.#removal ??= clock.setTimer(REMOVAL_MS, () => {
      const what = `peer ${id} was removed from the cluster: its data can be deleted; to come back it must be added under a new number`;
      onRemoved(new KeelsonError('REMOVED', what));
    });
  }

  stop(): void {
    this.#removal?.cancel();
  }
}
