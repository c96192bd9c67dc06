/** A running hash of everything that happens: two runs with the same hash were the same run. Two lanes of 32 bits. */
export class Trace {
  #low = 0x811c9dc5;
  #high = 0x9e3779b9;

  number(value: number): void {
    this.#mix(value | 0);
    this.#mix((value / 2 ** 32) | 0);
    // Fractions of times count too.
    this.#mix((value * 65536) | 0);
  }

  text(value: string): void {
    for (let i = 0; i < value.length; i++) this.#mix(value.charCodeAt(i));
  }

  get hash(): string {
    return [this.#high, this.#low].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('');
  }

  #mix(word: number): void {
    this.#low = Math.imul(this.#low ^ word, 0x01000193);
    this.#low ^= this.#low >>> 15;
    this.#high = Math.imul(this.#high + word, 0x85ebca6b);
    this.#high ^= this.#high >>> 13;
  }
}
