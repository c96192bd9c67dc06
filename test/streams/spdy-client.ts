import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { constants, createDeflate, type Deflate } from 'node:zlib';
import { headerDictionary } from '../../src/streams/spdy/dictionary.ts';
import { encodeFrame, type Frame, FrameReader } from '../../src/streams/spdy/frames.ts';
import { HeaderReader } from '../../src/streams/spdy/headers.ts';

/** The client's side of a SPDY connection, as bare as a test needs it: it says and sees frames. */
export class SpdyClient {
  readonly socket: Duplex;
  /** All that came, in order, with headers read. */
  readonly frames: (Frame & { read?: ReadonlyMap<string, string> })[] = [];
  readonly #deflate: Deflate = createDeflate({ dictionary: headerDictionary });
  #lastId = -1;
  readonly #waiting = new Set<() => void>();
  readonly ended: Promise<void>;

  constructor(socket: Duplex) {
    this.socket = socket;
    socket.on('error', () => {});
    this.ended = this.#read();
  }

  say(frame: Frame): void {
    this.socket.write(Buffer.concat(encodeFrame(frame)));
  }

  /** Opens a stream; returns its number. */
  async open(headers: Record<string, string>, fin = false): Promise<number> {
    this.#lastId += 2;
    const streamId = this.#lastId;
    this.say({ type: 'syn-stream', streamId, fin, unidirectional: false, headers: await this.#compress(headers) });
    return streamId;
  }

  data(streamId: number, data: string | Buffer, fin = false): void {
    this.say({ type: 'data', streamId, fin, data: Buffer.from(data) });
  }

  /** Resolves when `condition` holds for what has come. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  /** All data of a stream so far. */
  received(streamId: number): Buffer {
    return Buffer.concat(this.frames.flatMap((f) => (f.type === 'data' && f.streamId === streamId ? [f.data] : [])));
  }

  finished(streamId: number): boolean {
    return this.frames.some((frame) => frame.type === 'data' && frame.streamId === streamId && frame.fin);
  }

  async #read(): Promise<void> {
    const reader = new FrameReader();
    const headers = new HeaderReader();
    try {
      for await (const chunk of this.socket) {
        for (const frame of reader.read(chunk as Buffer)) {
          this.frames.push('headers' in frame ? { ...frame, read: await headers.read(frame.headers) } : frame);
          for (const wake of this.#waiting) wake();
          this.#waiting.clear();
        }
      }
    } catch {
      // Torn off.
    }
    headers.close();
  }

  async #compress(headers: Record<string, string>): Promise<Buffer> {
    const pairs = Object.entries(headers);
    const texts = pairs.flat().map((text) => Buffer.from(text));
    const number = (value: number): Buffer => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value);
      return bytes;
    };
    const chunks: Buffer[] = [];
    const collect = (chunk: Buffer): void => void chunks.push(chunk);
    this.#deflate.on('data', collect);
    this.#deflate.write(Buffer.concat([number(pairs.length), ...texts.flatMap((text) => [number(text.length), text])]));
    await new Promise<void>((resolve) => this.#deflate.flush(constants.Z_SYNC_FLUSH, () => resolve()));
    this.#deflate.off('data', collect);
    return Buffer.concat(chunks);
  }
}

/** Two ends of a connection in this process. `highWaterMark`: bytes that wait in each direction. */
export function duplexPair(highWaterMark = 16 * 1024): [Duplex, Duplex] {
  const ends: Duplex[] = [];
  const waiting: ((() => void) | undefined)[] = [undefined, undefined];
  for (const i of [0, 1]) {
    const other = (): Duplex => ends[1 - i]!;
    ends.push(
      new Duplex({
        highWaterMark,
        read() {
          const resume = waiting[1 - i];
          waiting[1 - i] = undefined;
          resume?.();
        },
        write(chunk: Buffer, _encoding, done) {
          if (other().destroyed) done();
          else if (other().push(chunk)) done();
          else waiting[i] = done;
        },
        final(done) {
          if (!other().destroyed) other().push(null);
          done();
        },
        destroy(error, done) {
          waiting[i]?.();
          if (ends.length === 2) setImmediate(() => other().destroy());
          done(error);
        },
      }),
    );
  }
  return ends as [Duplex, Duplex];
}

export async function closedOf(stream: Duplex): Promise<void> {
  if (!stream.closed) await once(stream, 'close');
}
