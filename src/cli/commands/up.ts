import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { KeelsonError, systemClock } from '../../base/index.ts';
import {
  type ClusterPaths,
  type ClusterShape,
  changeCluster,
  checkShape,
  clusterPaths,
  DEFAULT_SERVICE_CIDR,
  findCluster,
  layOutCluster,
  MAX_LOCAL_PEERS,
  planShape,
  refreshCluster,
  type ShapeOptions,
  shapeDefaults,
  withEtcdPort,
  withStore,
} from '../../peer/index.ts';
import { type Access, isReady, openAccess } from '../access.ts';
import { type ApiOptions, addApiOptions, apiConfigOf } from '../api-options.ts';
import { createObjects, findObjects, readManifest, waitForPods } from '../demo.ts';
import { interruption } from '../interruption.ts';
import { dataDirOption, integerBetween, modeOption, serviceBlock } from '../options.ts';
import { checkPorts, listens } from '../ports.ts';
import { assertNotRunning, type PeerProcess, spawnPeer, stopPeers } from '../processes.ts';
import { createProgress, type Progress } from '../progress.ts';
import { addStoreOptions, type StoreOptions, storeOf } from '../store-options.ts';
import { statusTable } from './status.ts';

interface UpOptions extends Omit<ShapeOptions, 'store' | 'api' | 'serviceCIDR'>, StoreOptions, ApiOptions {
  dataDir: string;
  serviceCidr?: string;
  demo: boolean;
  detach: boolean;
}

const START_TIMEOUT_MS = 60_000;
const POLL_MS = 25;
const demoManifest = fileURLToPath(new URL('../../../cluster-configs/demo.yaml', import.meta.url));

const help = `
The first start lays the data directory out: a certificate authority, a
directory for each peer, a kubeconfig for its administrator. Later starts go on
with what is there; --peers, --port and --mode need not be said again.

With --port P, the peers' APIs are on P, P+1, …, and they speak Raft on P+1000,
P+1001, …. On P+999, which the kubeconfig names, whichever peer lives answers.

With --etcd-port P, peer N also serves etcd's v3 gRPC API on P+N-1, for etcdctl
and other clients of etcd that have the administrator's certificate. Later
starts may change it.

With --store etcd://HOST:PORT,…, the cluster keeps its state in that etcd (3.4
or later) and not among its peers, any one of which then suffices. Its keys
there have a prefix of their own. TLS is used when one of --store-ca,
--store-cert and --store-key is given. Later starts go on with it; when --store
is given again, the servers and files are those given then.

With --oidc-issuer-url and --oidc-client-id, users may come with tokens of an
OpenID Connect provider; the flags are those of kube-apiserver. With
--audit-policy-file, each peer writes down what that Policy (audit.k8s.io/v1)
says of requests: DIR/peer-N/audit.log. Later starts go on with both; when
either is given again, what is given then holds.

Only addresses of the loopback, as the default's, need no root to lead to a
Service; --service-cidr is for manifests that name others.

Ctrl-C (or SIGTERM) stops peers and workloads and leaves the data.

Exit status: 0; 1 after an error, which has then stopped what had been started;
130 when it was interrupted before the cluster was ready.

Files:
  DIR/kubeconfig     for kubectl: export KUBECONFIG=DIR/kubeconfig
  DIR/pki            ca.crt; client.crt and client.key of the administrator
  DIR/peer-N/log     what the peer has to say, JSON lines
  DIR/peer-N/pid     its process
  DIR/peer-N/store   what all peers have in common (unless that is in etcd)

Examples:
  keelson up
  keelson up --peers 1 --no-demo --detach
  keelson up --data-dir /var/lib/keelson --port 7443
  keelson up --etcd-port 2379
    etcdctl --cacert DIR/pki/ca.crt --cert DIR/pki/client.crt \\
      --key DIR/pki/client.key --endpoints 127.0.0.1:2379 get / --prefix
`;

/** `keelson up`: a whole cluster on this machine, each peer a process of its own. */
export function addUpCommand(program: Command): void {
  const command = program
    .command('up')
    .description('start a cluster on this machine and keep it running')
    .addOption(dataDirOption())
    .option('--peers <n>', `how many peers (default: ${shapeDefaults.peers})`, integerBetween(1, MAX_LOCAL_PEERS))
    .option(
      '--port <port>',
      `the first peer's API port; the others follow (default: ${shapeDefaults.port})`,
      integerBetween(1024, 60_000),
    )
    .option(
      '--etcd-port <port>',
      "serve etcd's API too, from this port of the first peer on (default: as before; at first, no)",
      integerBetween(1024, 65_000),
    )
    .option('--service-cidr <block>', `addresses of Services (default: ${DEFAULT_SERVICE_CIDR})`, serviceBlock)
    .addOption(modeOption());
  addApiOptions(addStoreOptions(command))
    .option('--no-demo', 'start without the demo workload')
    .option('--detach', 'leave the cluster running in the background; "keelson down" stops it', false)
    .addHelpText('after', help)
    .action(up);
}

