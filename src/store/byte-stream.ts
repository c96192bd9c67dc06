/** Writes numbers and binary strings one after the other into one growing buffer. */
export class ByteWriter {
  #buffer: Buffer;
  #position = 0;

  constructor(capacity: number) {
    this.#buffer = Buffer.allocUnsafeSlow(capacity);
  }

  get length(): number {
    return this.#position;
  }

  /** A whole number from 0 to 2^53 - 1: seven bits a byte, the lowest first, the highest bit set on all but the last. */
  number(value: number): void {
    this.#reserve(8);
    let rest = value;
    while (rest > 0x7f) {
      this.#buffer[this.#position++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#buffer[this.#position++] = rest;
  }

  /** A string of characters up to \xff, with its length before it. */
  text(value: string): void {
    this.number(value.length);
    this.#reserve(value.length);
    this.#position += this.#buffer.write(value, this.#position, 'latin1');
  }

  /** A number of four bytes at a place that was written already. */
  patch(position: number, value: number): void {
    this.#buffer.writeUInt32BE(value, position);
  }

  /** What was written; the writer is not to be used after that. */
  finish(): Uint8Array {
    return this.#buffer.subarray(0, this.#position);
  }

  #reserve(bytes: number): void {
    const needed = this.#position + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#position);
    this.#buffer = larger;
  }
}

/** Reads what a ByteWriter wrote. Throws a RangeError at the end of the bytes. */
export class ByteReader {
  readonly #buffer: Buffer;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isAtEnd(): boolean {
    return this.#position >= this.#buffer.length;
  }

  number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.#buffer[this.#position++];
      if (byte === undefined || scale > 2 ** 49) throw new RangeError('a number has no end');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  text(): string {
    const end = this.number() + this.#position;
    if (end > this.#buffer.length) throw new RangeError('a text is cut off');
    const value = this.#buffer.toString('latin1', this.#position, end);
    this.#position = end;
    return value;
  }
}
