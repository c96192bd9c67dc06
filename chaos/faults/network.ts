import { randomInteger } from '../../src/base/index.ts';
import { pause } from '../pause.ts';
import type { Target } from '../target.ts';
import type { Fault } from './fault.ts';

const onlyOn = (network: string, why: string): string => `${why}: run it with --network ${network}`;

/** Packets between peers get lost at random. */
export const loss: Fault<Target> = {
  name: 'loss',
  unavailable: ({ network }) =>
    network.can.loss ? undefined : onlyOn('namespaces', 'a TCP proxy can not lose packets'),
  async start({ network }, random) {
    const lossPercent = 5 + randomInteger(random, 40);
    await network.set({ lossPercent });
    return { description: `${lossPercent} % lost`, heal: () => network.set({}) };
  },
};

/** What peers send arrives late. */
export const delay: Fault<Target> = {
  name: 'delay',
  unavailable: ({ network }) => (network.can.delay ? undefined : onlyOn('proxies', 'packet filters can not delay')),
  async start({ network }, random) {
    const delayMs = 10 + randomInteger(random, 240);
    await network.set({ delayMs });
    return { description: `${delayMs} ms late`, heal: () => network.set({}) };
  },
};

/** Connections between peers break, again and again. */
export const reset: Fault<Target> = {
  name: 'reset',
  unavailable: ({ network }) =>
    network.can.reset ? undefined : onlyOn('proxies', 'connections that nobody stands between can not be broken'),
  async start({ network }, random) {
    const everyMs = 50 + randomInteger(random, 950);
    const stop = new AbortController();
    const breaking = (async () => {
      while (!stop.signal.aborted) {
        network.reset();
        await pause(everyMs, stop.signal);
      }
    })();
    return {
      description: `reset every ${everyMs} ms`,
      async heal() {
        stop.abort();
        await breaking;
      },
    };
  },
};