async function up(options: UpOptions): Promise<void> {
  const interrupted = interruption();
  const progress = createProgress(process.stdout, systemClock);
  const { paths, shape, created } = await prepare(options);
  const where = relative('.', paths.root) || '.';
  progress.done(`cluster ${shape.clusterId} ${created ? 'laid out' : 'found'} in ${where}`);
  if (interrupted.yet) return exit(130);

  const access = openAccess(paths.root);
  const started = systemClock.monotonic();
  const peers: PeerProcess[] = [];
  let demoReady = true;
  try {
    for (const { id } of shape.members) peers.push(spawnPeer(id, paths.peer(id)));
    const starting = (async () => {
      await serve(access, progress);
      if (options.demo) demoReady = await showDemo(access, progress, created);
    })();
    await Promise.race([starting, ...peers.map(({ ended }) => ended), interrupted.promise]);
  } catch (error) {
    progress.clear();
    await stop(paths, peers);
    throw error;
  }
  if (interrupted.yet) {
    progress.clear();
    console.log('interrupted: stopping what was started');
    await stop(paths, peers);
    return exit(130);
  }
  console.log(`\n${(await statusTable(access)).text}\n`);
  console.log(`export KUBECONFIG=${paths.kubeconfig}`);
  if (demoReady) console.log(`ready in ${Math.round(systemClock.monotonic() - started)} ms`);
  if (options.detach) return exit(demoReady ? 0 : 1);
  await keepRunning(paths, peers, interrupted.promise);
}

/** Finds the cluster, or lays out a new one; says what is in the way before anything is written. */
async function prepare(options: UpOptions): Promise<{ paths: ClusterPaths; shape: ClusterShape; created: boolean }> {
  const paths = clusterPaths(options.dataDir);
  const found = findCluster(paths);
  const { serviceCidr: serviceCIDR } = options;
  const asked = { ...options, serviceCIDR, store: storeOf(options), api: apiConfigOf(options) };
  if (found !== undefined) checkShape(found, asked, paths.root);
  const shape = shapeOf(found, asked);
  for (const { id } of shape.members) assertNotRunning(id, paths.peer(id));
  await checkPorts(shape, found === undefined ? 'choose others with --port' : 'choose another --data-dir and --port');
  if (found === undefined) await layOutCluster(paths, shape, systemClock.now());
  else {
    if (shape !== found) changeCluster(paths, shape);
    await refreshCluster(paths, shape, systemClock.now());
  }
  return { paths, shape, created: found === undefined };
}

function shapeOf(found: ClusterShape | undefined, asked: ShapeOptions): ClusterShape {
  if (found === undefined) return planShape(asked);
  const { etcdPort, store, api } = asked;
  const stored = store === undefined ? found : withStore(found, store);
  const shape = api === undefined ? stored : { ...stored, api };
  return etcdPort === undefined || etcdPort === found.members[0]?.etcdPort ? shape : withEtcdPort(shape, etcdPort);
}

/** Waits until every peer serves. */
async function serve({ servers, tls }: Access, progress: Progress): Promise<void> {
  const [peers, verb] = servers.length === 1 ? ['peer', 'serves'] : ['peers', 'serve'];
  progress.begin(`starting ${servers.length} ${peers}`);
  await Promise.all(servers.map((server) => untilReady(server, tls)));
  progress.done(`${servers.length} ${peers} ${verb} ${servers.join(' ')}`);
}

/** False when its pods are not ready in time, which only tells so: the cluster is needed to find out why. */
async function showDemo(access: Access, progress: Progress, created: boolean): Promise<boolean> {
  const objects = await readManifest(demoManifest);
  // A cluster that ran before keeps what its user made of the demo.
  if (created) {
    progress.begin('applying the demo workload');
    await createObjects(access, objects);
    const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    progress.done(`demo workload applied: ${names.join(', ')}`);
  }
  const present = await findObjects(access, objects);
  const signal = AbortSignal.timeout(START_TIMEOUT_MS);
  const missing = await waitForPods(access, present, signal, (text) => progress.begin(text));
  if (missing === undefined) {
    if (present.length > 0) progress.done('demo pods ready');
    return true;
  }
  progress.clear();
  console.error(
    `keelson: ${missing} after ${START_TIMEOUT_MS / 1_000} s; the cluster runs all the same: "kubectl describe pods" says why`,
  );
  return false;
}

async function untilReady(server: string, tls: Access['tls']): Promise<void> {
  const until = systemClock.monotonic() + START_TIMEOUT_MS;
  const { hostname, port } = new URL(server);
  // Knocking without TLS costs next to nothing, and peers that start need all there is.
  while (!(await listens(hostname, Number(port))) || !(await isReady(server, tls))) {
    if (systemClock.monotonic() > until)
      throw new KeelsonError(
        'START_TIMEOUT',
        `${server} did not become ready in ${START_TIMEOUT_MS / 1_000} s: see the peers' logs`,
      );
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Until the user has enough, or all peers have ended. */
async function keepRunning(
  paths: ClusterPaths,
  peers: readonly PeerProcess[],
  interrupted: Promise<void>,
): Promise<void> {
  const alive = setInterval(() => {}, 1 << 30);
  let failed = false;
  let stopping = false;
  const ends = peers.map(({ id, ended }) =>
    ended.catch((error: KeelsonError) => {
      if (stopping) return;
      if (error.code === 'PEER_STOPPED') return console.log(error.message);
      failed = true;
      const restart = `keelson peer --config ${relative('.', paths.peer(id).config)}`;
      console.error(`keelson: ${error.message}; the others go on; restart it with "${restart}"`);
    }),
  );
  const stopped = await Promise.race([Promise.all(ends).then(() => true), interrupted]);
  clearInterval(alive);
  if (stopped === true) return exit(failed ? 1 : 0);
  stopping = true;
  console.log('\nstopping peers and workloads; the data stays');
  await stop(paths, peers);
  exit(0);
}

async function stop(paths: ClusterPaths, peers: readonly PeerProcess[]): Promise<void> {
  if (peers.length > 0) await stopPeers(peers.map(({ id }) => paths.peer(id)));
}

function exit(code: number): never {
  // Detached children and kept connections must not hold the command.
  process.exit(code);
}
