import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Etcd3 } from 'etcd3';

/** Three servers of Debian's etcd on this machine, with their default settings (every write synced). */
export interface EtcdCluster {
  endpoints: string[];
  pids: number[];
  /** Kills the leader and resolves with its index. */
  leader(): Promise<number>;
  kill(index: number): void;
  restart(index: number): void;
  stop(): Promise<void>;
}

const BINARY = '/usr/bin/etcd';
const FIRST_PORT = 23_790;

export async function startEtcd(): Promise<EtcdCluster> {
  if (!existsSync(BINARY)) throw new Error(`${BINARY} is missing: apt-get install etcd-server`);
  const dir = mkdtempSync(join(tmpdir(), 'keelson-bench-etcd-'));
  const url = (i: number, kind: number): string => `http://127.0.0.1:${FIRST_PORT + i * 10 + kind}`;
  const cluster = [0, 1, 2].map((i) => `e${i}=${url(i, 1)}`).join(',');
  const start = (i: number): ChildProcess =>
    spawn(
      BINARY,
      [
        ...['--name', `e${i}`, '--data-dir', join(dir, `e${i}`)],
        ...['--listen-client-urls', url(i, 0), '--advertise-client-urls', url(i, 0)],
        ...['--listen-peer-urls', url(i, 1), '--initial-advertise-peer-urls', url(i, 1)],
        ...['--initial-cluster', cluster, '--initial-cluster-state', 'new', '--log-level', 'error'],
      ],
      { stdio: 'ignore' },
    );
  const servers = [0, 1, 2].map(start);
  // However this process ends, they end with it.
  process.once('exit', () => {
    for (const server of servers) server.kill('SIGKILL');
  });
  const endpoints = [0, 1, 2].map((i) => url(i, 0));
  await untilServing(endpoints);
  return {
    endpoints,
    pids: servers.map(({ pid }) => pid as number),
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

async function untilServing(endpoints: readonly string[]): Promise<void> {
  const client = new Etcd3({ hosts: [...endpoints] });
  for (let attempt = 0; ; attempt++) {
    try {
      await client.put('ready').value('yes');
      break;
    } catch (error) {
      if (attempt > 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  client.close();
}
