/** From the least to the most that something can be: a size, or what it costs. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** Nothing is more than this: sums and products stop here. */
export const MOST = 2 ** 64;

export const unknown: Range = { min: 0, max: MOST };

const capped = (value: number): number => Math.min(value, MOST);

export function exactly(value: number): Range {
  return { min: value, max: value };
}

export function plus(...ranges: readonly Range[]): Range {
  return ranges.reduce((a, b) => ({ min: capped(a.min + b.min), max: capped(a.max + b.max) }), exactly(0));
}

export function times(a: Range, b: Range): Range {
  return { min: capped(a.min * b.min), max: capped(a.max * b.max) };
}

/** Rounded up to whole ones. */
export function scaled({ min, max }: Range, factor: number): Range {
  return { min: capped(Math.ceil(min * factor)), max: capped(Math.ceil(max * factor)) };
}

/** What is either of them. */
export function either(a: Range, b: Range): Range {
  return { min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) };
}
