import { type Random, randomInteger } from '../../../src/base/index.ts';
import type { Message, PeerId } from '../../../src/raft/index.ts';

export interface Packet {
  message: Message;
  /** Of a snapshot message: the state streamed with it. */
  content: number;
}

/** Messages under way. They stay until they are delivered or lost, in whatever order the run decides. */
export class SimulatedNetwork {
  readonly packets: Packet[] = [];
  readonly #blocked = new Set<string>();

  send(message: Message, content = 0): void {
    this.packets.push({ message, content });
  }

  /** Cuts the way from one peer to another; the way back stays as it is. */
  block(from: PeerId, to: PeerId): void {
    this.#blocked.add(`${from}>${to}`);
  }

  /** Parts `side` from everybody else, both ways. */
  partition(all: readonly PeerId[], side: readonly PeerId[]): void {
    for (const from of all) {
      for (const to of all) if (side.includes(from) !== side.includes(to)) this.block(from, to);
    }
  }

  heal(): void {
    this.#blocked.clear();
  }

  isBlocked({ from, to }: Message): boolean {
    return this.#blocked.has(`${from}>${to}`);
  }

  /** Takes out one message: the oldest with probability `order`, else any. */
  take(random: Random, order: number): Packet | undefined {
    if (this.packets.length === 0 || random.next() < order) return this.packets.shift();
    const at = randomInteger(random, this.packets.length);
    const packet = this.packets[at]!;
    this.packets[at] = this.packets.at(-1)!;
    this.packets.pop();
    return packet;
  }
}
