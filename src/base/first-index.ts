/** The first index whose value satisfies a condition that, once true, stays so; the length when none does. */
export function firstIndex<T>(values: readonly T[], condition: (value: T) => boolean): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (condition(values[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}
