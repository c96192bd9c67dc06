/**
 * Puts `keys` in order: those that `patchOrder` names as it has them, the others as `liveOrder` has
 * them, each of the latter before the first of the former that came after it in `liveOrder`.
 */
export function mergeOrders(
  keys: readonly string[],
  patchOrder: readonly string[],
  liveOrder: readonly string[],
): string[] {
  const patchPlace = placesOf(patchOrder);
  const livePlace = placesOf(liveOrder);
  const named = sortedBy(
    keys.filter((key) => patchPlace.has(key)),
    patchPlace,
  );
  const others = sortedBy(
    keys.filter((key) => !patchPlace.has(key)),
    livePlace,
  );
  const merged: string[] = [];
  let next = 0;
  for (const key of named) {
    const place = livePlace.get(key);
    while (next < others.length && place !== undefined && (livePlace.get(others[next]!) ?? Infinity) < place) {
      merged.push(others[next++]!);
    }
    merged.push(key);
  }
  return [...merged, ...others.slice(next)];
}

function placesOf(order: readonly string[]): Map<string, number> {
  const places = new Map<string, number>();
  order.forEach((key, index) => {
    if (!places.has(key)) places.set(key, index);
  });
  return places;
}

function sortedBy(keys: string[], places: ReadonlyMap<string, number>): string[] {
  return keys.sort((a, b) => (places.get(a) ?? Infinity) - (places.get(b) ?? Infinity) || 0);
}
