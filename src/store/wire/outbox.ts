import { Packr } from 'msgpackr';
import type { WebSocket } from 'ws';
import { FRAME_BYTES } from './protocol.ts';

const packr = new Packr({ useRecords: false });

/** Gathers messages for a socket: one frame for a turn of the event loop, or more when they are large. */
export class Outbox {
  readonly #socket: WebSocket;
  readonly #maxFrameBytes: number;
  #messages: unknown[] = [];
  #bytes = 0;
  #flushing = false;

  constructor(socket: WebSocket, maxFrameBytes = FRAME_BYTES) {
    this.#socket = socket;
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Bytes that the other side has not taken yet, about. */
  get waiting(): number {
    return this.#bytes + this.#socket.bufferedAmount;
  }

  /** The latest message that is not packed yet: it may still be changed. */
  get last(): unknown {
    return this.#messages.at(-1);
  }

  /** `bytes` is about the message's size, small fields aside. */
  push(message: unknown, bytes: number): void {
    if (this.#bytes > 0 && this.#bytes + bytes > this.#maxFrameBytes) this.flush();
    this.#messages.push(message);
    this.#bytes += bytes + MESSAGE_BYTES;
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flushing = false;
      this.flush();
    });
  }

  flush(): void {
    if (this.#messages.length === 0) return;
    const messages = this.#messages;
    this.#messages = [];
    this.#bytes = 0;
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(packr.pack(messages));
  }

  /** Sends what there is; resolves when the other side, or its kernel, has taken it, or the socket is gone. */
  drained(): Promise<void> {
    this.flush();
    if (this.#socket.readyState !== this.#socket.OPEN || this.#socket.bufferedAmount === 0) return Promise.resolve();
    // An empty ping's callback comes after all that was sent before it.
    return new Promise((resolve) => this.#socket.ping('', undefined, () => resolve()));
  }
}

/** The small fields of a message. */
const MESSAGE_BYTES = 24;
