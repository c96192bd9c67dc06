import { Duplex } from 'node:stream';
import { resetStatus } from './frames.ts';
import type { SpdyHeaders } from './headers.ts';

/** What a stream asks of its connection. */
export interface StreamLink {
  /** Calls back when the bytes are on their way. */
  send(data: Buffer, fin: boolean, done: (error?: Error | null) => void): void;
  reset(status: number): void;
  /** Both sides have ended it, or one has torn it off. */
  forget(): void;
}

/** Received bytes that wait to be read before the whole connection waits: its streams share one order. */
const receivedMax = 256 * 1024;

/** One stream of a connection; its two directions end by themselves. */
export class SpdyStream extends Duplex {
  readonly id: number;
  readonly headers: SpdyHeaders;
  readonly #link: StreamLink;
  #resetByPeer = false;
  #onRoom: (() => void) | undefined;

  constructor(id: number, headers: SpdyHeaders, link: StreamLink) {
    super({ readableHighWaterMark: receivedMax, allowHalfOpen: true, emitClose: true });
    this.id = id;
    this.headers = headers;
    this.#link = link;
    // Whoever uses a stream sees its end; that it was torn off is not worth a crash.
    this.on('error', () => {});
  }

  /** Takes what came for it; resolves when more may come. */
  async received(data: Buffer, fin: boolean): Promise<void> {
    if (this.destroyed) return;
    const full = data.length > 0 && !this.push(data);
    if (fin) this.push(null);
    else if (full) await new Promise<void>((resolve) => (this.#onRoom = resolve));
  }

  /** The other side has torn it off. */
  wasReset(): void {
    this.#resetByPeer = true;
    this.destroy();
  }

  override _read(): void {
    this.#onRoom?.();
    this.#onRoom = undefined;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#link.send(chunk, false, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#link.send(Buffer.alloc(0), true, done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#onRoom?.();
    if (!this.#resetByPeer && !(this.readableEnded && this.writableFinished)) this.#link.reset(resetStatus.cancel);
    this.#link.forget();
    done(error);
  }
}
