import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../base/index.ts';
import { SpdyError } from './error.ts';
import { encodeFrame, type Frame, FrameReader, resetStatus } from './frames.ts';
import { HeaderReader, HeaderWriter, type SpdyHeaders } from './headers.ts';
import { SendWindow, windowInitial } from './send-window.ts';
import { SpdyStream } from './stream.ts';

export interface SpdyOptions {
  socket: Duplex;
  clock: Clock;
  /** A stream that the other side has opened. A text refuses it. */
  onStream(stream: SpdyStream): string | undefined;
}

const streamsMax = 1_000;
const dataBytesMax = 32 * 1024;
/** A write finds out that nobody is there any more, also while nothing is read. */
const pingMs = 15_000;
/** How long the other side has to close after a goodbye. */
const lingerMs = 500;
/** Of SETTINGS: how much may be sent on each stream before the first WINDOW_UPDATE. */
const initialWindowSetting = 7;

/** The server's side of a SPDY/3.1 connection, on any two-way stream of bytes. */
export class SpdyConnection {
  readonly closed: Promise<void>;
  readonly #socket: Duplex;
  readonly #clock: Clock;
  readonly #onStream: SpdyOptions['onStream'];
  readonly #reader = new FrameReader();
  readonly #headerReader = new HeaderReader();
  readonly #headerWriter = new HeaderWriter();
  readonly #streams = new Map<number, { stream: SpdyStream; window: SendWindow; unacknowledged: number }>();
  readonly #window = new SendWindow();
  /** Of streams to come. */
  #initialWindow = windowInitial;
  #unacknowledged = 0;
  #lastStreamId = 0;
  #pingId = 0;
  #closing = false;

  constructor({ socket, clock, onStream }: SpdyOptions) {
    this.#socket = socket;
    this.#clock = clock;
    this.#onStream = onStream;
    socket.on('error', () => socket.destroy());
    const ticker = clock.setTicker(pingMs, () => this.#ping());
    const closed = once(socket, 'close').catch(() => {});
    this.closed = closed.then(() => {
      ticker.cancel();
      this.#headerReader.close();
      for (const { stream } of this.#streams.values()) stream.wasReset();
      this.#window.release();
    });
    void this.#run();
  }

  /** Says goodbye and ends the connection, after what was written. Idempotent. */
  close(status = 0): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#send({ type: 'goaway', lastStreamId: this.#lastStreamId, status });
    // The other side is to close first: what it still sends would make the kernel throw away what it has not read yet.
    this.#socket.end(() => this.#clock.setTimer(lingerMs, () => this.#socket.destroy()));
  }

  async #run(): Promise<void> {
    try {
      for await (const chunk of this.#socket) {
        for (const frame of this.#reader.read(chunk as Buffer)) await this.#receive(frame);
      }
    } catch (error) {
      if (error instanceof SpdyError) this.close(resetStatus.protocolError);
    }
    // Nobody listens any more: what the streams' users still say would go nowhere.
    this.#socket.destroy();
  }

  async #receive(frame: Frame): Promise<void> {
    switch (frame.type) {
      case 'syn-stream':
        return this.#open(frame.streamId, frame.fin, await this.#headerReader.read(frame.headers));
      case 'syn-reply':
      case 'headers':
        // Nothing that these say matters here, but the compressor has to see all of it.
        return void (await this.#headerReader.read(frame.headers));
      case 'data':
        return this.#data(frame.streamId, frame.data, frame.fin);
      case 'rst-stream':
        return this.#streams.get(frame.streamId)?.stream.wasReset();
      case 'ping':
        // Ours, which have even numbers, only come back.
        return frame.id % 2 === 1 ? void this.#send(frame) : undefined;
      case 'settings':
        for (const [id, value] of frame.values) {
          if (id !== initialWindowSetting) continue;
          this.#window.obey();
          for (const { window } of this.#streams.values()) window.setInitial(value);
          this.#initialWindow = value;
        }
        return;
      case 'window-update':
        if (frame.streamId === 0) this.#window.grant(frame.delta);
        else {
          this.#window.obey();
          this.#streams.get(frame.streamId)?.window.grant(frame.delta);
        }
        return;
      case 'goaway':
        return;
    }
  }

  #open(id: number, fin: boolean, headers: SpdyHeaders): void {
    if (id % 2 === 0 || id <= this.#lastStreamId) throw new SpdyError(`a stream numbered ${id}`);
    this.#lastStreamId = id;
    if (this.#closing || this.#streams.size >= streamsMax) {
      this.#send({ type: 'rst-stream', streamId: id, status: resetStatus.refusedStream });
      return;
    }
    const window = new SendWindow(this.#initialWindow);
    const stream = new SpdyStream(id, headers, {
      send: (data, last, done) => void this.#sendData(id, window, data, last).then(() => done(), done),
      reset: (status) => this.#send({ type: 'rst-stream', streamId: id, status }),
      forget: () => {
        window.release();
        this.#streams.delete(id);
      },
    });
    this.#streams.set(id, { stream, window, unacknowledged: 0 });
    const refusal = this.#onStream(stream);
    if (refusal !== undefined) {
      stream.destroy();
      return;
    }
    this.#send({ type: 'syn-reply', streamId: id, fin: false, headers: this.#headerWriter.write(new Map()) });
    if (fin) void stream.received(Buffer.alloc(0), true);
  }

  async #data(id: number, data: Buffer, fin: boolean): Promise<void> {
    const entry = this.#streams.get(id);
    // Torn off meanwhile, or never there.
    if (entry) await entry.stream.received(data, fin);
    this.#unacknowledged += data.length;
    if (this.#unacknowledged >= windowInitial / 2) {
      this.#send({ type: 'window-update', streamId: 0, delta: this.#unacknowledged });
      this.#unacknowledged = 0;
    }
    if (!entry || fin) return;
    entry.unacknowledged += data.length;
    if (entry.unacknowledged < windowInitial / 2) return;
    this.#send({ type: 'window-update', streamId: id, delta: entry.unacknowledged });
    entry.unacknowledged = 0;
  }

  async #sendData(id: number, window: SendWindow, data: Buffer, fin: boolean): Promise<void> {
    let at = 0;
    do {
      const wanted = Math.min(dataBytesMax, data.length - at);
      const length = wanted === 0 ? 0 : await this.#window.take(await window.take(wanted), window);
      if (this.#socket.destroyed) return;
      const part = data.subarray(at, at + length);
      at += length;
      const taken = this.#send({ type: 'data', streamId: id, fin: fin && at === data.length, data: part });
      if (!taken) await this.#drained();
    } while (at < data.length);
  }

  #ping(): void {
    this.#pingId = (this.#pingId + 2) & 0x7ffffffe;
    this.#send({ type: 'ping', id: this.#pingId });
  }

  /** Returns false when enough is waiting to be sent. */
  #send(frame: Frame): boolean {
    if (this.#socket.destroyed || this.#socket.writableEnded) return true;
    this.#socket.cork();
    let room = true;
    for (const part of encodeFrame(frame)) if (part.length > 0) room = this.#socket.write(part);
    this.#socket.uncork();
    return room;
  }

  async #drained(): Promise<void> {
    if (!this.#socket.writableNeedDrain || this.#socket.destroyed) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#socket.off('drain', done).off('close', done);
        resolve();
      };
      this.#socket.on('drain', done).on('close', done);
    });
  }
}
