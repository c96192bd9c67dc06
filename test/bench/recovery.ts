import type { Driver, Fallen } from './drivers.ts';
import type { Figure } from './loads.ts';
import { median } from './results.ts';

/** What goes through the log: 1 GiB, of which 40 MiB are there to stay. */
const LOG_BYTES = 1024 ** 3;
const VALUE = Buffer.alloc(4_096, 'v');
const KEYS = 10_000;
const WRITERS = 64;
const RESTARTS = 3;

/**
 * How long a server takes from its start to serving, by itself, a write that was made while it was down. First one through whose log
 * 1 GiB had gone when it was killed (the median of some restarts), then one that was down while another GiB was written. With
 * each, the server's memory at its highest until then.
 */
export async function recovery(driver: Driver, _seconds: number, tell: (text: string) => void): Promise<Figure[]> {
  await fill(driver, [0, 1, 2]);
  const restarts: Recovered[] = [];
  while (restarts.length < RESTARTS) {
    const restart = await recover(driver, await driver.killFollower());
    tell(`recovery ${restarts.length + 1}: ${Math.round(restart.ms)} ms, ${Math.round(restart.peakMiB)} MiB`);
    restarts.push(restart);
  }
  const fallen = await driver.killFollower();
  await fill(
    driver,
    [0, 1, 2].filter((server) => server !== fallen.server),
  );
  const away = await recover(driver, fallen);
  return [
    ...figures('', median(restarts.map(({ ms }) => ms)), Math.max(...restarts.map(({ peakMiB }) => peakMiB))),
    ...figures('-away', away.ms, away.peakMiB),
  ];
}

function figures(suffix: string, ms: number, peakMiB: number): Figure[] {
  return [
    { suffix, value: ms, unit: 'ms', better: 'lower' },
    { suffix: `${suffix}-rss`, value: peakMiB, unit: 'MiB', better: 'lower' },
  ];
}

/** Writes `LOG_BYTES` through these servers. */
async function fill(driver: Driver, servers: readonly number[]): Promise<void> {
  const count = LOG_BYTES / VALUE.length;
  let next = 0;
  const writers = Array.from({ length: WRITERS }, async (_, writer) => {
    const server = servers[writer % servers.length] as number;
    while (next < count) await driver.put(server, `/recovery/${next++ % KEYS}`, VALUE);
  });
  await Promise.all(writers);
}

interface Recovered {
  ms: number;
  peakMiB: number;
}

async function recover(driver: Driver, fallen: Fallen): Promise<Recovered> {
  const missed = `written at ${performance.now()}`;
  await driver.put((fallen.server + 1) % 3, '/recovery/missed', Buffer.from(missed));
  const begin = performance.now();
  fallen.restart();
  while ((await fallen.read('/recovery/missed')) !== missed) await new Promise((resolve) => setTimeout(resolve, 5));
  return { ms: performance.now() - begin, peakMiB: fallen.peakMiB() };
}
