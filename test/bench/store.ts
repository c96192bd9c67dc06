import { Etcd3 } from 'etcd3';
import { connectStore, type Store } from '../../src/store/index.ts';
import { type RealCluster, startCluster } from '../support/cluster.ts';
import { type EtcdCluster, startEtcd } from './etcd.ts';
import { closedLoop, type LoadResult } from './load.ts';
import type { SuiteOptions } from './main.ts';
import { higherIsBetter, lowerIsBetter, median, type Result } from './results.ts';

const VALUE = Buffer.alloc(256, 'v');
const KEYS = 10_000;
const PUT_CLIENTS = [1, 64, 256];
const READ_CLIENTS = 64;
/** Of npm's `etcd3`, against Keelson's etcd API as against etcd. */
const ETCD3_CLIENTS = [1, 64];
const WATCHERS = 1_000;
const FAILOVERS = 20;

/** The same operations, done by Keelson's own client or by npm's `etcd3`, over connections to all three servers. */
interface Driver {
  put(client: number, key: string): Promise<unknown>;
  get(client: number, key: string): Promise<unknown>;
  /** Starts watchers of one prefix; `onEvent` is called for each event that reaches each. */
  watch(count: number, prefix: string, onEvent: () => void): Promise<() => Promise<void>>;
  /** SIGKILLs the leader, and restarts it when told. */
  killLeader(): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

interface Figures {
  puts: Map<number, LoadResult>;
  gets: LoadResult;
  watchPerSecond: number;
  failoverMs: number;
}

/** Puts by 1, 64 and 256 clients, linearizable reads, fan-out to watchers, and the time to the first write after a leader's SIGKILL. */
export async function run({ vsEtcd, seconds, tell }: SuiteOptions): Promise<Result[]> {
  const keelson = await measure('keelson', keelsonDriver, seconds, tell);
  const etcd = vsEtcd ? await measure('etcd', etcdDriver, seconds, tell) : undefined;
  const against = (pick: (figures: Figures) => number) =>
    etcd === undefined ? undefined : { name: 'etcd', value: pick(etcd) };
  const etcd3 = await measureEtcd3(seconds, tell);
  const results: Result[] = [];
  for (const clients of PUT_CLIENTS) {
    const pick = (figures: Figures): LoadResult => figures.puts.get(clients) as LoadResult;
    results.push(
      higherIsBetter(
        `put-${clients}`,
        pick(keelson).perSecond,
        'puts/s',
        against((figures) => pick(figures).perSecond),
      ),
    );
    results.push(
      lowerIsBetter(
        `put-${clients}-p99`,
        pick(keelson).p99Ms,
        'ms',
        against((figures) => pick(figures).p99Ms),
      ),
    );
  }
  results.push(
    higherIsBetter(
      'get-linearizable-64',
      keelson.gets.perSecond,
      'gets/s',
      against(({ gets }) => gets.perSecond),
    ),
  );
  results.push(
    higherIsBetter(
      'watch-1000',
      keelson.watchPerSecond,
      'events/s',
      against(({ watchPerSecond }) => watchPerSecond),
    ),
  );
  for (const [clients, { perSecond }] of etcd3) {
    const peer = against(({ puts }) => (puts.get(clients) as LoadResult).perSecond);
    results.push(higherIsBetter(`etcd3-put-${clients}`, perSecond, 'puts/s', peer));
  }
  results.push(
    lowerIsBetter(
      'failover',
      keelson.failoverMs,
      'ms',
      against(({ failoverMs }) => failoverMs),
    ),
  );
  return results;
}

async function measure(
  name: string,
  start: () => Promise<Driver>,
  seconds: number,
  tell: (text: string) => void,
): Promise<Figures> {
  const driver = await start();
  try {
    const puts = new Map<number, LoadResult>();
    for (const clients of PUT_CLIENTS) {
      const result = await closedLoop(clients, seconds, (client, i) => driver.put(client, keyOf(client, i)));
      puts.set(clients, result);
      tell(`${name}: put-${clients}: ${show(result)}`);
    }
    const gets = await closedLoop(READ_CLIENTS, seconds, (client, i) => driver.get(client, keyOf(client, i)));
    tell(`${name}: get-linearizable-${READ_CLIENTS}: ${show(gets)}`);
    const watchPerSecond = await fanOut(driver);
    tell(`${name}: watch-${WATCHERS}: ${Math.round(watchPerSecond)} events/s`);
    const failoverMs = await failover(driver, (i, ms) => tell(`${name}: failover ${i}: ${Math.round(ms)} ms`));
    return { puts, gets, watchPerSecond, failoverMs };
  } finally {
    await driver.close();
  }
}

const keyOf = (client: number, i: number): string => `/bench/${(client * 7_919 + i) % KEYS}`;

function show({ perSecond, p50Ms, p99Ms }: LoadResult): string {
  return `${Math.round(perSecond)}/s, p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms`;
}

/** Events a second that reach watchers while one client writes. */
async function fanOut(driver: Driver): Promise<number> {
  const writes = 100;
  let seen = 0;
  let wake = (): void => {};
  const all = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const stop = await driver.watch(WATCHERS, '/watched/', () => {
    if (++seen === WATCHERS * writes) wake();
  });
  const begin = performance.now();
  for (let i = 0; i < writes; i++) await driver.put(0, `/watched/${i}`);
  await all;
  const perSecond = seen / ((performance.now() - begin) / 1_000);
  await stop();
  return perSecond;
}

/** Median of the times from the leader's SIGKILL to the next acknowledged write, under load. */
async function failover(driver: Driver, tell: (i: number, ms: number) => void): Promise<number> {
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
    tell(i + 1, times.at(-1) ?? 0);
    over = true;
    await Promise.all(load);
    await restart();
  }
  return median(times);
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

async function keelsonDriver(): Promise<Driver> {
  const cluster: RealCluster = await startCluster();
  const stores: Store[] = await Promise.all(
    cluster.servers.map((url) => connectStore({ urls: [url], tls: cluster.tls })),
  );
  const storeOf = (client: number): Store => stores[client % stores.length] as Store;
  return {
    put: (client, key) => storeOf(client).put(key, VALUE),
    get: (client, key) => storeOf(client).range({ key }),
    async watch(count, prefix, onEvent) {
      const handles = Array.from({ length: count }, (_, i) =>
        storeOf(i).watch({
          key: prefix,
          end: `${prefix.slice(0, -1)}0`,
          listener: ({ events }) => {
            for (let n = 0; n < events.length; n++) onEvent();
          },
        }),
      );
      await Promise.all(stores.map((store) => store.readBarrier()));
      return async () => {
        for (const handle of handles) handle.cancel();
      };
    },
    async killLeader() {
      const { leader } = await cluster.anyStatus();
      cluster.kill(leader);
      return () => cluster.restart(leader);
    },
    async close() {
      await Promise.all(stores.map((store) => store.close()));
      cluster.stop();
    },
  };
}

/** Keelson's etcd API with etcd's client: mutual TLS, where etcd above has none. */
async function measureEtcd3(seconds: number, tell: (text: string) => void): Promise<Map<number, LoadResult>> {
  const cluster = await startCluster({ etcd: true });
  const [rootCertificate, privateKey, certChain] = [cluster.tls.ca, cluster.tls.key, cluster.tls.cert].map((pem) =>
    Buffer.from(pem),
  ) as [Buffer, Buffer, Buffer];
  const clients = cluster.etcdEndpoints.map(
    (hosts) => new Etcd3({ hosts, credentials: { rootCertificate, privateKey, certChain } }),
  );
  try {
    const results = new Map<number, LoadResult>();
    for (const count of ETCD3_CLIENTS) {
      const result = await closedLoop(count, seconds, (client, i) => putWith(clients, client, keyOf(client, i)));
      results.set(count, result);
      tell(`keelson: etcd3-put-${count}: ${show(result)}`);
    }
    return results;
  } finally {
    for (const client of clients) client.close();
    cluster.stop();
  }
}

function putWith(clients: readonly Etcd3[], client: number, key: string): Promise<unknown> {
  return (clients[client % clients.length] as Etcd3).put(key).value(VALUE).exec();
}

async function etcdDriver(): Promise<Driver> {
  const cluster: EtcdCluster = await startEtcd();
  const clients = cluster.endpoints.map((endpoint) => new Etcd3({ hosts: [endpoint] }));
  const clientOf = (client: number): Etcd3 => clients[client % clients.length] as Etcd3;
  return {
    put: (client, key) => putWith(clients, client, key),
    get: (client, key) => clientOf(client).get(key).buffer(),
    async watch(count, prefix, onEvent) {
      const watchers = await Promise.all(
        Array.from({ length: count }, (_, i) => clientOf(i).watch().prefix(prefix).create()),
      );
      for (const watcher of watchers) watcher.on('put', onEvent);
      return async () => {
        await Promise.all(watchers.map((watcher) => watcher.cancel()));
      };
    },
    async killLeader() {
      const leader = await cluster.leader();
      cluster.kill(leader);
      return async () => {
        cluster.restart(leader);
        await pause(1_500);
      };
    },
    async close() {
      for (const client of clients) client.close();
      await cluster.stop();
    },
  };
}
