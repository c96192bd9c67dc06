import { Readable, Writable } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Clock } from '../base/index.ts';

export interface ChannelOptions {
  /** May be paused yet. */
  webSocket: WebSocket;
  clock: Clock;
  /** Messages are text: a digit, and base64. */
  base64: boolean;
  /** Channels that the client may write to, and whose bytes are wanted. */
  inputs: readonly number[];
}

/** Of version 5: the client has ended the channel whose number follows. */
const closeSignal = 255;
/** Received bytes that wait to be read before the connection waits: its channels share one order. */
const receivedMax = 256 * 1024;
/** A write finds out that nobody is there any more, also while nothing is read. */
const pingMs = 15_000;

/** Kubernetes' channels on one WebSocket: each message is the number of a channel and some bytes. */
export class Channels {
  readonly closed: Promise<unknown>;
  readonly #webSocket: WebSocket;
  readonly #base64: boolean;
  readonly #inputs: ReadonlyMap<number, Readable>;

  constructor({ webSocket, clock, base64, inputs }: ChannelOptions) {
    this.#webSocket = webSocket;
    this.#base64 = base64;
    const read = (): void => webSocket.resume();
    this.#inputs = new Map(inputs.map((id) => [id, new Readable({ highWaterMark: receivedMax, read })]));
    webSocket.on('message', (message: Buffer) => this.#receive(message));
    webSocket.on('error', () => webSocket.terminate());
    webSocket.resume();
    const ticker = clock.setTicker(pingMs, () => webSocket.ping());
    // A frame that is none ends it as well.
    this.closed = new Promise((resolve) => webSocket.once('close', resolve)).then(() => {
      ticker.cancel();
      for (const input of this.#inputs.values()) input.push(null);
    });
  }

  /** What the client writes to a channel of `inputs`. */
  input(id: number): Readable {
    return this.#inputs.get(id)!;
  }

  /** A channel to the client. Its end is not told: the connection's is. */
  output(id: number): Writable {
    return new Writable({
      write: (chunk: Buffer, _encoding, done) => this.send(id, chunk, done),
    });
  }

  /** Calls back when the message is on its way; also when nobody is there any more. */
  send(id: number, bytes: Buffer, done: () => void = () => {}): void {
    const webSocket = this.#webSocket;
    if (webSocket.readyState !== webSocket.OPEN) {
      done();
      return;
    }
    const message = this.#base64 ? `${id}${bytes.toString('base64')}` : Buffer.concat([Buffer.from([id]), bytes]);
    webSocket.send(message, () => done());
  }

  close(): void {
    this.#webSocket.close(1000);
  }

  #receive(message: Buffer): void {
    if (message.length === 0) return;
    if (this.#base64) {
      this.#push(message.readUInt8(0) - 48, Buffer.from(message.toString('latin1', 1), 'base64'));
      return;
    }
    const id = message.readUInt8(0);
    if (id === closeSignal) this.#end(this.#inputs.get(message[1] ?? closeSignal));
    else this.#push(id, message.subarray(1));
  }

  #push(id: number, bytes: Buffer): void {
    const input = this.#inputs.get(id);
    if (input === undefined || input.destroyed || hasEnded(input) || bytes.length === 0) return;
    if (!input.push(bytes)) this.#webSocket.pause();
  }

  #end(input: Readable | undefined): void {
    if (input && !hasEnded(input)) input.push(null);
  }
}

/** Its end has been pushed, even if it is not read yet. */
const hasEnded = (stream: Readable): boolean =>
  stream.readableEnded || (stream as Readable & { _readableState: { ended: boolean } })._readableState.ended;
