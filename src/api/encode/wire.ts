/**
 * The protobuf wire format, written from the end to the beginning: the length of a message, which stands before it, is known by
 * then, and nothing is measured twice.
 */
export class BackwardWriter {
  #buffer: Buffer;
  /** Where what is written begins. */
  #start: number;

  constructor(initialBytes = 1024) {
    this.#buffer = Buffer.allocUnsafe(initialBytes);
    this.#start = initialBytes;
  }

  /** Bytes written so far: before and after a message's fields, for `block`. */
  get length(): number {
    return this.#buffer.length - this.#start;
  }

  /** What was written, as a view that further writes would spoil. */
  finish(): Buffer {
    return this.#buffer.subarray(this.#start);
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#start);
  }

  text(text: string): void {
    const length = Buffer.byteLength(text);
    this.#reserve(length);
    this.#buffer.write(text, this.#start);
  }

  double(value: number): void {
    this.#reserve(8);
    this.#buffer.writeDoubleLE(value, this.#start);
  }

  /** Integers of any sign; beyond 2^53 they have lost precision before they come here. */
  varint(value: number): void {
    if (value < 0 || value > 0xffffffff) {
      this.#bigVarint(BigInt.asUintN(64, BigInt(Math.trunc(value))));
      return;
    }
    const size = value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : value < 0x10000000 ? 4 : 5;
    this.#reserve(size);
    let rest = value;
    let at = this.#start;
    for (; rest >= 0x80; rest >>>= 7) this.#buffer[at++] = (rest & 0x7f) | 0x80;
    this.#buffer[at] = rest;
  }

  /** Makes what was written since `length` was `before` the value of a field. */
  block(number: number, before: number): void {
    this.varint(this.length - before);
    this.varint((number << 3) | 2);
  }

  /** The tag of a field whose value was just written. */
  tag(number: number, wireType: number): void {
    this.varint((number << 3) | wireType);
  }

  #bigVarint(value: bigint): void {
    const bytes: number[] = [];
    let rest = value;
    for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
    bytes.push(Number(rest));
    this.bytes(Uint8Array.from(bytes));
  }

  #reserve(bytes: number): void {
    if (bytes > this.#start) {
      const written = this.length;
      const larger = Buffer.allocUnsafe(Math.max(2 * this.#buffer.length, written + bytes));
      this.#buffer.copy(larger, larger.length - written, this.#start);
      this.#start = larger.length - written;
      this.#buffer = larger;
    }
    this.#start -= bytes;
  }
}
