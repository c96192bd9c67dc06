import test from 'ava';
import fc from 'fast-check';
import { FairQueues } from '../../../src/apiserver/flow-control/fair-queues.ts';
import { dealHand } from '../../../src/apiserver/flow-control/hand.ts';

test('a hand has different cards of the deck, and the same for the same flow', (t) => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 512 }), fc.integer({ min: 1, max: 8 }), (flow, deck, size) => {
      const hand = dealHand(flow, deck, size);
      t.is(hand.length, Math.min(deck, size));
      t.is(new Set(hand).size, hand.length);
      t.true(hand.every((card) => Number.isInteger(card) && card >= 0 && card < deck));
      t.deepEqual(dealHand(flow, deck, size), hand);
    }),
  );
});

test('every card is dealt about as often as any other', (t) => {
  const dealt = new Array<number>(64).fill(0);
  for (let flow = 0; flow < 6_400; flow++) for (const card of dealHand(`user-${flow}`, 64, 6)) dealt[card]! += 1;
  // 600 each on average.
  t.true(Math.min(...dealt) > 450, `${Math.min(...dealt)}`);
  t.true(Math.max(...dealt) < 750, `${Math.max(...dealt)}`);
});

/** Serves one request after the other, each as long as it takes; returns whose they were. */
function serve<T>(queues: FairQueues<T>, count: number, msOf: (item: T) => number): T[] {
  const served: T[] = [];
  for (let i = 0; i < count; i++) {
    const ticket = queues.next();
    if (ticket === undefined) break;
    queues.start(ticket);
    queues.finish(ticket, msOf(ticket.item));
    served.push(ticket.item);
  }
  return served;
}

test('a flow that sends much delays one that sends little by no more than its queues', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000 }),
      fc.integer({ min: 0, max: 300 }),
      fc.integer({ min: 1, max: 500 }),
      (backlog, servedBefore, elephantMs) => {
        const queues = new FairQueues<string>({ queues: 128, handSize: 6, queueLengthLimit: 1_000 });
        for (let i = 0; i < backlog; i++) queues.add('elephant', 1, 'elephant');
        serve(queues, Math.min(servedBefore, backlog), () => elephantMs);
        queues.add('mouse', 1, 'mouse');
        const order = serve(queues, Infinity, () => elephantMs);
        // At worst one of each of the six queues goes before: those that were given as little.
        t.true(order.indexOf('mouse') <= 6, `${order.indexOf('mouse')}`);
        t.is(order.length, backlog - Math.min(servedBefore, backlog) + 1);
      },
    ),
    { numRuns: 200 },
  );
});

test('flows in queues of their own are given the same time, whatever their requests take', (t) => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 2, maxLength: 6 }), (costs) => {
      // One queue a hand and a large deck: flows that happen to share one are no matter of fairness between queues.
      const queues = new FairQueues<string>({ queues: 100_000, handSize: 1, queueLengthLimit: 10_000 });
      fc.pre(new Set(costs.map((_, flow) => dealHand(`flow-${flow}`, 100_000, 1)[0])).size === costs.length);
      const given = costs.map(() => 0);
      costs.forEach((_, flow) => {
        for (let i = 0; i < 2_000; i++) queues.add(String(flow), 1, `flow-${flow}`);
      });
      // So long that even the cheapest flow's requests last.
      for (let spent = 0; spent < 1_900 * Math.min(...costs); ) {
        const ticket = queues.next()!;
        const cost = costs[Number(ticket.item)]!;
        queues.start(ticket);
        queues.finish(ticket, cost);
        given[Number(ticket.item)]! += cost;
        spent += cost;
      }
      t.true(Math.max(...given) - Math.min(...given) <= 2 * Math.max(...costs), `${given} for ${costs}`);
    }),
    { numRuns: 100 },
  );
});

test('nothing is kept of queues that nobody is in', (t) => {
  const queues = new FairQueues<number>({ queues: 1_000_000, handSize: 4, queueLengthLimit: 2 });
  const tickets = Array.from({ length: 500 }, (_, i) => queues.add(i, 1, `flow-${i}`)!);
  t.is(queues.length, 500);
  for (const ticket of tickets.slice(0, 250)) queues.remove(ticket);
  serve(queues, Infinity, () => 3);
  t.is(queues.length, 0);
  t.is(queues.next(), undefined);
});

test('a flow whose queues are full is refused, others are not', (t) => {
  const queues = new FairQueues<string>({ queues: 64, handSize: 3, queueLengthLimit: 5 });
  let taken = 0;
  while (queues.add('elephant', 1, 'elephant') !== undefined) taken++;
  t.is(taken, 15);
  t.not(queues.add('mouse', 1, 'mouse'), undefined);
});
