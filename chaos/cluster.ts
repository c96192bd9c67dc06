import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isReady, peerStatus } from '../src/cli/access.ts';
import { stopPeers } from '../src/cli/processes.ts';
import { adminPem, type ClusterPaths, clusterPaths, layOutCluster, type PeerStatus } from '../src/peer/index.ts';
import { processesLeftIn } from '../test/support/processes.ts';
import { SmallDisk } from './disk.ts';
import { FakeClock, fakeTimeLibrary } from './fake-clock.ts';
import { removeLeftovers, rootPrefix } from './leftovers.ts';
import type { Network } from './network/network.ts';
import { pause } from './pause.ts';

const cli = fileURLToPath(new URL('../src/cli/keelson.js', import.meta.url));
/** Of a peer's disk, when it is one that can be filled. */
const DISK_MEGABYTES = 256;
const READY_MS = 60_000;

export interface ChaosClusterOptions {
  peers: number;
  /** The cluster closes it. */
  network: Network;
  /** Each peer's data on a small disk of its own; needs root. */
  smallDisks: boolean;
  /** Each peer's wall clock can jump, where that can be had. */
  fakeClocks: boolean;
}

/** A cluster of real processes that can be maltreated. */
export class ChaosCluster {
  readonly ids: readonly number[];
  readonly servers: readonly string[];
  readonly network: Network;
  readonly tls: { ca: string; cert: string; key: string };
  /** Of each peer; empty when there are none. */
  readonly disks: ReadonlyMap<number, SmallDisk>;
  readonly clocks: ReadonlyMap<number, FakeClock>;
  /** Peers that ended though nobody had asked them to. */
  readonly deaths: string[] = [];
  readonly #paths: ClusterPaths;
  readonly #processes = new Map<number, ChildProcess>();
  readonly #paused = new Set<number>();
  /** Peers that are allowed to end by themselves. */
  readonly #endangered = new Set<number>();

  private constructor(
    network: Network,
    paths: ClusterPaths,
    ids: readonly number[],
    disks: ReadonlyMap<number, SmallDisk>,
    clocks: ReadonlyMap<number, FakeClock>,
  ) {
    this.network = network;
    this.ids = ids;
    this.disks = disks;
    this.#paths = paths;
    this.tls = adminPem(paths);
    this.servers = ids.map((id) => `https://${network.address(id).host}:${network.address(id).apiPort}`);
    this.clocks = clocks;
  }

  static async start({ peers, network, smallDisks, fakeClocks }: ChaosClusterOptions): Promise<ChaosCluster> {
    removeLeftovers();
    const paths = clusterPaths(mkdtempSync(rootPrefix));
    const ids = Array.from({ length: peers }, (_, i) => i + 1);
    const disks = new Map<number, SmallDisk>();
    let cluster: ChaosCluster | undefined;
    try {
      if (smallDisks) for (const id of ids) disks.set(id, new SmallDisk(paths.peer(id).dir, DISK_MEGABYTES));
      const members = ids.map((id) => ({ id, ...network.address(id) }));
      await layOutCluster(paths, { clusterId: randomUUID(), members, sharedApiPort: 0, mode: 'rootless' }, Date.now());
      for (const id of ids) routeMembers(paths.peer(id).config, id, network);
      const library = fakeClocks ? fakeTimeLibrary() : undefined;
      const clocks = new Map<number, FakeClock>();
      if (library !== undefined)
        for (const id of ids) clocks.set(id, new FakeClock(library, join(paths.root, `clock-${id}`)));
      cluster = new ChaosCluster(network, paths, ids, disks, clocks);
      for (const id of ids) cluster.#spawn(id);
      await Promise.all(ids.map((id) => cluster!.ready(id)));
      return cluster;
    } catch (error) {
      if (cluster !== undefined) await cluster.stop();
      else await removeAll(paths.root, disks, network);
      throw error;
    }
  }

  server(id: number): string {
    return this.servers[id - 1]!;
  }

  isRunning(id: number): boolean {
    return this.#processes.has(id);
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(id: number): Promise<void> {
    const child = this.#processes.get(id);
    if (child === undefined) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  /** SIGSTOP. */
  pause(id: number): void {
    this.#paused.add(id);
    this.#processes.get(id)?.kill('SIGSTOP');
  }

  resume(id: number): void {
    this.#paused.delete(id);
    this.#processes.get(id)?.kill('SIGCONT');
  }

  /** From now on, and until `restart`, the peer may end by itself. */
  endanger(id: number): void {
    this.#endangered.add(id);
  }

  /** Starts the peer again, if it does not run; resolves when it serves. */
  async restart(id: number): Promise<void> {
    this.#endangered.delete(id);
    if (!this.isRunning(id)) this.#spawn(id);
    await this.ready(id);
  }

  /** Rejects when the peer does not serve in time. */
  async ready(id: number): Promise<void> {
    const until = performance.now() + READY_MS;
    while (!(await isReady(this.server(id), this.tls))) {
      if (performance.now() > until) throw new Error(`peer ${id} does not serve after ${READY_MS / 1000} s`);
      await pause(20);
    }
  }

  /** Undefined while it does not answer. */
  status(id: number): Promise<PeerStatus | undefined> {
    return peerStatus(this.server(id), this.tls);
  }

  /** Whom most peers that answer within a second take for the leader; 0: nobody. */
  async leader(): Promise<number> {
    const late = pause(1000).then(() => undefined);
    const answers = await Promise.all(this.ids.map((id) => Promise.race([this.status(id), late])));
    const newest = answers.reduce((best, next) => ((next?.term ?? -1) > (best?.term ?? -1) ? next : best), undefined);
    return newest?.leader ?? 0;
  }

  /** The last lines of a peer's log. */
  logTail(id: number, lines = 5): string {
    return readFileSync(this.#logPath(id), 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  }

  /** Ends and removes all of it. */
  async stop(): Promise<void> {
    for (const id of this.#paused) this.resume(id);
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

  #spawn(id: number): void {
    const [command = '', ...args] = [
      ...this.network.launcher(id),
      process.execPath,
      ...[cli, 'peer', '--config', this.#paths.peer(id).config],
    ];
    const log = openSync(this.#logPath(id), 'a', 0o600);
    const child = spawn(command, args, {
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...process.env, ...this.clocks.get(id)?.environment },
    });
    closeSync(log);
    writeFileSync(this.#paths.peer(id).pid, `${child.pid}\n`);
    this.#processes.set(id, child);
    child.once('exit', (code, signal) => {
      this.#processes.delete(id);
      if (this.#endangered.has(id) || signal === 'SIGKILL') return;
      this.deaths.push(`peer ${id} ended by itself (${signal ?? `exit code ${code}`}): ${this.logTail(id)}`);
    });
  }

  /** Not on the peer's own disk, which may be full. */
  #logPath(id: number): string {
    return join(this.#paths.root, `peer-${id}.log`);
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
