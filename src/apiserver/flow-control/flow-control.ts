import { errors, type flowcontrolv1 } from '../../api/index.ts';
import type { Clock } from '../../base/index.ts';
import { byPrecedence, distinguisherOf, type FlowRequest, schemaMatches } from './classify.ts';
import { defaultFlowSchemas, defaultPriorityLevels, mandatoryNames } from './defaults.ts';
import type { Ticket } from './fair-queues.ts';
import { FlowMetrics, labelsOf, type Refusal } from './metrics.ts';
import { PriorityLevel, sharesOf, type Waiting } from './priority-level.ts';
import { hasRoom, seatLimits } from './seats.ts';
import type { Work } from './work.ts';

/** Where the configuration comes from: a cache of the two kinds of flowcontrol.apiserver.k8s.io. */
export interface FlowControlSource {
  flowSchemas(): readonly flowcontrolv1.FlowSchema[];
  priorityLevels(): readonly flowcontrolv1.PriorityLevelConfiguration[];
  onChange(listener: () => void): void;
}

export interface FlowControlOptions {
  source: FlowControlSource;
  clock: Clock;
  /** Requests that the server works at together. Default: Kubernetes' 400 that read and 200 that write. */
  totalSeats?: number;
  /** Default: a quarter of what a request may take, as in Kubernetes. */
  maxWaitMs?: number;
}

/** How a request was classified, and the seat that it holds. */
export interface Admitted {
  schemaUid: string;
  levelUid: string;
  /** Call it once, when the request is over. */
  release(): void;
}

const TOTAL_SEATS = 600;
const MAX_WAIT_MS = 15_000;
const noSeat = (): void => {};

/**
 * API priority and fairness (https://kubernetes.io/docs/concepts/cluster-administration/flow-control/): requests are sorted into
 * flows and priority levels by the FlowSchemas; each level has seats of its own, and those who wait for one take turns by flow.
 */
export class FlowControl {
  readonly #clock: Clock;
  readonly #source: FlowControlSource;
  readonly #totalSeats: number;
  readonly #maxWaitMs: number;
  readonly #metrics = new FlowMetrics();
  #stale = true;
  #schemas: { schema: flowcontrolv1.FlowSchema; level: PriorityLevel; labels: string }[] = [];
  #levels: PriorityLevel[] = [];

  constructor({ source, clock, totalSeats = TOTAL_SEATS, maxWaitMs = MAX_WAIT_MS }: FlowControlOptions) {
    this.#source = source;
    this.#clock = clock;
    this.#totalSeats = totalSeats;
    this.#maxWaitMs = maxWaitMs;
    source.onChange(() => {
      this.#stale = true;
    });
  }

