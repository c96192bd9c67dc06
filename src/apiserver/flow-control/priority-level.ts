import type { flowcontrolv1 } from '../../api/index.ts';
import { FairQueues, type QueueingConfig, type Ticket } from './fair-queues.ts';
import type { SeatLimits, SeatUser, Shares } from './seats.ts';

/** Seats that one request takes at most, and the share of its level's. */
const MAX_WIDTH = 10;
const MAX_WIDTH_SHARE = 0.15;

/** One request that waits. */
export interface Waiting {
  /** It may begin. */
  admit(ticket: Ticket<Waiting>): void;
}

/** A PriorityLevelConfiguration at work. */
export class PriorityLevel implements SeatUser {
  readonly name: string;
  uid = '';
  /** Its requests are never held up. */
  exempt = false;
  nominal = 0;
  lendable = 0;
  borrowable = 0;
  inUse = 0;
  executing = 0;
  /** Undefined: what finds no seat is refused. */
  queues: FairQueues<Waiting> | undefined;

  constructor(name: string) {
    this.name = name;
  }

  get waiting(): number {
    return this.queues?.length ?? 0;
  }

  /** Whether somebody waits for seats that are its own. */
  get deprived(): boolean {
    return this.waiting > 0 && this.inUse + this.queues!.next()!.width <= this.nominal;
  }

  get idle(): boolean {
    return this.executing === 0 && this.waiting === 0;
  }

  /** So many seats as a request of `width` takes here. */
  widthOf(width: number): number {
    const most = Math.min(MAX_WIDTH, Math.max(1, Math.ceil(this.nominal * MAX_WIDTH_SHARE)));
    return Math.min(width, most);
  }

  /** Those who wait keep waiting, also where from now on nobody may. */
  configure({ metadata, spec }: flowcontrolv1.PriorityLevelConfiguration, limits: SeatLimits): void {
    this.uid = metadata.uid ?? '';
    this.exempt = spec?.type === 'Exempt';
    Object.assign(this, limits);
    const queueing = queueingOf(spec);
    if (queueing === undefined) {
      if (this.waiting === 0) this.queues = undefined;
      else this.queues!.configure({ queues: 1, handSize: 1, queueLengthLimit: 0 });
    } else if (this.queues === undefined) this.queues = new FairQueues(queueing);
    else this.queues.configure(queueing);
  }
}

/** Kubernetes' defaults for what is not said. */
export function sharesOf({ spec }: flowcontrolv1.PriorityLevelConfiguration): Shares {
  const exempt = spec?.type === 'Exempt';
  const given = exempt ? spec?.exempt : spec?.limited;
  return {
    shares: given?.nominalConcurrencyShares ?? (exempt ? 0 : 30),
    lendablePercent: given?.lendablePercent ?? 0,
    borrowingLimitPercent: exempt ? undefined : spec?.limited?.borrowingLimitPercent,
  };
}

function queueingOf(spec: flowcontrolv1.PriorityLevelConfigurationSpec | undefined): QueueingConfig | undefined {
  const response = spec?.limited?.limitResponse;
  if (response?.type !== 'Queue') return undefined;
  const { queues = 64, handSize = 8, queueLengthLimit = 50 } = response.queuing ?? {};
  return { queues: Math.max(1, queues), handSize: Math.max(1, handSize), queueLengthLimit };
}
