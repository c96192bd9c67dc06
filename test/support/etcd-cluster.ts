import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';

/** Debian's `etcd-server`. */
const BINARY = '/usr/bin/etcd';

export const hasEtcd = existsSync(BINARY);

/** A real etcd, each server a process. */
export interface EtcdCluster {
  /** `host:port` of each server. */
  servers: string[];
  /** SIGKILL. */
  kill(server: number): Promise<void>;
  restart(server: number): Promise<void>;
  /** SIGSTOP and SIGCONT. */
  freeze(server: number): void;
  thaw(server: number): void;
  stop(): Promise<void>;
}

/** Paths of PEM files. */
export interface EtcdTls {
  ca: string;
  cert: string;
  key: string;
}

/** Starts an etcd; resolves when it serves, or with TLS at once. `tls`: clients show certificates of the authority. */
export async function startEtcdCluster(options: { servers?: number; tls?: EtcdTls } = {}): Promise<EtcdCluster> {
  const directory = mkdtempSync(join(tmpdir(), 'keelson-etcd-'));
  const count = options.servers ?? 1;
  const ports = await freePorts(2 * count);
  const { tls } = options;
  const scheme = tls === undefined ? 'http' : 'https';
  const clientUrl = (i: number): string => `${scheme}://127.0.0.1:${ports[i]}`;
  const peerUrl = (i: number): string => `http://127.0.0.1:${ports[count + i]}`;
  const initial = Array.from({ length: count }, (_, i) => `server-${i}=${peerUrl(i)}`).join(',');
  const security =
    tls === undefined
      ? []
      : ['--cert-file', tls.cert, '--key-file', tls.key, '--trusted-ca-file', tls.ca, '--client-cert-auth'];
  const start = (i: number): ChildProcess =>
    spawn(
      BINARY,
      [
        ...['--name', `server-${i}`, '--data-dir', join(directory, String(i)), '--log-level', 'error'],
        ...[
          '--initial-cluster',
          initial,
          '--listen-peer-urls',
          peerUrl(i),
          '--initial-advertise-peer-urls',
          peerUrl(i),
        ],
        ...['--listen-client-urls', clientUrl(i), '--advertise-client-urls', clientUrl(i), ...security],
        // As many as Keelson's own store takes.
        ...['--max-txn-ops', '4096'],
      ],
      { stdio: 'ignore' },
    );
  const processes = Array.from({ length: count }, (_, i) => start(i));
  if (tls === undefined) await Promise.all(processes.map((_, i) => untilHealthy(clientUrl(i))));
  const end = async (process: ChildProcess): Promise<void> => {
    if (process.exitCode !== null || process.signalCode !== null) return;
    const ended = new Promise((resolve) => process.once('exit', resolve));
    process.kill('SIGKILL');
    await ended;
  };
  return {
    servers: Array.from({ length: count }, (_, i) => `127.0.0.1:${ports[i]}`),
    kill: (i) => end(processes[i] as ChildProcess),
    async restart(i) {
      await end(processes[i] as ChildProcess);
      processes[i] = start(i);
    },
    freeze: (i) => void processes[i]?.kill('SIGSTOP'),
    thaw: (i) => void processes[i]?.kill('SIGCONT'),
    async stop() {
      await Promise.all(processes.map(end));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function untilHealthy(url: string): Promise<void> {
  const isHealthy = (): Promise<boolean> =>
    fetch(`${url}/health`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await isHealthy())) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Ports that were free a moment ago. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const server = createServer();
          server.listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/**
 * A test that needs etcd, run by itself. Without it it is skipped, except where everything is to be there: under CI, as root.
 */
export const etcdTest: (title: string, run: (t: ExecutionContext) => Promise<void>) => void = (title, run) => {
  if (hasEtcd) test.serial(title, run);
  else if (process.env['CI'] && process.getuid?.() === 0) {
    test.serial(title, (t) => t.fail(`${BINARY} is missing: apt-get install etcd-server`));
  } else test.serial.skip(`${title} (skipped: no ${BINARY})`, run);
};
