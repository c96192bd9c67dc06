import { SpdyError } from './error.ts';

/** One frame of SPDY/3.1. A data frame is read in parts, as they come; then only its last part has `fin`. */
export type Frame =
  | { type: 'data'; streamId: number; fin: boolean; data: Buffer }
  | { type: 'syn-stream'; streamId: number; fin: boolean; unidirectional: boolean; headers: Buffer }
  | { type: 'syn-reply'; streamId: number; fin: boolean; headers: Buffer }
  | { type: 'headers'; streamId: number; fin: boolean; headers: Buffer }
  | { type: 'rst-stream'; streamId: number; status: number }
  | { type: 'settings'; values: readonly (readonly [id: number, value: number])[] }
  | { type: 'ping'; id: number }
  | { type: 'goaway'; lastStreamId: number; status: number }
  | { type: 'window-update'; streamId: number; delta: number };

/** Reasons of `rst-stream`. */
export const resetStatus = { protocolError: 1, invalidStream: 2, refusedStream: 3, cancel: 5 } as const;

const types = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  headers: 8,
  windowUpdate: 9,
} as const;
const version = 3;
const flagFin = 1;
const flagUnidirectional = 2;
const headerBytes = 8;
/** Of control frames; data frames are not kept. */
const controlBytesMax = 64 * 1024;
const id31 = 0x7fffffff;

/** Cuts a stream of bytes into frames. Throws a SpdyError; then nothing more may be read. */
export class FrameReader {
  #pending: Buffer = Buffer.alloc(0);
  /** A data frame of which a part is still to come. */
  #data: { streamId: number; fin: boolean; left: number } | undefined;

  /** The frames, and parts of data frames, that `chunk` completes. */
  *read(chunk: Buffer): Generator<Frame> {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    for (;;) {
      const frame = this.#data ? this.#readData(this.#data) : this.#readFrame();
      if (frame === undefined) return;
      if (frame !== 'none') yield frame;
    }
  }

  #readFrame(): Frame | 'none' | undefined {
    if (this.#pending.length < headerBytes) return undefined;
    const first = this.#pending.readUInt32BE(0);
    const flags = this.#pending[4] as number;
    const length = this.#pending.readUIntBE(5, 3);
    if (first <= id31) {
      this.#take(headerBytes);
      this.#data = { streamId: first, fin: (flags & flagFin) !== 0, left: length };
      return this.#readData(this.#data);
    }
    const frameVersion = (first >>> 16) & 0x7fff;
    if (frameVersion !== version) throw new SpdyError(`a frame of version ${frameVersion}`);
    if (length > controlBytesMax) throw new SpdyError(`a control frame of ${length} bytes`);
    if (this.#pending.length < headerBytes + length) return undefined;
    this.#take(headerBytes);
    return decodeControl(first & 0xffff, flags, this.#take(length));
  }

  #readData(data: { streamId: number; fin: boolean; left: number }): Frame | undefined {
    const { streamId } = data;
    if (data.left > 0 && this.#pending.length === 0) return undefined;
    const part = this.#take(Math.min(data.left, this.#pending.length));
    data.left -= part.length;
    if (data.left === 0) this.#data = undefined;
    return { type: 'data', streamId, fin: data.fin && data.left === 0, data: part };
  }

  #take(length: number): Buffer {
    const taken = this.#pending.subarray(0, length);
    this.#pending = this.#pending.subarray(length);
    return taken;
  }
}

/** Frames of types that are not known are to be passed over. */
function decodeControl(type: number, flags: number, body: Buffer): Frame | 'none' {
  const need = (bytes: number): void => {
    if (body.length < bytes) throw new SpdyError(`a frame of type ${type} with ${body.length} bytes`);
  };
  const fin = (flags & flagFin) !== 0;
  const id = (at: number): number => body.readUInt32BE(at) & id31;
  switch (type) {
    case types.synStream: {
      need(10);
      const unidirectional = (flags & flagUnidirectional) !== 0;
      return { type: 'syn-stream', streamId: id(0), fin, unidirectional, headers: body.subarray(10) };
    }
    case types.synReply:
    case types.headers:
      need(4);
      return {
        type: type === types.synReply ? 'syn-reply' : 'headers',
        streamId: id(0),
        fin,
        headers: body.subarray(4),
      };
    case types.rstStream:
      need(8);
      return { type: 'rst-stream', streamId: id(0), status: body.readUInt32BE(4) };
    case types.settings: {
      need(4);
      const count = body.readUInt32BE(0);
      need(4 + count * 8);
      const values = Array.from(
        { length: count },
        (_, i) => [body.readUIntBE(5 + i * 8, 3), body.readUInt32BE(8 + i * 8)] as const,
      );
      return { type: 'settings', values };
    }
    case types.ping:
      need(4);
      return { type: 'ping', id: body.readUInt32BE(0) };
    case types.goaway:
      need(8);
      return { type: 'goaway', lastStreamId: id(0), status: body.readUInt32BE(4) };
    case types.windowUpdate:
      need(8);
      return { type: 'window-update', streamId: id(0), delta: id(4) };
    default:
      return 'none';
  }
}

/** The bytes of a frame; its data are not copied. */
export function encodeFrame(frame: Frame): Buffer[] {
  switch (frame.type) {
    case 'data': {
      const header = Buffer.alloc(headerBytes);
      header.writeUInt32BE(frame.streamId, 0);
      header[4] = frame.fin ? flagFin : 0;
      header.writeUIntBE(frame.data.length, 5, 3);
      return [header, frame.data];
    }
    case 'syn-stream': {
      const flags = (frame.fin ? flagFin : 0) | (frame.unidirectional ? flagUnidirectional : 0);
      // No stream that it belongs to, and the highest priority.
      return control(types.synStream, flags, numbers(frame.streamId, 0), Buffer.alloc(2), frame.headers);
    }
    case 'syn-reply':
      return control(types.synReply, frame.fin ? flagFin : 0, numbers(frame.streamId), frame.headers);
    case 'headers':
      return control(types.headers, frame.fin ? flagFin : 0, numbers(frame.streamId), frame.headers);
    case 'rst-stream':
      return control(types.rstStream, 0, numbers(frame.streamId, frame.status));
    case 'settings':
      return control(types.settings, 0, numbers(frame.values.length, ...frame.values.flat()));
    case 'ping':
      return control(types.ping, 0, numbers(frame.id));
    case 'goaway':
      return control(types.goaway, 0, numbers(frame.lastStreamId, frame.status));
    case 'window-update':
      return control(types.windowUpdate, 0, numbers(frame.streamId, frame.delta));
  }
}

function control(type: number, flags: number, ...parts: Buffer[]): Buffer[] {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt16BE(0x8000 | version, 0);
  header.writeUInt16BE(type, 2);
  header[4] = flags;
  header.writeUIntBE(
    parts.reduce((total, { length }) => total + length, 0),
    5,
    3,
  );
  return [header, ...parts];
}

function numbers(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, i * 4);
  return bytes;
}
