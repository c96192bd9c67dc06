const WORD = 16;
const FULL = 2 ** WORD - 1;

/** Which operations of a history are linearized; words of 16 bits, so that a set is quickly a string. */
export class BitSet {
  readonly #words: Uint16Array;

  constructor(size: number) {
    this.#words = new Uint16Array(Math.ceil(size / WORD));
  }

  add(bit: number): void {
    this.#words[Math.floor(bit / WORD)]! |= 1 << (bit % WORD);
  }

  delete(bit: number): void {
    this.#words[Math.floor(bit / WORD)]! &= ~(1 << (bit % WORD));
  }

  /** Differs for different sets. Short where the set is nearly a prefix, as it mostly is. */
  get name(): string {
    const words = this.#words;
    let start = 0;
    while (start < words.length && words[start] === FULL) start += 1;
    let end = words.length;
    while (end > start && words[end - 1] === 0) end -= 1;
    return `${start}-${end}:${String.fromCharCode(...words.subarray(start, end))}`;
  }
}
