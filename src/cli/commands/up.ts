import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { KeelsonError, systemClock } from '../../base/index.ts';
import {
  applyManifest,
  MAX_LOCAL_PEERS,
  type NodeMode,
  prepareCluster,
  readManifest,
  waitForPods,
} from '../../peer/index.ts';
import { type Access, isReady, openAccess } from '../access.ts';
import { dataDirOption, integerBetween, modeOption } from '../options.ts';
import { type PeerProcess, spawnPeer, stopPeers } from '../processes.ts';
import { createProgress } from '../progress.ts';
import { statusTable } from './status.ts';

interface UpOptions {
  dataDir: string;
  peers: number;
  port: number;
  mode: NodeMode;
  demo: boolean;
  detach: boolean;
}

const START_TIMEOUT_MS = 60_000;
const POLL_MS = 15;
const demoManifest = fileURLToPath(new URL('../../../cluster-configs/demo.yaml', import.meta.url));

/** `keelson up`: a whole cluster on this machine, each peer a process of its own. */
export function addUpCommand(program: Command): void {
  program
    .command('up')
    .description('start a cluster on this machine and keep it running')
    .addOption(dataDirOption())
    .option('--peers <n>', 'how many peers', integerBetween(1, MAX_LOCAL_PEERS), 3)
    .option('--port <port>', "the first peer's API port; the others follow", integerBetween(1024, 60_000), 6443)
    .addOption(modeOption())
    .option('--no-demo', 'start without the demo workload')
    .option('--detach', 'leave the cluster running in the background ("keelson down" stops it)', false)
    .action(up);
}

async function up(options: UpOptions): Promise<void> {
  const progress = createProgress(process.stdout, systemClock);
  const { paths, shape, created } = await prepareCluster({ ...options, now: systemClock.now() });
  progress.done(
    created
      ? `cluster ${shape.clusterId} laid out in ${relative('.', paths.root) || '.'}`
      : `cluster ${shape.clusterId} found in ${relative('.', paths.root) || '.'}`,
  );
  const access = openAccess(paths.root);
  const stop = (): Promise<number> =>
    stopPeers(
      shape.members.map(({ id }) => paths.peer(id)),
      'SIGINT',
    );
  const interrupted = interruption();

  const started = systemClock.monotonic();
  const peers: PeerProcess[] = [];
  try {
    for (const { id } of shape.members) peers.push(spawnPeer(id, paths.peer(id)));
    const failure = Promise.race([
      ...peers.map(({ ended }) => ended),
      interrupted.then(() => Promise.reject(new Interrupted())),
    ]);
    failure.catch(() => {});
    await Promise.race([start(access, options, progress, created), failure]);
    console.log(`\n${(await statusTable(access)).text}\n`);
    console.log(`export KUBECONFIG=${paths.kubeconfig}`);
    console.log(`ready in ${Math.round(systemClock.monotonic() - started)} ms`);
  } catch (error) {
    // What this command started it also ends; peers that ran before are not its own.
    if (peers.length > 0)
      await stopPeers(
        peers.map(({ id }) => paths.peer(id)),
        'SIGINT',
      );
    if (error instanceof Interrupted) return exit(130);
    throw error;
  }
  if (options.detach) return exit(0);

  const keepAlive = setInterval(() => {}, 1 << 30);
  for (const { id, ended } of peers)
    ended.catch((error: Error) =>
      console.error(
        `keelson: ${error.message}; the others go on; restart it with "keelson peer --config ${paths.peer(id).config}"`,
      ),
    );
  await interrupted;
  clearInterval(keepAlive);
  console.log('\nstopping peers and workloads; the data stays');
  await stop();
  exit(0);
}

async function start(
  access: Access,
  options: UpOptions,
  progress: ReturnType<typeof createProgress>,
  created: boolean,
): Promise<void> {
  progress.begin(`starting ${access.servers.length} peers`);
  await Promise.all(access.servers.map((server) => untilReady(server, access.tls)));
  progress.done(
    `${access.servers.length} ${access.servers.length === 1 ? 'peer serves' : 'peers serve'} ${access.servers.join(' ')}`,
  );
  if (!options.demo) return;
  const { createHttpClient } = await import('../../client/index.ts');
  const client = createHttpClient({ servers: access.servers, ...access.tls });
  try {
    const objects = await readManifest(demoManifest);
    // A cluster that ran before keeps what its user made of the demo.
    if (created) {
      progress.begin('applying the demo workload');
      await applyManifest(client, objects);
      progress.done(
        `demo workload applied: ${objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`).join(', ')}`,
      );
    }
    progress.begin('waiting for its pods');
    const ready = await waitForPods(client, objects, AbortSignal.timeout(START_TIMEOUT_MS), (text) =>
      progress.begin(text),
    );
    progress.done(`${ready} demo pods ready`);
  } finally {
    client.close();
  }
}

async function untilReady(server: string, tls: Access['tls']): Promise<void> {
  const until = systemClock.monotonic() + START_TIMEOUT_MS;
  while (!(await isReady(server, tls))) {
    if (systemClock.monotonic() > until)
      throw new KeelsonError(
        'START_TIMEOUT',
        `${server} did not become ready in ${START_TIMEOUT_MS / 1_000} s: see the peers' logs`,
      );
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Ctrl-C, or a request to end, while `up` starts or runs. */
class Interrupted extends Error {}

function interruption(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
}

function exit(code: number): void {
  process.exitCode = code;
  // Detached children and keep-alive sockets must not hold the command.
  process.exit();
}
