import { KeelsonError, type Random } from '../../base/index.ts';
import type { Message, PeerId } from '../../raft/index.ts';
import type { SnapshotMessage, SnapshotStream, Transport, TransportHandler } from '../../replica/index.ts';
import type { EventLoop } from './event-loop.ts';
import type { Life } from './life.ts';
import type { Trace } from './trace.ts';

export interface NetworkFaults {
  /** Shares of messages. */
  drop: number;
  repeat: number;
  /** Of those that others overtake. */
  reorder: number;
  /** Up to so much beyond the usual, of those that others overtake. */
  delayMs: number;
}

export const calmNetwork: NetworkFaults = { drop: 0, repeat: 0, reorder: 0, delayMs: 0 };

/** One life of a peer, on the network. */
interface Endpoint {
  id: PeerId;
  life: Life;
  handler: TransportHandler;
  /** Whose credentials were found good, or are being looked at. */
  admitted: WeakMap<Endpoint, true | Promise<boolean>>;
}

/** Carries messages between simulated peers, badly. Whoever comes for the first time shows its credential. */
export class SimulatedNetwork {
  faults = calmNetwork;
  readonly #loop: EventLoop;
  readonly #random: Random;
  readonly #trace: Trace;
  readonly #endpoints = new Map<PeerId, Endpoint>();
  readonly #blocked = new Set<string>();
  #side: ReadonlySet<PeerId> = new Set();
  /** By link: when the last message that keeps its place arrives. */
  readonly #lastArrival = new Map<number, number>();
  readonly counts = { delivered: 0, dropped: 0, repeated: 0, reordered: 0, snapshots: 0, resumedSnapshots: 0 };

  constructor(loop: EventLoop, random: Random, trace: Trace) {
    this.#loop = loop;
    this.#random = random;
    this.#trace = trace;
  }

  /** Cuts the way from one peer to another; the way back stays as it is. */
  block(from: PeerId, to: PeerId): void {
    this.#blocked.add(`${from}>${to}`);
  }

  heal(): void {
    this.#blocked.clear();
  }

  /** Cuts these off from all others, both ways, however often the network heals meanwhile; nobody: ends that. */
  separate(side: ReadonlySet<PeerId>): void {
    this.#side = side;
  }

