/** Holds something that can be made again from stored bytes. */
export interface DerivedHolder {
  /** Forgets it. */
  release(): void;
}

/**
 * Bounds what is derived from stored bytes and kept for the next reader: decoded objects and finished JSON.
 * First in, first out: what is fresh is what all watchers and controllers are about to read.
 */
export class DerivedMemory {
  readonly #limitBytes: number;
  #held: ({ holder: DerivedHolder; bytes: number } | undefined)[] = [];
  #first = 0;
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** Bytes held at present. */
  get bytes(): number {
    return this.#bytes;
  }

  hold(holder: DerivedHolder, bytes: number): void {
    this.#held.push({ holder, bytes });
    this.#bytes += bytes;
    while (this.#bytes > this.#limitBytes && this.#first < this.#held.length - 1) {
      const oldest = this.#held[this.#first]!;
      this.#held[this.#first++] = undefined;
      this.#bytes -= oldest.bytes;
      oldest.holder.release();
    }
    if (this.#first > 1024 && this.#first * 2 > this.#held.length) {
      this.#held = this.#held.slice(this.#first);
      this.#first = 0;
    }
  }
}
