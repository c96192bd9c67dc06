import { readFileSync } from 'node:fs';
import { Etcd3 } from 'etcd3';
import { connectStore, prefixEnd, type Store } from '../../src/store/index.ts';
import { type RealCluster, startCluster } from '../support/cluster.ts';
import { startEtcd } from './etcd.ts';

export const VALUE = Buffer.alloc(256, 'v');

/** The operations of the loads, over a connection to each of three servers; client N uses that of server N mod 3. */
export interface Driver {
  put(client: number, key: string): Promise<unknown>;
  get(client: number, key: string): Promise<unknown>;
  /** Of the server's own state, without asking the others. */
  getSerializable(client: number, key: string): Promise<unknown>;
  /** All keys from `from` up to `end`, linearizable. */
  range(client: number, from: string, end: string): Promise<unknown>;
  /** Writes a key if it exists or not: a compare, a put and a get in one. */
  txn(client: number, key: string): Promise<unknown>;
  /** Starts watchers of one prefix; `onEvent` is called for each event that reaches each. */
  watch(count: number, prefix: string, onEvent: () => void): Promise<() => Promise<void>>;
  /** SIGKILLs the leader, and restarts it when told. */
  killLeader(): Promise<() => Promise<void>>;
  /** Resident memory of the largest server, in MiB. */
  memoryMiB(): number;
  close(): Promise<void>;
}

/** Keelson with its own client. */
export async function keelsonDriver(): Promise<Driver> {
  const cluster = await startCluster();
  const stores: Store[] = await Promise.all(
    cluster.servers.map((url) => connectStore({ urls: [url], tls: cluster.tls })),
  );
  const storeOf = (client: number): Store => stores[client % stores.length] as Store;
  return {
    put: (client, key) => storeOf(client).put(key, VALUE),
    get: (client, key) => storeOf(client).range({ key }),
    getSerializable: (client, key) => storeOf(client).range({ key, serializable: true }),
    range: (client, from, end) => storeOf(client).range({ key: from, end }),
    txn: (client, key) =>
      storeOf(client).txn({
        compare: [{ key, target: 'version', operator: '>', operand: 0 }],
        then: [
          { type: 'put', key, value: VALUE },
          { type: 'range', request: { key } },
        ],
        else: [{ type: 'put', key, value: VALUE }],
      }),
    async watch(count, prefix, onEvent) {
      const handles = Array.from({ length: count }, (_, i) =>
        storeOf(i).watch({
          key: prefix,
          end: prefixEnd(prefix),
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
    ...processesOf(cluster),
    async close() {
      await Promise.all(stores.map((store) => store.close()));
      await cluster.stop();
    },
  };
}

/** Debian's etcd with npm's `etcd3`. */
export async function etcdDriver({ tls }: { tls: boolean }): Promise<Driver> {
  const cluster = await startEtcd({ tls });
  const clients = cluster.clients.map((options) => new Etcd3(options));
  return {
    ...etcd3Operations(clients),
    async killLeader() {
      const leader = await cluster.leader();
      cluster.kill(leader);
      return async () => {
        cluster.restart(leader);
        await new Promise((resolve) => setTimeout(resolve, 1_500));
      };
    },
    memoryMiB: () => largest(cluster.pids),
    async close() {
      for (const client of clients) client.close();
      await cluster.stop();
    },
  };
}

/** Keelson's etcd API with npm's `etcd3`. */
export async function keelsonAsEtcdDriver(): Promise<Driver> {
  const cluster = await startCluster({ etcd: true });
  const [rootCertificate, privateKey, certChain] = [cluster.tls.ca, cluster.tls.key, cluster.tls.cert].map((pem) =>
    Buffer.from(pem),
  ) as [Buffer, Buffer, Buffer];
  const credentials = { rootCertificate, privateKey, certChain };
  const clients = cluster.etcdEndpoints.map((hosts) => new Etcd3({ hosts, credentials }));
  return {
    ...etcd3Operations(clients),
    ...processesOf(cluster),
    async close() {
      for (const client of clients) client.close();
      await cluster.stop();
    },
  };
}

function processesOf(cluster: RealCluster): Pick<Driver, 'killLeader' | 'memoryMiB'> {
  return {
    async killLeader() {
      const { leader } = await cluster.anyStatus();
      cluster.kill(leader);
      return () => cluster.restart(leader);
    },
    memoryMiB: () => largest([1, 2, 3].map((peer) => cluster.pid(peer))),
  };
}

function etcd3Operations(clients: readonly Etcd3[]): Omit<Driver, 'killLeader' | 'memoryMiB' | 'close'> {
  const clientOf = (client: number): Etcd3 => clients[client % clients.length] as Etcd3;
  return {
    put: (client, key) => clientOf(client).put(key).value(VALUE).exec(),
    get: (client, key) => clientOf(client).get(key).buffer(),
    getSerializable: (client, key) => clientOf(client).get(key).serializable(true).buffer(),
    range: (client, from, end) => clientOf(client).getAll().inRange({ start: from, end }).buffers(),
    txn: (client, key) => {
      const etcd = clientOf(client);
      return etcd
        .if(key, 'Version', '>', 0)
        .then(etcd.put(key).value(VALUE), etcd.get(key))
        .else(etcd.put(key).value(VALUE))
        .commit();
    },
    async watch(count, prefix, onEvent) {
      const watchers = await Promise.all(
        Array.from({ length: count }, (_, i) => clientOf(i).watch().prefix(prefix).create()),
      );
      for (const watcher of watchers) watcher.on('put', onEvent);
      return async () => {
        await Promise.all(watchers.map((watcher) => watcher.cancel()));
      };
    },
  };
}

function largest(pids: readonly number[]): number {
  const sizes = pids.map((pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]));
  return Math.max(...sizes) / 1024;
}
