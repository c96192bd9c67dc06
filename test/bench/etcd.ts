import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../support/cluster.ts';

/** Three servers of Debian's etcd on this machine, with their default settings (every write synced), but for the flags given. */
export interface EtcdCluster {
  endpoints: string[];
  pid(index: number): number;
  /** The leader's index. */
  leader(): Promise<number>;
  kill(index: number): void;
  restart(index: number): void;
  stop(): Promise<void>;
}

const BINARY = '/usr/bin/etcd';
const PEER_PORT_OFFSET = 500;
const START_MS = 60_000;

export async function startEtcd(flags: readonly string[] = []): Promise<EtcdCluster> {
  if (!existsSync(BINARY)) throw new Error(`${BINARY} is missing: apt-get install etcd-server`);
  const dir = mkdtempSync(join(tmpdir(), 'keelson-bench-etcd-'));
  const port = await freePorts();
  const clientUrl = (i: number): string => `http://127.0.0.1:${port + i}`;
  const peerUrl = (i: number): string => `http://127.0.0.1:${port + PEER_PORT_OFFSET + i}`;
  const cluster = [0, 1, 2].map((i) => `e${i}=${peerUrl(i)}`).join(',');
  const start = (i: number): ChildProcess =>
    spawn(
      BINARY,
      [
        ...['--name', `e${i}`, '--data-dir', join(dir, `e${i}`)],
        ...['--listen-client-urls', clientUrl(i), '--advertise-client-urls', clientUrl(i)],
        ...['--listen-peer-urls', peerUrl(i), '--initial-advertise-peer-urls', peerUrl(i)],
        ...['--initial-cluster', cluster, '--initial-cluster-state', 'new', '--log-level', 'error'],
        ...flags,
      ],
      { stdio: 'ignore' },
    );
  const servers = [0, 1, 2].map(start);
  // However this process ends, they end with it.
  process.once('exit', () => {
    for (const server of servers) server.kill('SIGKILL');
  });
  const endpoints = [0, 1, 2].map(clientUrl);
  await Promise.all(endpoints.map(untilHealthy));
  return {
    endpoints,
    pid: (i) => servers[i]?.pid as number,
    async leader() {
      for (const [i, endpoint] of endpoints.entries()) {
        const answer = await fetch(`${endpoint}/v3/maintenance/status`, { method: 'POST', body: '{}' }).catch(
          () => undefined,
        );
        const status = (await answer?.json()) as { header?: { member_id: string }; leader?: string } | undefined;
        if (status?.leader !== undefined && status.leader === status.header?.member_id) return i;
      }
      throw new Error('etcd has no leader');
    },
    kill: (i) => void servers[i]?.kill('SIGKILL'),
    restart(i) {
      servers[i] = start(i);
    },
    async stop() {
      for (const server of servers) server.kill('SIGKILL');
      await Promise.all(
        servers.map((server) =>
          server.exitCode === null && server.signalCode === null
            ? new Promise((resolve) => server.once('exit', resolve))
            : undefined,
        ),
      );
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function untilHealthy(endpoint: string): Promise<void> {
  const end = performance.now() + START_MS;
  const isHealthy = (): Promise<boolean> =>
    fetch(`${endpoint}/health`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await isHealthy())) {
    if (performance.now() > end) throw new Error(`etcd at ${endpoint} does not serve`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
