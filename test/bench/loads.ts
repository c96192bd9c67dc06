import type { Driver, DriverOptions } from './drivers.ts';
import { closedLoop } from './load.ts';
import { recovery } from './recovery.ts';
import { median } from './results.ts';

/** A figure of a load: its name's ending, and whether more or less is better. */
export interface Figure {
  suffix: string;
  value: number;
  unit: string;
  better: 'higher' | 'lower';
}

/** What is done to a cluster, and what comes of it. */
export interface Load extends DriverOptions {
  name: string;
  /** Takes so long that it is done only when asked for. */
  long?: boolean;
  /** On a cluster of its own, that has done nothing else. */
  fresh?: boolean;
  run(driver: Driver, seconds: number, tell: (text: string) => void): Promise<Figure[]>;
}

const KEYS = 10_000;
const RANGE_KEYS = 100;
const FAILOVERS = 20;

/** Loads in the order in which they run, each on what the ones before have left unless it has a cluster of its own. */
export const loads: readonly Load[] = [
  ...[1, 64, 256, 1_000].map((clients) => closed(`put-${clients}`, clients, 'puts/s', (driver) => driver.put)),
  closed('get-linearizable-64', 64, 'gets/s', (driver) => driver.get),
  closed('get-serializable-64', 64, 'gets/s', (driver) => driver.getSerializable),
  closed('range-64', 64, 'ranges/s', (driver) => (client, key) => {
    // The last one begins so that there are as many keys behind it.
    const first = Math.min(Number(key.slice(-5)), KEYS - RANGE_KEYS);
    return driver.range(client, keyOf(first), keyOf(first + RANGE_KEYS));
  }),
  closed('txn-64', 64, 'txns/s', (driver) => driver.txn),
  ...[1, 100, 1_000, 10_000].map(fanOut),
  memory('rss-100k-keys', 100_000),
  { name: 'failover', run: failover },
  { ...memory('rss-1m-keys', 1_000_000), long: true },
  { name: 'recovery-1g', long: true, fresh: true, keepsLog: true, run: recovery },
];

/** Loads for npm's `etcd3`, which drives etcd in all others too, as the client of Keelson's etcd API. */
export const etcd3Loads: readonly Load[] = [1, 64].map((clients) =>
  closed(`etcd3-put-${clients}`, clients, 'puts/s', (driver) => driver.put),
);

/** So long that a just-in-time compiler has done its work: what is measured is how a server runs, not how it starts. */
const WARM_UP_SECONDS = 4;
const WARM_UP_CLIENTS = 64;

/** Comes before all loads of a cluster that is not to be fresh. */
export async function warmUp(driver: Driver): Promise<void> {
  await closedLoop(WARM_UP_CLIENTS, WARM_UP_SECONDS, (client, i) => driver.put(client, keyOf(client * 7_919 + i)));
}

const keyOf = (n: number): string => `/bench/${String(n % KEYS).padStart(5, '0')}`;

/** Clients that each wait for an answer before they ask again. */
function closed(
  name: string,
  clients: number,
  unit: string,
  pick: (driver: Driver) => (client: number, key: string) => Promise<unknown>,
): Load {
  return {
    name,
    async run(driver, seconds) {
      const operation = pick(driver);
      const { perSecond, p99Ms } = await closedLoop(clients, seconds, (client, i) =>
        operation(client, keyOf(client * 7_919 + i)),
      );
      return [
        { suffix: '', value: perSecond, unit, better: 'higher' },
        { suffix: '-p99', value: p99Ms, unit: 'ms', better: 'lower' },
      ];
    },
  };
}

/** Events a second that reach watchers while one client writes. */
function fanOut(watchers: number): Load {
  return {
    name: `watch-${watchers}`,
    async run(driver) {
      const writes = Math.min(2_000, 100_000 / watchers);
      let seen = 0;
      const all = Promise.withResolvers<void>();
      const stop = await driver.watch(watchers, '/watched/', () => {
        if (++seen === watchers * writes) all.resolve();
      });
      const begin = performance.now();
      for (let i = 0; i < writes; i++) await driver.put(0, `/watched/${i}`);
      await all.promise;
      const value = seen / ((performance.now() - begin) / 1_000);
      await stop();
      return [{ suffix: '', value, unit: 'events/s', better: 'higher' }];
    },
  };
}

/** Memory of a server that holds so many keys, a moment after the last was written. */
function memory(name: string, keys: number): Load {
  return {
    name,
    fresh: true,
    async run(driver) {
      let next = 0;
      const writers = Array.from({ length: 256 }, async (_, client) => {
        while (next < keys) await driver.put(client, `/memory/${next++}`);
      });
      await Promise.all(writers);
      await pause(5_000);
      return [{ suffix: '', value: driver.memoryMiB(), unit: 'MiB', better: 'lower' }];
    },
  };
}

/** Median of the times from the leader's SIGKILL to the next acknowledged write, under load. */
async function failover(driver: Driver, _seconds: number, tell: (text: string) => void): Promise<Figure[]> {
  const times: number[] = [];
  for (let i = 0; i < FAILOVERS; i++) {
    let over = false;
    const load = Array.from({ length: 16 }, async (_, client) => {
      for (let n = 0; !over; n++) await driver.put(client, `/failover/${client}/${n}`).catch(() => pause(5));
    });
    await pause(500);
    const restart = await driver.killLeader();
    const begin = performance.now();
    // A write that is begun after the kill, retried by its client as a program would.
    while (!(await accepted(driver))) await pause(2);
    times.push(performance.now() - begin);
    tell(`failover ${i + 1}: ${Math.round(times.at(-1) ?? 0)} ms`);
    over = true;
    await Promise.all(load);
    await restart();
  }
  return [{ suffix: '', value: median(times), unit: 'ms', better: 'lower' }];
}

/** One write, tried through each server at once so that a dead one costs no time. */
async function accepted(driver: Driver): Promise<boolean> {
  const attempts = [0, 1, 2].map((client) => driver.put(client, '/failover/probe'));
  const timeout = pause(250).then(() => Promise.reject(new Error('timeout')));
  return Promise.any([...attempts.map((attempt) => Promise.race([attempt, timeout]))]).then(
    () => true,
    () => false,
  );
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
