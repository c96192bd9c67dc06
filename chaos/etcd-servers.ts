import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { KeelsonError } from '../src/base/index.ts';
import type { Store } from '../src/store/index.ts';
import { processesLeftIn } from '../test/support/processes.ts';
import { connectByEtcdApi } from './etcd-client.ts';
import { removeLeftovers, rootPrefix } from './leftovers.ts';
import type { Network } from './network/network.ts';
import { pause } from './pause.ts';
import { ProcessGroup } from './process-group.ts';
import type { ServerStatus, Target } from './target.ts';

/** Debian's `etcd-server`. */
const BINARY = '/usr/bin/etcd';
const READY_MS = 60_000;
const STATUS_MS = 1_000;
/** As many as Keelson's own store takes. */
const MAX_TXN_OPERATIONS = 4_096;

/** What a server says of itself; ids are numbers of 64 bits, as text. */
interface EtcdStatus {
  header: { member_id: string };
  leader?: string;
  raftTerm: string;
}

/** Throws ETCD_MISSING where it is not installed. */
export function assertEtcd(): void {
  if (!existsSync(BINARY)) throw new KeelsonError('ETCD_MISSING', `${BINARY} is missing: apt-get install etcd-server`);
}

/** Servers of a real etcd. */
export class EtcdServers implements Target {
  readonly ids: readonly number[];
  readonly network: Network;
  readonly #root: string;
  readonly #processes: ProcessGroup;
  /** The servers' own names for themselves. */
  readonly #members = new Map<string, number>();

  private constructor(servers: number, network: Network, root: string) {
    this.ids = Array.from({ length: servers }, (_, i) => i + 1);
    this.network = network;
    this.#root = root;
    this.#processes = new ProcessGroup((id) => ({
      argv: [...network.launcher(id), BINARY, ...this.#flags(id)],
      log: join(root, `server-${id}.log`),
    }));
  }

  /** The cluster closes the network. */
  static async start(servers: number, network: Network): Promise<EtcdServers> {
    removeLeftovers();
    const cluster = new EtcdServers(servers, network, mkdtempSync(rootPrefix));
    try {
      await Promise.all(cluster.ids.map((id) => cluster.restart(id)));
      for (const id of cluster.ids) {
        const status = await cluster.#ask(id);
        if (status !== undefined) cluster.#members.set(status.header.member_id, id);
      }
      return cluster;
    } catch (error) {
      await cluster.stop();
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

  async restart(id: number): Promise<void> {
    this.#processes.start(id);
    const until = performance.now() + READY_MS;
    while (!(await this.#isHealthy(id))) {
      if (performance.now() > until) throw new Error(`etcd server ${id} does not serve after ${READY_MS / 1000} s`);
      await pause(20);
    }
  }

  async status(id: number): Promise<ServerStatus | undefined> {
    const status = await this.#ask(id);
    return status && { term: Number(status.raftTerm), leader: this.#members.get(status.leader ?? '') ?? 0 };
  }

  connect(ids: readonly number[], timeoutMs: number): Promise<Store> {
    return connectByEtcdApi(this.network, ids, { tls: undefined, timeoutMs });
  }

  logTail(id: number): string {
    return this.#processes.logTail(id);
  }

  async stop(): Promise<void> {
    try {
      await Promise.all(this.ids.map((id) => this.#processes.kill(id)));
    } finally {
      for (const pid of await processesLeftIn(this.#root)) process.kill(pid, 'SIGKILL');
      await this.network.close();
      rmSync(this.#root, { recursive: true, force: true });
    }
  }

  #flags(id: number): string[] {
    const members = this.ids.map((member) => `server-${member}=${this.#peerUrl(member)}`).join(',');
    return [
      ...['--name', `server-${id}`, '--data-dir', join(this.#root, `server-${id}`), '--initial-cluster', members],
      ...['--listen-client-urls', this.#clientUrl(id), '--advertise-client-urls', this.#clientUrl(id)],
      ...['--listen-peer-urls', this.#peerUrl(id), '--initial-advertise-peer-urls', this.#peerUrl(id)],
      ...['--max-txn-ops', String(MAX_TXN_OPERATIONS), '--logger', 'zap', '--log-level', 'warn'],
    ];
  }

  #clientUrl(id: number): string {
    const { host, etcdPort } = this.network.address(id);
    return `http://${host}:${etcdPort}`;
  }

  #peerUrl(id: number): string {
    const { host, peerPort } = this.network.address(id);
    return `http://${host}:${peerPort}`;
  }

  /** A linearizable read through this server is answered. */
  async #isHealthy(id: number): Promise<boolean> {
    return fetch(`${this.#clientUrl(id)}/health`, { signal: AbortSignal.timeout(STATUS_MS) }).then(
      ({ ok }) => ok,
      () => false,
    );
  }

  /** By etcd's gateway, which needs no majority for it. */
  async #ask(id: number): Promise<EtcdStatus | undefined> {
    const request = { method: 'POST', body: '{}', signal: AbortSignal.timeout(STATUS_MS) };
    const answer = await fetch(`${this.#clientUrl(id)}/v3/maintenance/status`, request).catch(() => undefined);
    return answer?.ok ? ((await answer.json().catch(() => undefined)) as EtcdStatus | undefined) : undefined;
  }
}
