import type { Message } from '../raft/index.ts';
import { limits, messageBytes } from './wire.ts';

/** Messages that wait for one peer, bounded in bytes. */
export class OutgoingQueue {
  readonly #maxBytes: number;
  #messages: Message[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get isEmpty(): boolean {
    return this.#messages.length === 0;
  }

  /** False when it did not fit; an empty queue takes anything. */
  push(message: Message): boolean {
    const bytes = messageBytes(message);
    if (this.#bytes > 0 && this.#bytes + bytes > this.#maxBytes) return false;
    this.#messages.push(message);
    this.#bytes += bytes;
    return true;
  }

  /** The oldest messages, as many as go in one frame. */
  takeFrame(): readonly Message[] {
    if (this.#bytes <= limits.frameBytes) {
      const all = this.#messages;
      this.clear();
      return all;
    }
    let count = 0;
    let bytes = 0;
    while (count < this.#messages.length) {
      const next = messageBytes(this.#messages[count]!);
      if (count > 0 && bytes + next > limits.frameBytes) break;
      bytes += next;
      count += 1;
    }
    this.#bytes -= bytes;
    return this.#messages.splice(0, count);
  }

  clear(): void {
    this.#messages = [];
    this.#bytes = 0;
  }
}
