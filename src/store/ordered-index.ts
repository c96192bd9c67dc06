import type { Version } from './version.ts';

/** At most this many keys in a block; the list of blocks stays short enough to be one array. */
const BLOCK_SIZE = 512;

interface Block {
  versions: Version[];
  /** How many of them are not deletions. */
  live: number;
}

/**
 * The newest version of each key, ordered by key: an array of blocks, each an ordered array. Like a
 * B-tree of two levels; at a million keys the upper one has some thousand entries. Each block knows
 * how many of its keys are live, so that ranges are counted without visiting their keys.
 */
export class OrderedIndex {
  #blocks: Block[] = [];
  #size = 0;
  #live = 0;

  /** Keys, deleted ones whose history is still there included. */
  get size(): number {
    return this.#size;
  }

  /** Keys that are not deleted. */
  get live(): number {
    return this.#live;
  }

  get(key: string): Version | undefined {
    const block = this.#blocks[this.#blockOf(key)];
    if (block === undefined) return undefined;
    const found = block.versions[lowerBound(block.versions, key)];
    return found?.key === key ? found : undefined;
  }

  /** Makes `version` the newest of its key and returns the one it replaces. */
  set(version: Version): Version | undefined {
    const { key } = version;
    const at = this.#blockOf(key);
    const block = this.#blocks[at];
    if (block === undefined) return this.#append(version);
    const position = lowerBound(block.versions, key);
    const replaced = block.versions[position];
    const gained = version.live ? 1 : 0;
    if (replaced?.key === key) {
      const change = gained - (replaced.live ? 1 : 0);
      block.versions[position] = version;
      block.live += change;
      this.#live += change;
      return replaced;
    }
    block.versions.splice(position, 0, version);
    block.live += gained;
    this.#live += gained;
    this.#size++;
    if (block.versions.length > BLOCK_SIZE) this.#split(at, block);
    return undefined;
  }

  delete(key: string): void {
    const at = this.#blockOf(key);
    const block = this.#blocks[at];
    if (block === undefined) return;
    const position = lowerBound(block.versions, key);
    const found = block.versions[position];
    if (found?.key !== key) return;
    block.versions.splice(position, 1);
    this.#size--;
    if (found.live) {
      block.live--;
      this.#live--;
    }
    if (block.versions.length < BLOCK_SIZE / 4) this.#merge(at, block);
  }

  /** How many live keys lie in [start, end). */
  countLive(start: string, end: string): number {
    if (start >= end) return 0;
    let at = this.#blockOf(start);
    let block = this.#blocks[at];
    if (block === undefined) return 0;
    let position = lowerBound(block.versions, start);
    let count = 0;
    while (block !== undefined) {
      const { versions } = block;
      const last = versions[versions.length - 1]!;
      if (position === 0 && last.key < end) {
        count += block.live;
      } else {
        for (; position < versions.length; position++) {
          const version = versions[position]!;
          if (version.key >= end) return count;
          if (version.live) count++;
        }
      }
      block = this.#blocks[++at];
      position = 0;
    }
    return count;
  }

  /** Visits the keys in [start, end) upwards until `visit` returns false. The index must not change meanwhile. */
  ascend(start: string, end: string, visit: (version: Version) => boolean): void {
    let at = this.#blockOf(start);
    let block = this.#blocks[at];
    if (block === undefined) return;
    let position = lowerBound(block.versions, start);
    while (block !== undefined) {
      for (; position < block.versions.length; position++) {
        const version = block.versions[position]!;
        if (version.key >= end || !visit(version)) return;
      }
      block = this.#blocks[++at];
      position = 0;
    }
  }

  /** The same downwards, from the last key below `end`. */
  descend(start: string, end: string, visit: (version: Version) => boolean): void {
    let at = Math.min(this.#blockOf(end), this.#blocks.length - 1);
    let block = this.#blocks[at];
    if (block === undefined) return;
    let position = lowerBound(block.versions, end) - 1;
    while (block !== undefined) {
      for (; position >= 0; position--) {
        const version = block.versions[position]!;
        if (version.key < start || !visit(version)) return;
      }
      block = this.#blocks[--at];
      position = (block?.versions.length ?? 0) - 1;
    }
  }

  /** The block that holds `key` or should; past the end only when there is none or all keys are smaller and it is full. */
  #blockOf(key: string): number {
    const blocks = this.#blocks;
    let low = 0;
    let high = blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const { versions } = blocks[middle]!;
      if (versions[versions.length - 1]!.key < key) low = middle + 1;
      else high = middle;
    }
    if (low < blocks.length || low === 0) return low;
    // Greater than all: goes to the end of the last block, unless that is full, so that keys that
    // come in order (a restored snapshot) fill their blocks.
    return blocks[low - 1]!.versions.length < BLOCK_SIZE ? low - 1 : low;
  }

  #append(version: Version): undefined {
    const live = version.live ? 1 : 0;
    this.#blocks.push({ versions: [version], live });
    this.#live += live;
    this.#size++;
    return undefined;
  }

  #split(at: number, block: Block): void {
    const right = newBlock(block.versions.splice(block.versions.length >>> 1));
    block.live -= right.live;
    this.#blocks.splice(at + 1, 0, right);
  }

  /** Joins a small block with a neighbour that has room, and drops an empty one. */
  #merge(at: number, block: Block): void {
    for (const neighbour of [at - 1, at + 1]) {
      const other = this.#blocks[neighbour];
      if (other === undefined || other.versions.length + block.versions.length > BLOCK_SIZE / 2) continue;
      const [left, right] = neighbour < at ? [other, block] : [block, other];
      left.versions.push(...right.versions);
      left.live += right.live;
      this.#blocks.splice(Math.max(at, neighbour), 1);
      return;
    }
    if (block.versions.length === 0) this.#blocks.splice(at, 1);
  }
}

function newBlock(versions: Version[]): Block {
  let live = 0;
  for (const version of versions) if (version.live) live++;
  return { versions, live };
}

/** The first position whose key is not below `key`. */
function lowerBound(versions: readonly Version[], key: string): number {
  let low = 0;
  let high = versions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (versions[middle]!.key < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
