import { type Driver, type DriverOptions, etcdDriver, keelsonAsEtcdDriver, keelsonDriver } from './drivers.ts';
import { closedLoop } from './load.ts';
import { type Figure, keyOf, type Load, loads } from './loads.ts';
import type { SuiteOptions } from './main.ts';
import { higherIsBetter, lowerIsBetter, type Result } from './results.ts';

/** npm's `etcd3` against Keelson's etcd API, as it drives etcd itself in `put-64`. */
const ETCD3_CLIENTS = [1, 64];

/** Each load on Keelson and, if asked for, on etcd, one after the other on the same machine. */
export async function run(options: SuiteOptions): Promise<Result[]> {
  const keelson = await measure('keelson', keelsonDriver, options);
  const etcd = options.vsEtcd ? await measure('etcd', etcdDriver, options) : undefined;
  const against = (name: string): { name: string; value: number } | undefined => {
    const value = etcd?.get(name)?.value;
    return value === undefined ? undefined : { name: 'etcd', value };
  };
  const results = [...keelson].map(([name, { value, unit, better }]) =>
    (better === 'higher' ? higherIsBetter : lowerIsBetter)(name, value, unit, against(name)),
  );
  if (!options.wants('etcd3-put')) return results;
  for (const [clients, perSecond] of await measureEtcd3(options)) {
    results.push(higherIsBetter(`etcd3-put-${clients}`, perSecond, 'puts/s', against(`put-${clients}`)));
  }
  return results;
}

async function measure(
  name: string,
  start: (options: DriverOptions) => Promise<Driver>,
  { seconds, wants, long, tell }: SuiteOptions,
): Promise<Map<string, Figure>> {
  const figures = new Map<string, Figure>();
  const wanted = loads.filter((load) => wants(load.name) && (long || !load.long));
  const runOn = async (some: readonly Load[], driverOptions: DriverOptions = {}): Promise<void> => {
    if (some.length === 0) return;
    const driver = await start(driverOptions);
    try {
      for (const load of some) {
        const found = await load.run(driver, seconds, (text) => tell(`${name}: ${text}`));
        for (const figure of found) figures.set(`${load.name}${figure.suffix}`, figure);
        tell(`${name}: ${load.name}: ${found.map(({ value, unit }) => `${value.toPrecision(4)} ${unit}`).join(', ')}`);
      }
    } finally {
      await driver.close();
    }
  };
  await runOn(wanted.filter(({ fresh }) => !fresh));
  for (const load of wanted.filter(({ fresh }) => fresh)) await runOn([load], load);
  return figures;
}

async function measureEtcd3({ seconds, tell }: SuiteOptions): Promise<[clients: number, perSecond: number][]> {
  const driver = await keelsonAsEtcdDriver();
  try {
    const results: [number, number][] = [];
    for (const clients of ETCD3_CLIENTS) {
      const { perSecond } = await closedLoop(clients, seconds, (client, i) =>
        driver.put(client, keyOf(client * 7_919 + i)),
      );
      tell(`keelson: etcd3-put-${clients}: ${Math.round(perSecond)} puts/s`);
      results.push([clients, perSecond]);
    }
    return results;
  } finally {
    await driver.close();
  }
}
