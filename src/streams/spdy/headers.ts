import { createInflate, type Inflate } from 'node:zlib';
import { headerDictionary } from './dictionary.ts';
import { SpdyError } from './error.ts';

/** By name in lower case. */
export type SpdyHeaders = ReadonlyMap<string, string>;

/** Of one block, decompressed. */
const bytesMax = 64 * 1024;

/** Reads the header blocks of one direction of a connection: they are one stream to the compressor. */
export class HeaderReader {
  readonly #inflate: Inflate = createInflate({ dictionary: headerDictionary });
  #chunks: Buffer[] = [];
  #length = 0;

  constructor() {
    this.#inflate.on('data', (chunk: Buffer) => {
      this.#length += chunk.length;
      if (this.#length > bytesMax) this.#inflate.destroy(new SpdyError(`headers of more than ${bytesMax} bytes`));
      else this.#chunks.push(chunk);
    });
    // Told to whoever reads a block.
    this.#inflate.on('error', () => {});
  }

  /** One block at a time. */
  async read(block: Uint8Array): Promise<SpdyHeaders> {
    await new Promise<void>((resolve, reject) => {
      const onClose = (): void => reject(new SpdyError('headers that can not be decompressed'));
      this.#inflate.once('close', onClose);
      this.#inflate.write(block, (error) => {
        this.#inflate.off('close', onClose);
        if (error) reject(error);
        else resolve();
      });
    });
    const bytes = Buffer.concat(this.#chunks);
    this.#chunks = [];
    this.#length = 0;
    return parseHeaders(bytes);
  }

  close(): void {
    this.#inflate.close();
  }
}

/** Reads a decompressed block. Throws a SpdyError. */
export function parseHeaders(bytes: Buffer): SpdyHeaders {
  let at = 0;
  const number = (): number => {
    if (at + 4 > bytes.length) throw new SpdyError('headers that end too soon');
    at += 4;
    return bytes.readUInt32BE(at - 4);
  };
  const text = (): string => {
    const length = number();
    if (at + length > bytes.length) throw new SpdyError('headers that end too soon');
    at += length;
    return bytes.toString('utf8', at - length, at);
  };
  const headers = new Map<string, string>();
  for (let left = number(); left > 0; left--) {
    const name = text().toLowerCase();
    headers.set(name, text());
  }
  return headers;
}

/** An empty block: at it, some readers only hand out what came before. */
const flush = Buffer.from([0, 0, 0, 0xff, 0xff]);

/**
 * Writes the header blocks of one direction. Stored, not compressed: what a server has to say fits in a few bytes, and so needs
 * neither time nor the memory of a compressor (RFC 1951, section 3.2.4).
 */
export class HeaderWriter {
  #first = true;

  write(headers: SpdyHeaders): Buffer {
    const parts: Buffer[] = [];
    const number = (value: number): void => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value);
      parts.push(bytes);
    };
    number(headers.size);
    for (const pair of headers) {
      for (const text of pair) {
        const bytes = Buffer.from(text);
        number(bytes.length);
        parts.push(bytes);
      }
    }
    const content = Buffer.concat(parts);
    const start = Buffer.alloc(5);
    start.writeUInt16LE(content.length, 1);
    start.writeUInt16LE(~content.length & 0xffff, 3);
    const stored = [start, content, flush];
    if (this.#first) stored.unshift(Buffer.from([0x78, 0x01]));
    this.#first = false;
    return Buffer.concat(stored);
  }
}
