/**
 * Shuffle sharding: the queues that a flow may use, `handSize` different ones of `deckSize`, always the same for the same flow.
 * Two flows have few of them in common, so one that fills its queues leaves another some that are empty.
 */
export function dealHand(flow: string, deckSize: number, handSize: number): number[] {
  let state = hash(flow);
  const hand: number[] = [];
  const drawn: number[] = [];
  for (let card = 0; card < Math.min(handSize, deckSize); card++) {
    state = (state + 0x9e3779b9) >>> 0;
    // The place among the cards that are left, then among all of them.
    let place = mix(state) % (deckSize - card);
    let at = 0;
    while (at < drawn.length && place >= drawn[at]!) {
      place++;
      at++;
    }
    drawn.splice(at, 0, place);
    hand.push(place);
  }
  return hand;
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}

/** The finalizer of splitmix32. */
function mix(value: number): number {
  let z = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return (z ^ (z >>> 16)) >>> 0;
}
