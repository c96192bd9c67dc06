import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isReady, peerStatus } from '../../src/cli/access.ts';
import { spawnPeer } from '../../src/cli/processes.ts';
import { clusterPaths, livePid } from '../../src/peer/index.ts';
import { processesLeftIn } from './processes.ts';

/** A real cluster of operating-system processes, started through the command line. */
export interface RealCluster {
  dataDir: string;
  servers: string[];
  tls: { ca: string; cert: string; key: string };
  pid(peer: number): number;
  /** What `keelson up` printed. */
  output: string;
  kubeconfig: string;
  /** Of the etcd API, when it was asked for. */
  etcdEndpoints: string[];
  /** What some living peer says of the cluster. */
  anyStatus(): Promise<{ leader: number; term: number; revision: number }>;
  /** SIGKILL. */
  kill(peer: number): void;
  /** Resolves when a killed peer is gone: until then the system may give it connections to the shared port. */
  gone(peer: number): Promise<void>;
  /** Starts a killed peer again; resolves when it serves. */
  restart(peer: number): Promise<void>;
  /** Ends and removes all of it. Rejects when `keelson down` failed or left processes behind, which are killed. */
  stop(): Promise<void>;
}

const ETCD_PORT_OFFSET = 500;
const cli = fileURLToPath(new URL('../../src/cli/keelson.js', import.meta.url));

export function keelson(args: readonly string[]): { code: number; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], {
    encoding: 'utf8',
    timeout: 120_000,
  });
  return { code: status ?? 1, stdout, stderr };
}

export async function startCluster(
  options: { peers?: number; demo?: boolean; dataDir?: string; port?: number; etcd?: boolean; store?: string } = {},
): Promise<RealCluster> {
  const peers = options.peers ?? 3;
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'keelson-cluster-'));
  const port = options.port ?? (await freePorts());
  const args = [
    'up',
    '--detach',
    '--data-dir',
    dataDir,
    '--port',
    String(port),
    '--peers',
    String(peers),
    '--mode',
    'rootless',
  ];
  const etcdPort = port + ETCD_PORT_OFFSET;
  if (options.etcd === true) args.push('--etcd-port', String(etcdPort));
  if (options.store !== undefined) args.push('--store', options.store);
  const { code, stdout, stderr } = await runAsync([...args, ...(options.demo === true ? [] : ['--no-demo'])]);
  if (code !== 0) throw new Error(`keelson up failed: ${stderr}${stdout}`);
  const paths = clusterPaths(dataDir);
  const pki = (name: string): string => readFileSync(join(dataDir, 'pki', name), 'utf8');
  const servers = Array.from({ length: peers }, (_, i) => `https://127.0.0.1:${port + i}`);
  const tls = { ca: pki('ca.crt'), cert: pki('client.crt'), key: pki('client.key') };
  const gone = async (peer: number): Promise<void> => {
    while (livePid(paths.peer(peer).pid) !== undefined) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  return {
    dataDir,
    servers,
    tls,
    pid: (peer) => Number(readFileSync(join(dataDir, `peer-${peer}`, 'pid'), 'utf8')),
    output: stdout,
    kubeconfig: join(dataDir, 'kubeconfig'),
    etcdEndpoints:
      options.etcd === true ? Array.from({ length: peers }, (_, i) => `https://127.0.0.1:${etcdPort + i}`) : [],
    async anyStatus() {
      for (const server of servers) {
        const status = await peerStatus(server, tls);
        if (status !== undefined && status.leader !== 0) return status;
      }
      throw new Error('no peer answers');
    },
    kill(peer) {
      const pid = livePid(paths.peer(peer).pid);
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
    },
    gone,
    async restart(peer) {
      await gone(peer);
      const { ended } = spawnPeer(peer, paths.peer(peer));
      ended.catch(() => {});
      const server = servers[peer - 1] as string;
      while (!(await isReady(server, tls))) await new Promise((resolve) => setTimeout(resolve, 20));
    },
    async stop() {
      const { code, stderr } = await runAsync(['down', '--data-dir', dataDir]);
      const left = await processesLeftIn(dataDir);
      for (const pid of left) process.kill(pid, 'SIGKILL');
      if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
      if (code !== 0 || left.length > 0)
        throw new Error(`keelson down ended with ${code} and left ${left.length} processes: ${stderr}`);
    },
  };
}

function runAsync(args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.on('close', (code) => resolve({ code: code ?? 1, stdout, stderr }));
  });
}

/** The first of a run of ports that were free a moment ago, out of the way of the defaults. */
export async function freePorts(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    // All below 32768, where the system takes the ports of outgoing connections from.
    const port = 10_000 + Math.floor(Math.random() * 21_000);
    if (
      (
        await Promise.all([0, 1, 2, 500, 501, 502, 999, 1_000, 1_001, 1_002].map((offset) => isFree(port + offset)))
      ).every(Boolean)
    )
      return port;
  }
  throw new Error('no free ports');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
