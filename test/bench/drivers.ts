import { existsSync, readFileSync } from 'node:fs';
import net from 'node:net';
import { Etcd3 } from 'etcd3';
import { connectStore, prefixEnd, type Store } from '../../src/store/index.ts';
import { type RealCluster, startCluster } from '../support/cluster.ts';
import { startEtcd } from './etcd.ts';

export const VALUE = Buffer.alloc(256, 'v');

/** The operations of the loads, over a connection to each of three servers; client N uses that of server N mod 3. */
export interface Driver {
  put(client: number, key: string, value?: Uint8Array): Promise<unknown>;
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
  /** SIGKILLs a server that does not lead; resolves when it is gone. */
  killFollower(): Promise<Fallen>;
  /** Resident memory of the largest server, in MiB. */
  memoryMiB(): number;
  close(): Promise<void>;
}

export interface DriverOptions {
  /** Where servers can be told so (etcd), they drop nothing of their log. */
  keepsLog?: boolean;
}

/** No snapshot within any load, and room for the history that then nobody drops. */
const KEEP_LOG = ['--snapshot-count', String(10 ** 9), '--quota-backend-bytes', String(8 * 1024 ** 3)];

/** A server that was killed. */
export interface Fallen {
  /** From 0; that of the clients with this number, and of every third one after it. */
  server: number;
  restart(): void;
  /** What this server itself has under a key, over a new connection; undefined while it does not serve. */
  read(key: string): Promise<string | undefined>;
  /** Resident memory at its highest since the restart, in MiB. */
  peakMiB(): number;
}

/** Keelson with its own client. */
export async function keelsonDriver(): Promise<Driver> {
  const cluster = await startCluster();
  const stores: Store[] = await Promise.all(
    cluster.servers.map((url) => connectStore({ urls: [url], tls: cluster.tls })),
  );
  const storeOf = (client: number): Store => stores[client % stores.length] as Store;
  return {
    put: (client, key, value = VALUE) => storeOf(client).put(key, value),
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
export async function etcdDriver({ tls, keepsLog = false }: DriverOptions & { tls: boolean }): Promise<Driver> {
  const cluster = await startEtcd({ tls, flags: keepsLog ? KEEP_LOG : [] });
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
    async killFollower() {
      const server = (await cluster.leader()) === 0 ? 1 : 0;
      const options = cluster.clients[server] as (typeof cluster.clients)[number];
      cluster.kill(server);
      await untilGone(cluster.pid(server));
      return {
        server,
        restart: () => cluster.restart(server),
        async read(key) {
          if (!(await listens(options.hosts))) return undefined;
          const client = new Etcd3(options);
          const value = await client
            .get(key)
            .serializable(true)
            .string()
            .catch(() => undefined);
          client.close();
          return value ?? undefined;
        },
        peakMiB: () => memoryOf(cluster.pid(server), 'VmHWM'),
      };
    },
    memoryMiB: () => largest([0, 1, 2].map((server) => cluster.pid(server))),
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

type Processes = Pick<Driver, 'killLeader' | 'killFollower' | 'memoryMiB'>;

function processesOf(cluster: RealCluster): Processes {
  return {
    async killLeader() {
      const { leader } = await cluster.anyStatus();
      cluster.kill(leader);
      return () => cluster.restart(leader);
    },
    async killFollower() {
      const { leader } = await cluster.anyStatus();
      const peer = leader === 1 ? 2 : 1;
      const url = cluster.servers[peer - 1] as string;
      cluster.kill(peer);
      await untilGone(cluster.pid(peer));
      return {
        server: peer - 1,
        restart: () => void cluster.restart(peer),
        async read(key) {
          if (!(await listens(url))) return undefined;
          const store = await connectStore({ urls: [url], tls: cluster.tls }).catch(() => undefined);
          const answer = await store?.range({ key, serializable: true }).catch(() => undefined);
          await store?.close();
          return answer?.kvs[0] && Buffer.from(answer.kvs[0].value).toString();
        },
        peakMiB: () => memoryOf(cluster.pid(peer), 'VmHWM'),
      };
    },
    memoryMiB: () => largest([1, 2, 3].map((peer) => cluster.pid(peer))),
  };
}

function etcd3Operations(clients: readonly Etcd3[]): Omit<Driver, keyof Processes | 'close'> {
  const clientOf = (client: number): Etcd3 => clients[client % clients.length] as Etcd3;
  return {
    put: (client, key, value = VALUE) => clientOf(client).put(key).value(Buffer.from(value)).exec(),
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
  return Math.max(...pids.map((pid) => memoryOf(pid, 'VmRSS')));
}

/** Resident memory in MiB: now, or at its highest. */
function memoryOf(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
}

async function untilGone(pid: number): Promise<void> {
  while (existsSync(`/proc/${pid}`)) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Whether somebody accepts connections there: asked first, as clients wait longer and longer between their attempts. */
function listens(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = net.connect(Number(port), hostname);
    const settle = (accepted: boolean): void => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}
