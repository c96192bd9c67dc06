import { firstIndex } from '../../base/index.ts';

const BLOCK_SIZE = 512;

/** Strings in ascending order, in blocks: adding one among very many moves only its neighbours. */
export class SortedKeys {
  /** None is empty. */
  #blocks: string[][] = [];

  /** `keys` ascending. */
  static of(keys: readonly string[]): SortedKeys {
    const sorted = new SortedKeys();
    for (let at = 0; at < keys.length; at += BLOCK_SIZE) sorted.#blocks.push(keys.slice(at, at + BLOCK_SIZE));
    return sorted;
  }

  /** A key that is not there yet. */
  add(key: string): void {
    const at = Math.min(this.#blockOf(key), this.#blocks.length - 1);
    const block = this.#blocks[at];
    if (block === undefined) {
      this.#blocks.push([key]);
      return;
    }
    block.splice(lowerBound(block, key), 0, key);
    if (block.length <= BLOCK_SIZE) return;
    // Keys that come in order fill their blocks.
    const last = at === this.#blocks.length - 1 && block[block.length - 1] === key;
    this.#blocks.splice(at + 1, 0, block.splice(last ? BLOCK_SIZE : BLOCK_SIZE / 2));
  }

  /** A key that is there. */
  delete(key: string): void {
    const at = this.#blockOf(key);
    const block = this.#blocks[at]!;
    block.splice(lowerBound(block, key), 1);
    if (block.length === 0) this.#blocks.splice(at, 1);
  }

  /** Those in [from, end). */
  range(from: string, end: string): string[] {
    const found: string[] = [];
    for (let at = this.#blockOf(from); at < this.#blocks.length; at++) {
      const block = this.#blocks[at]!;
      const whole = block[0]! >= from && block[block.length - 1]! < end;
      found.push(...(whole ? block : block.slice(lowerBound(block, from), lowerBound(block, end))));
      if (!whole && block[block.length - 1]! >= end) break;
    }
    return found;
  }

  /** The first block whose last key is not below `key`. */
  #blockOf(key: string): number {
    return firstIndex(this.#blocks, (block) => block[block.length - 1]! >= key);
  }
}

/** The first position whose key is not below `key`. */
function lowerBound(keys: readonly string[], key: string): number {
  return firstIndex(keys, (each) => each >= key);
}
