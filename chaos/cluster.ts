import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isReady, peerStatus } from '../src/cli/access.ts';
import { stopPeers } from '../src/cli/processes.ts';
import { adminPem, type ClusterPaths, clusterPaths, layOutCluster } from '../src/peer/index.ts';
import { connectStore, type Store } from '../src/store/index.ts';
import { processesLeftIn } from '../test/support/processes.ts';
import { SmallDisk } from './disk.ts';
import { connectByEtcdApi } from './etcd-client.ts';
import { FakeClock, fakeTimeLibrary } from './fake-clock.ts';
import { removeLeftovers, rootPrefix } from './leftovers.ts';
import type { Network } from './network/network.ts';
import { pause } from './pause.ts';
import { ProcessGroup } from './process-group.ts';
import type { KubernetesAccess, ServerStatus, Target } from './target.ts';

const cli = fileURLToPath(new URL('../src/cli/keelson.js', import.meta.url));
/** Of a peer's disk, when it is one that can be filled. */
const DISK_MEGABYTES = 256;
const READY_MS = 60_000;
const PING_MS = 1_000;

export interface ChaosClusterOptions {
  peers: number;
  /** The cluster closes it. */
  network: Network;
  /** Each peer's data on a small disk of its own; needs root. */
  smallDisks: boolean;
  /** Each peer's wall clock can jump, where that can be had. */
  fakeClocks: boolean;
  /** Clients come by etcd's API. */
  etcdApi: boolean;
}

/** A cluster of real peers. */
export class ChaosCluster implements Target {
  readonly ids: readonly number[];
  readonly network: Network;
  readonly kubernetes: KubernetesAccess;
  /** Of each peer; empty when there are none. */
  readonly disks: ReadonlyMap<number, SmallDisk>;
  readonly clocks: ReadonlyMap<number, FakeClock>;
  readonly #paths: ClusterPaths;
  readonly #processes: ProcessGroup;
  readonly #etcdApi: boolean;

  private constructor(
    { network, etcdApi }: ChaosClusterOptions,
    paths: ClusterPaths,
    ids: readonly number[],
    disks: ReadonlyMap<number, SmallDisk>,
    clocks: ReadonlyMap<number, FakeClock>,
  ) {
    this.network = network;
    this.ids = ids;
    this.disks = disks;
    this.clocks = clocks;
    this.#paths = paths;
    this.#etcdApi = etcdApi;
    this.kubernetes = {
      servers: ids.map((id) => `https://${network.address(id).host}:${network.address(id).apiPort}`),
      tls: adminPem(paths),
    };
    this.#processes = new ProcessGroup((id) => ({
      argv: [...network.launcher(id), process.execPath, cli, 'peer', '--config', paths.peer(id).config],
      log: join(paths.root, `peer-${id}.log`),
      environment: clocks.get(id)?.environment,
    }));
  }

  static async start(options: ChaosClusterOptions): Promise<ChaosCluster> {
    const { peers, network, smallDisks, fakeClocks, etcdApi } = options;
    removeLeftovers();
    const paths = clusterPaths(mkdtempSync(rootPrefix));
    const ids = Array.from({ length: peers }, (_, i) => i + 1);
    const disks = new Map<number, SmallDisk>();
    let cluster: ChaosCluster | undefined;
    try {
      if (smallDisks) for (const id of ids) disks.set(id, new SmallDisk(paths.peer(id).dir, DISK_MEGABYTES));
      const members = ids.map((id) => {
        const { etcdPort, ...address } = network.address(id);
        return { id, ...address, ...(etcdApi ? { etcdPort } : {}) };
      });
      await layOutCluster(paths, { clusterId: randomUUID(), members, sharedApiPort: 0, mode: 'rootless' }, Date.now());
      for (const id of ids) routeMembers(paths.peer(id).config, id, network);
      const library = fakeClocks ? fakeTimeLibrary() : undefined;
      const clocks = new Map<number, FakeClock>();
      if (library !== undefined)
        for (const id of ids) clocks.set(id, new FakeClock(library, join(paths.root, `clock-${id}`)));
      cluster = new ChaosCluster(options, paths, ids, disks, clocks);
      await Promise.all(ids.map((id) => cluster!.restart(id)));
      return cluster;
    } catch (error) {
      if (cluster !== undefined) await cluster.stop();
      else await removeAll(paths.root, disks, network);
      throw error;
    }
  }

  get deaths(): readonly string[] {
    return this.#processes.deaths;
  }

  kill(id: number): Promise<void> {
    return this.#processes.kill(id);
  }

  pause(id: number): void {
    this.#processes.pause(id);
  }

  resume(id: number): void {
    this.#processes.resume(id);
  }

  /** From now on, and until `restart`, the peer may end by itself. */
  endanger(id: number): void {
    this.#processes.endanger(id);
  }

  async restart(id: number): Promise<void> {
    const pid = this.#processes.start(id);
    writeFileSync(this.#paths.peer(id).pid, `${pid}\n`);
    await this.#ready(id);
  }

  status(id: number): Promise<ServerStatus | undefined> {
    return peerStatus(this.#server(id), this.kubernetes.tls);
  }

  connect(ids: readonly number[], timeoutMs: number): Promise<Store> {
    const { tls } = this.kubernetes;
    if (!this.#etcdApi)
      return connectStore({ urls: ids.map((id) => this.#server(id)), tls, timeoutMs, pingMs: PING_MS });
    return connectByEtcdApi(this.network, ids, { tls, timeoutMs });
  }

  logTail(id: number): string {
    return this.#processes.logTail(id);
  }

  async stop(): Promise<void> {
    this.#processes.resumeAll();
    for (const id of this.ids) this.endanger(id);
    const { root } = this.#paths;
    try {
      await this.network.set({});
      for (const disk of this.disks.values()) {
        disk.goOn();
        disk.free();
      }
      await stopPeers(this.ids.map((id) => this.#paths.peer(id)));
    } finally {
      for (const pid of await processesLeftIn(root)) process.kill(pid, 'SIGKILL');
      await removeAll(root, this.disks, this.network);
    }
  }

  #server(id: number): string {
    return this.kubernetes.servers[id - 1]!;
  }

  /** Rejects when the peer does not serve in time. */
  async #ready(id: number): Promise<void> {
    const until = performance.now() + READY_MS;
    while (!(await isReady(this.#server(id), this.kubernetes.tls))) {
      if (performance.now() > until) throw new Error(`peer ${id} does not serve after ${READY_MS / 1000} s`);
      await pause(20);
    }
  }
}

/** What peers stood on; none of them runs any more. */
async function removeAll(root: string, disks: ReadonlyMap<number, SmallDisk>, network: Network): Promise<void> {
  for (const disk of disks.values()) disk.remove();
  await network.close();
  rmSync(root, { recursive: true, force: true });
}

/** Tells a peer to find the others by the ways that the network offers it. */
function routeMembers(path: string, self: number, network: Network): void {
  const config = JSON.parse(readFileSync(path, 'utf8')) as {
    members: { id: number; host: string; peerPort: number }[];
  };
  for (const member of config.members) {
    if (member.id === self) continue;
    const { host, port } = network.route(self, member.id);
    Object.assign(member, { host, peerPort: port });
  }
  writeFileSync(path, JSON.stringify(config, null, 2));
}
