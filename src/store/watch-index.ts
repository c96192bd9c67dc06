/** A set of watchers' key ranges. `end` undefined stands for the one key. */
export interface Ranged {
  readonly key: string;
  readonly end: string | undefined;
}

/**
 * Finds the ranges that contain a key. Single keys are in a map. The ends of all other ranges cut the
 * key space into segments, each of which lists the ranges that cover it: one binary search finds them.
 */
export class WatchIndex<T extends Ranged> {
  readonly #byKey = new Map<string, T[]>();
  /** Segment i reaches from boundary i to the next. */
  #boundaries: string[] = [];
  #segments: T[][] = [];
  /** How many ranges begin or end at a boundary. */
  readonly #uses = new Map<string, number>();

  add(range: T): void {
    const { key, end } = range;
    if (end === undefined) {
      const list = this.#byKey.get(key);
      if (list === undefined) this.#byKey.set(key, [range]);
      else list.push(range);
    } else if (key < end) {
      const from = this.#cut(key);
      const to = this.#cut(end);
      for (let i = from; i < to; i++) this.#segments[i]!.push(range);
    }
  }

  remove(range: T): void {
    const { key, end } = range;
    if (end === undefined) {
      const rest = this.#byKey.get(key)?.filter((other) => other !== range) ?? [];
      if (rest.length === 0) this.#byKey.delete(key);
      else this.#byKey.set(key, rest);
    } else if (key < end) {
      const from = lastNotAbove(this.#boundaries, key);
      const to = lastNotAbove(this.#boundaries, end);
      for (let i = from; i < to; i++) this.#segments[i] = this.#segments[i]!.filter((other) => other !== range);
      this.#heal(end);
      this.#heal(key);
    }
  }

  /** Calls `visit` for each range that contains `key`. */
  find(key: string, visit: (range: T) => void): void {
    this.#byKey.get(key)?.forEach(visit);
    this.#segments[lastNotAbove(this.#boundaries, key)]?.forEach(visit);
  }

  /** Makes `boundary` one, and returns its position. */
  #cut(boundary: string): number {
    this.#uses.set(boundary, (this.#uses.get(boundary) ?? 0) + 1);
    const before = lastNotAbove(this.#boundaries, boundary);
    if (this.#boundaries[before] === boundary) return before;
    this.#boundaries.splice(before + 1, 0, boundary);
    this.#segments.splice(before + 1, 0, [...(this.#segments[before] ?? [])]);
    return before + 1;
  }

  /** Joins the segments on both sides of `boundary` when no range begins or ends there any more. */
  #heal(boundary: string): void {
    const uses = this.#uses.get(boundary)! - 1;
    if (uses > 0) {
      this.#uses.set(boundary, uses);
      return;
    }
    this.#uses.delete(boundary);
    const position = lastNotAbove(this.#boundaries, boundary);
    this.#boundaries.splice(position, 1);
    this.#segments.splice(position, 1);
  }
}

/** The last position whose text is not above `text`; -1 when all are. */
function lastNotAbove(sorted: readonly string[], text: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! <= text) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