  /**
   * Admits a request: at once as a rule, or when it is its turn. Rejects with 429 when too many wait or it waited too long.
   */
  admit(request: FlowRequest, workOf: () => Work, signal: () => AbortSignal): Admitted | Promise<Admitted> {
    if (this.#stale) this.#configure();
    const found = this.#schemas.find(({ schema }) => schemaMatches(schema, request));
    // Mandatory schemas match everybody who is or isn't authenticated; this is for who is neither.
    const { schema, level, labels } = found ?? this.#schemas.at(-1)!;
    const uids = { schemaUid: schema.metadata.uid ?? '', levelUid: level.uid };
    if (level.exempt) {
      this.#metrics.dispatched(labels);
      return { ...uids, release: noSeat };
    }
    const work = workOf();
    const seats = level.widthOf(work.seats);
    if (level.waiting === 0 && this.#fits(level, seats)) {
      this.#metrics.dispatched(labels);
      return { ...uids, release: this.#held(work, seats, this.#occupy(level, seats)) };
    }
    return this.#wait(level, seats, `${schema.metadata.name}\0${distinguisherOf(schema, request)}`, signal()).then(
      (release) => {
        this.#metrics.dispatched(labels);
        return { ...uids, release: this.#held(work, seats, release) };
      },
      (refusal: Refusal) => {
        this.#metrics.rejected(labels, refusal);
        throw errors.tooManyRequests('Too many requests, please try again later.');
      },
    );
  }

  /** In Prometheus' text format. */
  metrics(): string {
    if (this.#stale) this.#configure();
    return this.#metrics.text(this.#levels);
  }

  /** Resolves with the way to give the seats back; rejects with a Refusal. */
  #wait(level: PriorityLevel, seats: number, flow: string, signal: AbortSignal): Promise<() => void> {
    const { queues } = level;
    if (queues === undefined) return Promise.reject('concurrency-limit' satisfies Refusal);
    return new Promise((resolve, reject) => {
      const leave = (refusal: Refusal): void => {
        settle();
        queues.remove(ticket as Ticket<Waiting>);
        reject(refusal);
        // A wide request may have stood in the way of others.
        this.#dispatch();
      };
      const cancelled = (): void => leave('cancelled');
      const settle = (): void => {
        timer?.cancel();
        signal.removeEventListener('abort', cancelled);
      };
      const waiting: Waiting = {
        admit: (taken) => {
          settle();
          queues.start(taken);
          resolve(this.#occupy(level, seats, (tookMs) => queues.finish(taken, tookMs)));
        },
      };
      const ticket = queues.add(waiting, seats, flow);
      if (ticket === undefined || signal.aborted) {
        if (ticket !== undefined) queues.remove(ticket);
        reject((ticket === undefined ? 'queue-full' : 'cancelled') satisfies Refusal);
        return;
      }
      const timer = this.#clock.setTimer(this.#maxWaitMs, () => leave('time-out'));
      signal.addEventListener('abort', cancelled, { once: true });
      this.#dispatch();
    });
  }

  #occupy(level: PriorityLevel, seats: number, finished?: (tookMs: number) => void): () => void {
    const begun = this.#clock.monotonic();
    level.inUse += seats;
    level.executing++;
    let over = false;
    return () => {
      if (over) return;
      over = true;
      level.inUse -= seats;
      level.executing--;
      finished?.(this.#clock.monotonic() - begun);
      this.#dispatch();
    };
  }

  /** Gives the seats back when what is left to do after the answer is done, or the time is up. */
  #held({ seatMsAfter, limitMs }: Work, seats: number, release: () => void): () => void {
    if (seatMsAfter !== undefined) {
      let over = false;
      return () => {
        if (over) return;
        over = true;
        this.#clock.setTimer(seatMsAfter / seats, release);
      };
    }
    if (limitMs === undefined) return release;
    const timer = this.#clock.setTimer(limitMs, release);
    return () => {
      timer.cancel();
      release();
    };
  }

  /** Lets begin whoever's turn it is and who has room. Twice, because who borrows waits for those who have seats of their own. */
  #dispatch(): void {
    for (let round = 0; round < 2; round++) {
      for (const level of this.#levels) {
        while (level.waiting > 0) {
          const ticket = level.queues!.next()!;
          if (!this.#fits(level, ticket.width)) break;
          ticket.item.admit(ticket);
        }
      }
    }
  }

  #fits(level: PriorityLevel, width: number): boolean {
    const after = level.inUse + width;
    // One that was let in when its level was larger.
    if (width > level.nominal && level.nominal > 0) return level.inUse === 0;
    if (!hasRoom(this.#levels, level, width)) return false;
    return after <= level.nominal || !this.#levels.some((other) => other !== level && other.deprived);
  }

  #configure(): void {
    this.#stale = false;
    const configs = completed(this.#source.priorityLevels(), defaultPriorityLevels);
    const limits = seatLimits(this.#totalSeats, configs.map(sharesOf));
    const known = new Map(this.#levels.map((level) => [level.name, level]));
    const byName = new Map<string, PriorityLevel>();
    configs.forEach((config, index) => {
      const name = config.metadata.name!;
      const level = known.get(name) ?? new PriorityLevel(name);
      level.configure(config, limits[index]!);
      byName.set(name, level);
    });
    // Those that are gone stay until nobody is in them.
    const left = this.#levels.filter((level) => !byName.has(level.name) && !level.idle);
    this.#levels = [...byName.values(), ...left];
    this.#schemas = completed(this.#source.flowSchemas(), defaultFlowSchemas)
      .toSorted(byPrecedence)
      .flatMap((schema) => {
        const level = byName.get(schema.spec?.priorityLevelConfiguration.name ?? '');
        return level === undefined ? [] : [{ schema, level, labels: labelsOf(schema.metadata.name!, level.name) }];
      });
    this.#dispatch();
  }
}

/** What a server can't be without is there before it is in the store; before anything is, all defaults are. */
function completed<T extends { metadata: { name?: string } }>(found: readonly T[], defaults: readonly T[]): T[] {
  if (found.length === 0) return [...defaults];
  const names = new Set(found.map(({ metadata }) => metadata.name));
  return [...found, ...defaults.filter(({ metadata: { name = '' } }) => mandatoryNames.has(name) && !names.has(name))];
}