  transport(id: PeerId, life: Life): Transport {
    let endpoint: Endpoint | undefined;
    return {
      start: async (handler) => {
        endpoint = { id, life, handler, admitted: new WeakMap() };
        this.#endpoints.set(id, endpoint);
      },
      send: (messages) => {
        if (endpoint === undefined || !life.isAlive) return;
        for (const message of messages) this.#send(endpoint, message);
      },
      sendSnapshot: (message, chunks) => this.#sendSnapshot(endpoint, message, chunks),
      setPeers() {},
      disconnect: (peer) => {
        const from = this.#endpoints.get(peer);
        if (from !== undefined) endpoint?.admitted.delete(from);
      },
      close: async () => {
        if (endpoint !== undefined && this.#endpoints.get(id) === endpoint) this.#endpoints.delete(id);
        endpoint = undefined;
      },
    };
  }

  #send(from: Endpoint, message: Message): void {
    const { drop, repeat, reorder, delayMs } = this.faults;
    const { to } = message;
    if (this.#target(from.id, to) === undefined && !this.#isBlocked(from.id, to)) {
      this.#tell(from, (handler) => handler.onUnreachable(to));
      return;
    }
    if (this.#random.next() < drop) {
      this.counts.dropped += 1;
      return;
    }
    const isRepeated = this.#random.next() < repeat;
    if (isRepeated) this.counts.repeated += 1;
    for (let copy = isRepeated ? 2 : 1; copy > 0; copy--) {
      let delay = this.#latency();
      if (this.#random.next() < reorder) {
        this.counts.reordered += 1;
        delay += this.#random.next() * delayMs;
      } else {
        const link = from.id * 65536 + to;
        const arrival = Math.max(this.#loop.now + delay, this.#lastArrival.get(link) ?? 0);
        this.#lastArrival.set(link, arrival);
        delay = arrival - this.#loop.now;
      }
      this.#loop.after(delay, () => this.#arrive(from, message));
    }
  }

  #arrive(from: Endpoint, message: Message): void {
    // What the wire lost while it was cut is lost, whenever it was sent.
    const to = this.#target(from.id, message.to);
    if (to === undefined) return;
    to.life.do(() => {
      this.#trace.text(message.type);
      this.#trace.number(from.id * 65536 + to.id);
      this.#trace.number(message.term);
      this.counts.delivered += 1;
      if (to.handler.isRemoved(from.id)) {
        this.#tell(from, (handler) => handler.onRemoved(to.id));
      } else if (to.admitted.get(from) === true) {
        to.handler.onMessages([message]);
      } else {
        void this.#admit(from, to).then((isGood) => {
          if (isGood) to.life.do(() => to.handler.onMessages([message]));
        });
      }
    });
  }

  /** Whether `to` listens to `from`: asked once for each life of both. */
  #admit(from: Endpoint, to: Endpoint): Promise<boolean> {
    const known = to.admitted.get(from);
    if (known !== undefined) return Promise.resolve(known);
    const admission = to.handler.admit(from.id, from.handler.credential).then(
      (answer) => {
        if (answer === 'admitted') to.admitted.set(from, true);
        else if (answer === 'disowned') this.#tell(from, (handler) => handler.onDisowned(to.id));
        return answer === 'admitted';
      },
      // One that stops meanwhile admits nobody.
      () => false,
    );
    to.admitted.set(from, admission);
    return admission;
  }

  /** Something that a peer's connection tells it. */
  #tell(endpoint: Endpoint, action: (handler: TransportHandler) => void): void {
    this.#loop.after(this.#latency(), () => endpoint.life.do(() => action(endpoint.handler)));
  }

  async #sendSnapshot(
    from: Endpoint | undefined,
    message: SnapshotMessage,
    chunks: AsyncIterable<Uint8Array>,
  ): Promise<void> {
    const content: Uint8Array[] = [];
    for await (const chunk of chunks) content.push(chunk.slice());
    await new Promise<void>((resolve) => this.#loop.after(5 * this.#latency(), resolve));
    const to = from && this.#target(from.id, message.to);
    if (!from?.life.isAlive || to === undefined || this.#random.next() < this.faults.drop) {
      throw new KeelsonError('SNAPSHOT_BROKEN', `peer ${message.to} is out of reach`);
    }
    if (to.handler.isRemoved(from.id) || !(await this.#admit(from, to))) {
      throw new KeelsonError('SNAPSHOT_BROKEN', `peer ${message.to} does not listen`);
    }
    const stream: SnapshotStream = {
      source: from.handler.credential.store,
      after: ({ chunks: arrived }) => {
        if (arrived > 0) this.counts.resumedSnapshots += 1;
        return this.#deliver(content.slice(arrived));
      },
    };
    this.counts.snapshots += 1;
    this.#trace.text('snapshot');
    this.#trace.number(message.position.index);
    await new Promise<void>((resolve, reject) => {
      to.life.do(() => to.handler.onSnapshot(message, stream).then(resolve, reject));
      // The receiver may die over it, and the connection with it.
      this.#loop.after(2000, () => reject(new KeelsonError('SNAPSHOT_BROKEN', 'the connection broke')));
    });
  }

  /** Over a connection that may break behind each chunk. */
  async *#deliver(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) {
      yield chunk;
      if (this.#random.next() < this.faults.drop) throw new KeelsonError('SNAPSHOT_BROKEN', 'the connection broke');
    }
  }

  #target(from: PeerId, to: PeerId): Endpoint | undefined {
    const endpoint = this.#endpoints.get(to);
    return endpoint?.life.isAlive && !this.#isBlocked(from, to) ? endpoint : undefined;
  }

  #isBlocked(from: PeerId, to: PeerId): boolean {
    if (this.#side.has(from) !== this.#side.has(to)) return true;
    return this.#blocked.size > 0 && this.#blocked.has(`${from}>${to}`);
  }

  #latency(): number {
    return 0.2 + this.#random.next() * 1.5;
  }
}
