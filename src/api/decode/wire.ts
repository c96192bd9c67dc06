/** The protobuf wire format, read from a buffer. Throws WireError for whatever is not well formed. */
export class WireReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #position: number;
  #end: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#position = start;
    this.#end = end;
  }

  get done(): boolean {
    return this.#position >= this.#end;
  }

  /** Field number and wire type as one integer: `number << 3 | wireType`. */
  tag(): number {
    const tag = this.uint32();
    if (tag >>> 3 === 0) throw new WireError('proto: illegal tag 0');
    return tag;
  }

  /** A varint's low 32 bits, unsigned. */
  uint32(): number {
    const byte = this.#position < this.#end ? this.#bytes[this.#position]! : 0x80;
    if (byte < 0x80) {
      this.#position++;
      return byte;
    }
    return this.#varint().low >>> 0;
  }

  int32(): number {
    return this.uint32() | 0;
  }

  /** A signed 64-bit varint; beyond 2^53 it loses precision, as JSON numbers do. */
  int64(): number {
    const byte = this.#position < this.#end ? this.#bytes[this.#position]! : 0x80;
    if (byte < 0x80) {
      this.#position++;
      return byte;
    }
    const { low, high } = this.#varint();
    return (high | 0) * 2 ** 32 + (low >>> 0);
  }

  bool(): boolean {
    const { low, high } = this.#varint();
    return low !== 0 || high !== 0;
  }

  double(): number {
    const start = this.#take(8);
    return this.#view.getFloat64(start, true);
  }

  string(): string {
    const length = this.#length();
    const start = this.#take(length);
    return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + start, length).toString('utf8');
  }

  /** A view, not a copy. */
  bytes(): Buffer {
    const length = this.#length();
    const start = this.#take(length);
    return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + start, length);
  }

  /** Narrows the reader to the message that follows; `leave` with what it returns goes back. */
  enter(): number {
    const length = this.#length();
    const outer = this.#end;
    if (length > outer - this.#position) throw unexpectedEnd();
    this.#end = this.#position + length;
    return outer;
  }

  leave(outer: number): void {
    this.#position = this.#end;
    this.#end = outer;
  }

  /** Passes over the value of a field that nobody knows. */
  skip(wireType: number): void {
    let depth = 0;
    for (let type = wireType; ; type = this.tag() & 7) {
      if (type === 0) this.#varint();
      else if (type === 1) this.#take(8);
      else if (type === 2) this.#take(this.#length());
      else if (type === 3) depth++;
      else if (type === 4 && depth > 0) depth--;
      else if (type === 5) this.#take(4);
      else throw new WireError(`proto: illegal wireType ${type}`);
      if (depth === 0) return;
    }
  }

  #length(): number {
    const byte = this.#position < this.#end ? this.#bytes[this.#position]! : 0x80;
    if (byte < 0x80) {
      this.#position++;
      return byte;
    }
    const { low, high } = this.#varint();
    if (high !== 0) throw new WireError('proto: invalid length');
    return low >>> 0;
  }

  #take(length: number): number {
    const start = this.#position;
    if (length > this.#end - start) throw unexpectedEnd();
    this.#position = start + length;
    return start;
  }

  #varint(): { low: number; high: number } {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.#position >= this.#end) throw unexpectedEnd();
      const byte = this.#bytes[this.#position++]!;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high |= bits >> 4;
      } else if (shift < 63) high |= bits << (shift - 32);
      else high |= (bits & 1) << 31;
      if (byte < 0x80) return { low, high };
    }
    throw new WireError('proto: integer overflow');
  }
}

/** Bytes that are no protobuf message. */
export class WireError extends Error {}

function unexpectedEnd(): WireError {
  return new WireError('unexpected EOF');
}
