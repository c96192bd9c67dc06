import { type Driver, type DriverOptions, etcdDriver, keelsonAsEtcdDriver, keelsonDriver } from './drivers.ts';
import { etcd3Loads, type Figure, type Load, loads, warmUp } from './loads.ts';
import type { SuiteOptions } from './main.ts';
import { higherIsBetter, lowerIsBetter, type Result } from './results.ts';

/** What loads run on. */
interface Subject {
  name: string;
  start(options: DriverOptions): Promise<Driver>;
}

const etcd: Subject = { name: 'etcd', start: (options) => etcdDriver({ ...options, tls: true }) };
const plainEtcd: Subject = { name: 'etcd without TLS', start: (options) => etcdDriver({ ...options, tls: false }) };

/** Each load on Keelson and, if asked for, on etcd, one after the other on the same machine. */
export async function run(options: SuiteOptions): Promise<Result[]> {
  return [
    ...(await compare(loads, { name: 'keelson', start: keelsonDriver }, [etcd], options)),
    ...(await compare(etcd3Loads, { name: 'keelson', start: keelsonAsEtcdDriver }, [etcd, plainEtcd], options)),
  ];
}

async function compare(
  all: readonly Load[],
  subject: Subject,
  others: readonly Subject[],
  options: SuiteOptions,
): Promise<Result[]> {
  const wanted = all.filter((load) => options.wants(load.name) && (options.long || !load.long));
  const figures = await measure(subject, wanted, options);
  const results: Result[] = [];
  for (const other of options.vsEtcd ? others : []) {
    const theirs = await measure(other, wanted, options);
    for (const [name, figure] of figures) results.push(toResult(name, figure, other.name, theirs.get(name)?.value));
  }
  if (options.vsEtcd) return results;
  return [...figures].map(([name, figure]) => toResult(name, figure));
}

function toResult(name: string, { value, unit, better }: Figure, other = '', theirs?: number): Result {
  const peer = theirs === undefined ? undefined : { name: other, value: theirs };
  return (better === 'higher' ? higherIsBetter : lowerIsBetter)(name, value, unit, peer);
}

async function measure(
  { name, start }: Subject,
  wanted: readonly Load[],
  { seconds, tell }: SuiteOptions,
): Promise<Map<string, Figure>> {
  const figures = new Map<string, Figure>();
  const runOn = async (
    some: readonly Load[],
    driverOptions: DriverOptions,
    prepare?: (driver: Driver) => Promise<void>,
  ): Promise<void> => {
    if (some.length === 0) return;
    const driver = await start(driverOptions);
    try {
      await prepare?.(driver);
      for (const load of some) {
        const found = await load.run(driver, seconds, (text) => tell(`${name}: ${text}`));
        for (const figure of found) figures.set(`${load.name}${figure.suffix}`, figure);
        tell(`${name}: ${load.name}: ${found.map(({ value, unit }) => `${value.toPrecision(4)} ${unit}`).join(', ')}`);
      }
    } finally {
      await driver.close();
    }
  };
  const isFresh = ({ fresh }: Load): boolean => fresh === true;
  await runOn(
    wanted.filter((load) => !isFresh(load)),
    {},
    warmUp,
  );
  for (const load of wanted.filter(isFresh)) await runOn([load], load);
  return figures;
}
