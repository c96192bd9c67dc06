import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Etcd3, type IOptions } from 'etcd3';
import { createAuthority } from '../support/certificates.ts';
import { freePorts } from '../support/cluster.ts';

/** Three servers of Debian's etcd on this machine, with their default settings (every write synced), but for the flags given. */
export interface EtcdCluster {
  /** What npm's `etcd3` needs to talk to each server. */
  clients: (IOptions & { hosts: string })[];
  pid(index: number): number;
  /** Resolves with the leader's index. */
  leader(): Promise<number>;
  kill(index: number): void;
  restart(index: number): void;
  stop(): Promise<void>;
}

const BINARY = '/usr/bin/etcd';
const PEER_PORT_OFFSET = 500;
const START_MS = 60_000;

export interface EtcdOptions {
  /** Mutual, between client and server and between the servers, as Keelson always has it. */
  tls: boolean;
  /** For each server, beside those that make a cluster of them. */
  flags?: readonly string[];
}

export async function startEtcd({ tls, flags = [] }: EtcdOptions): Promise<EtcdCluster> {
  if (!existsSync(BINARY)) throw new Error(`${BINARY} is missing: apt-get install etcd-server`);
  const dir = mkdtempSync(join(tmpdir(), 'keelson-bench-etcd-'));
  const security = tls ? await secure(dir) : undefined;
  const scheme = tls ? 'https' : 'http';
  const port = await freePorts();
  const clientUrl = (i: number): string => `${scheme}://127.0.0.1:${port + i}`;
  const peerUrl = (i: number): string => `${scheme}://127.0.0.1:${port + PEER_PORT_OFFSET + i}`;
  const cluster = [0, 1, 2].map((i) => `e${i}=${peerUrl(i)}`).join(',');
  const start = (i: number): ChildProcess =>
    spawn(
      BINARY,
      [
        ...['--name', `e${i}`, '--data-dir', join(dir, `e${i}`)],
        ...['--listen-client-urls', clientUrl(i), '--advertise-client-urls', clientUrl(i)],
        ...['--listen-peer-urls', peerUrl(i), '--initial-advertise-peer-urls', peerUrl(i)],
        ...['--initial-cluster', cluster, '--initial-cluster-state', 'new', '--log-level', 'error'],
        ...(security?.flags ?? []),
        ...flags,
      ],
      { stdio: 'ignore' },
    );
  const servers = [0, 1, 2].map(start);
  // However this process ends, they end with it.
  process.once('exit', () => {
    for (const server of servers) server.kill('SIGKILL');
  });
  const clients = [0, 1, 2].map((i) => ({
    hosts: clientUrl(i),
    ...(security === undefined ? {} : { credentials: security.credentials }),
  }));
  await Promise.all(clients.map(untilServing));
  return {
    clients,
    pid: (i) => servers[i]?.pid as number,
    async leader() {
      for (const [i, options] of clients.entries()) {
        const client = new Etcd3(options);
        const status = await client.maintenance.status().catch(() => undefined);
        client.close();
        if (status !== undefined && status.leader === status.header.member_id) return i;
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

/** Certificates like those of a Keelson cluster, in files, as etcd wants to be told of them, and as its clients do. */
async function secure(dir: string): Promise<{ flags: string[]; credentials: NonNullable<IOptions['credentials']> }> {
  const authority = await createAuthority();
  const { ca, certificate, key } = await authority.issue('etcd');
  const files = { ca: join(dir, 'ca.crt'), cert: join(dir, 'etcd.crt'), key: join(dir, 'etcd.key') };
  writeFileSync(files.ca, ca);
  writeFileSync(files.cert, certificate);
  writeFileSync(files.key, key, { mode: 0o600 });
  const flags = (prefix: string): string[] => [
    ...[`--${prefix}trusted-ca-file`, files.ca, `--${prefix}cert-file`, files.cert, `--${prefix}key-file`, files.key],
    `--${prefix}client-cert-auth`,
  ];
  return {
    flags: [...flags(''), ...flags('peer-')],
    credentials: {
      rootCertificate: Buffer.from(ca),
      certChain: Buffer.from(certificate),
      privateKey: Buffer.from(key),
    },
  };
}

async function untilServing(options: IOptions & { hosts: string }): Promise<void> {
  const end = performance.now() + START_MS;
  while (!(await serves(options))) {
    if (performance.now() > end) throw new Error(`etcd at ${options.hosts} does not serve`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Asks with a client of its own, as one waits longer and longer between its attempts to connect. */
async function serves(options: IOptions): Promise<boolean> {
  const client = new Etcd3(options);
  try {
    await client.put('ready').value('yes');
    return true;
  } catch {
    return false;
  } finally {
    client.close();
  }
}
