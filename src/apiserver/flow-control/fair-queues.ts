import { dealHand } from './hand.ts';

export interface QueueingConfig {
  queues: number;
  handSize: number;
  /** Requests that may wait in one queue. */
  queueLengthLimit: number;
}

/** What a request is taken to cost, in milliseconds, until it is over and it is known. */
const EXPECTED_MS = 5;

interface Queue<T> {
  index: number;
  waiting: Entry<T>[];
  seats: number;
  executing: number;
  /** Seat-milliseconds that its requests were given, counted from the floor at which it came. */
  served: number;
}

interface Entry<T> {
  item: T;
  width: number;
  queue: Queue<T>;
}

/** A place in a queue, to be handed back. */
export type Ticket<T> = Entry<T>;

/**
 * Requests that wait, and whose turn it is: start-time fair queueing (Goyal, Vin, Cheng 1996) over shuffle-sharded queues. The queue
 * that was given the least so far comes next, so that who sends much waits behind himself alone. A queue that was empty begins at the
 * least of the others': it saves up nothing. Queues exist only while something is in them. Pure; time comes with `finish`.
 */
export class FairQueues<T> {
  #config: QueueingConfig;
  readonly #queues = new Map<number, Queue<T>>();
  /** What the queue that came last had been given: the virtual time. */
  #floor = 0;
  #length = 0;

  constructor(config: QueueingConfig) {
    this.#config = config;
  }

  /** Requests that wait. */
  get length(): number {
    return this.#length;
  }

  /** For requests that come from now on. */
  configure(config: QueueingConfig): void {
    this.#config = config;
  }

  /** Undefined: the shortest of the flow's queues is full. */
  add(item: T, width: number, flow: string): Ticket<T> | undefined {
    const queue = this.#shortest(flow);
    if (queue.waiting.length >= this.#config.queueLengthLimit) {
      this.#dropIfIdle(queue);
      return undefined;
    }
    // What was saved by not asking for a while is not to be made up for.
    if (queue.waiting.length === 0) queue.served = Math.max(queue.served, this.#floor);
    const entry = { item, width, queue };
    queue.waiting.push(entry);
    queue.seats += width;
    this.#length++;
    return entry;
  }

  /** Whose turn it is. */
  next(): Ticket<T> | undefined {
    let first: Queue<T> | undefined;
    for (const queue of this.#queues.values()) {
      if (queue.waiting.length > 0 && (first === undefined || queue.served < first.served)) first = queue;
    }
    return first?.waiting[0];
  }

  /** It begins; `finish` is to follow. */
  start(ticket: Ticket<T>): void {
    const { queue, width } = ticket;
    this.#take(ticket);
    this.#floor = Math.max(this.#floor, queue.served);
    queue.served += width * EXPECTED_MS;
    queue.executing++;
  }

  finish({ queue, width }: Ticket<T>, tookMs: number): void {
    queue.executing--;
    queue.served += width * (tookMs - EXPECTED_MS);
    this.#dropIfIdle(queue);
  }

  /** It waits no longer, for whatever reason. */
  remove(ticket: Ticket<T>): void {
    this.#take(ticket);
    this.#dropIfIdle(ticket.queue);
  }

  #take(ticket: Ticket<T>): void {
    const { queue, width } = ticket;
    queue.waiting.splice(queue.waiting.indexOf(ticket), 1);
    queue.seats -= width;
    this.#length--;
  }

  #shortest(flow: string): Queue<T> {
    const { queues, handSize } = this.#config;
    let best: Queue<T> | undefined;
    let unused: number | undefined;
    for (const index of dealHand(flow, queues, handSize)) {
      const queue = this.#queues.get(index);
      if (queue === undefined) {
        unused ??= index;
        continue;
      }
      if (best === undefined || queue.seats < best.seats) best = queue;
    }
    if (best !== undefined && unused === undefined) return best;
    const queue = { index: unused ?? 0, waiting: [], seats: 0, executing: 0, served: this.#floor };
    this.#queues.set(queue.index, queue);
    return queue;
  }

  #dropIfIdle(queue: Queue<T>): void {
    if (queue.waiting.length > 0 || queue.executing > 0) return;
    if (this.#queues.get(queue.index) === queue) this.#queues.delete(queue.index);
  }
}
