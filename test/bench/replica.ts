import { fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { silentLogger, systemClock, systemRandom } from '../../src/base/index.ts';
import { openLevelStorage, startReplica, WsTransport } from '../../src/replica/index.ts';
import { createAuthority, type PeerTls } from '../support/certificates.ts';

/**
 * Proposals a second through three replicas in three processes, over real sockets and disks:
 * `node test/bench/replica.ts [--clients 64,256] [--seconds 3] [--at leader|spread]`.
 */
interface Assignment {
  peerId: number;
  directory: string;
  tls: PeerTls;
}
interface Load {
  clients: number;
  seconds: number;
}
interface Outcome {
  count: number;
  latencies: number[];
  cpuMs: number;
}

const VALUE_BYTES = 256;
const PEERS = [1, 2, 3];

if (process.send === undefined) await runBench(process.argv.slice(2));
else await runPeer();

async function runBench(args: readonly string[]): Promise<void> {
  const option = (name: string, fallback: string): string => {
    const at = args.indexOf(`--${name}`);
    return at === -1 ? fallback : args[at + 1]!;
  };
  const seconds = Number(option('seconds', '3'));
  const clients = option('clients', '1,64,256').split(',').map(Number);
  const where = option('at', 'leader');
  const directory = await mkdtemp(path.join(os.tmpdir(), 'keelson-bench-'));
  const authority = await createAuthority();
  const peers = PEERS.map((peerId) => ({
    peerId,
    process: fork(fileURLToPath(import.meta.url), {
      execArgv: process.env['BENCH_PROFILE'] ? ['--cpu-prof', `--cpu-prof-dir=${process.env['BENCH_PROFILE']}`] : [],
    }),
  }));
  try {
    const ports = await Promise.all(
      peers.map(async ({ peerId, process: child }) => {
        const tls = await authority.issue(`keelson:peer:${peerId}`);
        return ask<number>(child, { peerId, directory: path.join(directory, `${peerId}`), tls } satisfies Assignment);
      }),
    );
    const leaders = await Promise.all(peers.map(({ process: child }) => ask<number>(child, ports)));
    for (const count of clients) {
      const loaded = where === 'leader' ? peers.filter(({ peerId }) => peerId === leaders[0]) : peers;
      const all = await Promise.all(
        peers.map((peer) => {
          const share = loaded.includes(peer) ? Math.ceil(count / loaded.length) : 0;
          return ask<Outcome>(peer.process, { clients: share, seconds } satisfies Load);
        }),
      );
      report(count, seconds, all);
    }
  } finally {
    for (const { process: child } of peers) child.send('stop');
    await Promise.all(peers.map(({ process: child }) => new Promise((resolve) => child.once('exit', resolve))));
    await rm(directory, { recursive: true, force: true });
  }
}

function ask<T>(child: ReturnType<typeof fork>, question: object): Promise<T> {
  return new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error('a peer died')));
    child.once('message', (answer) => resolve(answer as T));
    child.send(question);
  });
}

function report(clients: number, seconds: number, outcomes: readonly Outcome[]): void {
  const latencies = outcomes.flatMap(({ latencies }) => latencies).sort((a, b) => a - b);
  const at = (share: number): string => (latencies[Math.floor(latencies.length * share)] ?? 0).toFixed(2);
  const count = outcomes.reduce((sum, outcome) => sum + outcome.count, 0);
  const cpu = outcomes.map(({ cpuMs }) => (cpuMs / seconds / 10).toFixed(0)).join(' ');
  const cost = (outcomes.reduce((sum, { cpuMs }) => sum + cpuMs, 0) * 1000) / count;
  console.log(
    `${clients} clients: ${Math.round(count / seconds)}/s, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, ` +
      `CPU % of each peer: ${cpu}, CPU of all for one: ${cost.toFixed(0)} µs`,
  );
}

async function runPeer(): Promise<void> {
  const { peerId, directory, tls } = await question<Assignment>();
  const transport = new WsTransport({
    clusterId: 'bench',
    peerId,
    listen: { host: '127.0.0.1', port: 0 },
    tls,
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
  });
  const replica = await startReplica({
    identity: { clusterId: 'bench', peerId },
    initialMembers: PEERS,
    storage: await openLevelStorage(directory),
    transport,
    stateMachine: {
      apply: (commands) => commands.map(() => true),
      async *snapshot() {},
      async restore() {},
    },
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
  });
  answer(transport.port);
  const ports = await question<number[]>();
  transport.setPeers(PEERS.map((id, i) => ({ id, host: '127.0.0.1', port: ports[i]! })));
  await replica.readBarrier();
  answer(replica.status().leader);
  for (;;) {
    const load = await question<Load | 'stop'>();
    if (load === 'stop') break;
    answer(await runLoad(load, (value) => replica.propose({ type: 'put', key: '/registry/pods/default/x', value })));
  }
  await replica.stop();
  process.disconnect();
}

async function runLoad({ clients, seconds }: Load, put: (value: Uint8Array) => Promise<unknown>): Promise<Outcome> {
  const value = systemRandom.bytes(VALUE_BYTES);
  const latencies: number[] = [];
  const cpuBefore = process.cpuUsage();
  const end = performance.now() + seconds * 1000;
  const client = async (): Promise<void> => {
    for (let start = performance.now(); start < end; ) {
      await put(value);
      const now = performance.now();
      latencies.push(now - start);
      start = now;
    }
  };
  if (clients === 0) await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  await Promise.all(Array.from({ length: clients }, client));
  const { user, system } = process.cpuUsage(cpuBefore);
  return { count: latencies.length, latencies, cpuMs: (user + system) / 1000 };
}

function question<T>(): Promise<T> {
  return new Promise((resolve) => process.once('message', (message) => resolve(message as T)));
}

function answer(value: unknown): void {
  process.send!(value);
}
