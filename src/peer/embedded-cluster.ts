import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Clock,
  KeelsonError,
  type Logger,
  type Random,
  silentLogger,
  sleep,
  systemClock,
  systemRandom,
} from '../base/index.ts';
import type { Client } from '../client/index.ts';
import { MemoryNetwork, openMemoryStorage } from '../replica/index.ts';
import type { Store } from '../store/index.ts';
import {
  type ClusterShape,
  checkShape,
  findCluster,
  layOutCluster,
  planShape,
  refreshCluster,
} from './cluster-files.ts';
import { loadPeerConfig, type NodeMode } from './config.ts';
import { type ClusterPaths, clusterPaths } from './data-dir.ts';
import { freePorts } from './free-ports.ts';
import { type Peer, type Replication, startPeer } from './peer.ts';

export interface ClusterOptions {
  /** Default: 3. */
  peers?: number;
  /**
   * Keeps the state in this process' memory, so that the cluster is gone when it stops. Certificates and containers have a
   * temporary directory of their own. Default: false.
   */
  inMemory?: boolean;
  /** Where the data lie, as of `keelson up`; a cluster that is there goes on. Not with `inMemory`. Default: `.keelson`. */
  dataDir?: string;
  /** Of the first peer's API; the next ones follow. Default: 6443; with `inMemory` ports that are free. */
  port?: number;
  mode?: NodeMode;
  /** Default: nothing is logged. */
  logger?: Logger;
  clock?: Clock;
  random?: Random;
}

/** A cluster whose peers all run in this process. */
export interface Cluster extends AsyncDisposable {
  readonly peers: readonly Peer[];
  /** The administrator's client. */
  readonly client: Client;
  readonly store: Store;
  /** Addresses of the peers' APIs, each an `https://` URL. */
  readonly servers: readonly string[];
  /** Path of a kubeconfig of the administrator. */
  readonly kubeconfig: string;
  /** Rejects when a peer had to stop by itself. */
  readonly failed: Promise<never>;
  /** Stops all peers, and their pods unless `workloads` is false and the next start is to adopt them. Idempotent. */
  stop(options?: { workloads?: boolean }): Promise<void>;
}

const START_TIMEOUT_MS = 60_000;
const POLL_MS = 10;

/**
 * Starts a whole cluster in this process; resolves when every peer serves. Rejects as `startPeer` does, with DATA_FOREIGN or
 * DATA_DIR_MISMATCH when the data directory holds something else, with CONFIG_INVALID for options that do not go together, and
 * with UNAVAILABLE when the peers do not find together.
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const { inMemory = false, logger = silentLogger, clock = systemClock, random = systemRandom } = options;
  if (inMemory && options.dataDir !== undefined) {
    throw new KeelsonError('CONFIG_INVALID', 'inMemory and dataDir exclude each other: leave one of them out');
  }
  const temporary = inMemory ? mkdtempSync(join(tmpdir(), 'keelson-')) : undefined;
  const paths = clusterPaths(temporary ?? options.dataDir ?? '.keelson');
  const replication = inMemory ? memoryReplication() : undefined;
  const peers: Peer[] = [];
  let stopped: Promise<void> | undefined;
  const stopAll = async (workloads: boolean): Promise<void> => {
    // Peers' timers let a process end, and once nothing listens any more it would: before all is stopped.
    const awake = setInterval(() => {}, 1 << 30);
    try {
      await Promise.all(peers.map((peer) => peer.stop({ workloads })));
      if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
    } finally {
      clearInterval(awake);
    }
  };
  const stop: Cluster['stop'] = ({ workloads = true } = {}) => (stopped ??= stopAll(workloads || inMemory));
  try {
    const shape = await settleShape(paths, options, clock);
    const starting = shape.members.map(async ({ id }) => {
      const config = await loadPeerConfig(paths.peer(id).config);
      const peerLogger = logger.child({ node: config.nodeName });
      return startPeer({ config, logger: peerLogger, clock, random, replication: replication?.(id) });
    });
    // Those that did start are to be stopped when another one did not.
    for (const started of await Promise.allSettled(starting))
      if (started.status === 'fulfilled') peers.push(started.value);
    await Promise.all(starting);
    const deadline = clock.monotonic() + START_TIMEOUT_MS;
    await Promise.all(peers.map((peer) => untilServing(peer, clock, deadline)));
  } catch (error) {
    await stop();
    throw error;
  }
  const [first] = peers as [Peer, ...Peer[]];
  const failed = Promise.race(peers.map((peer) => peer.failed));
  failed.catch(() => {});
  return {
    peers,
    client: first.client,
    store: first.store,
    servers: peers.map(({ host, port }) => `https://${host}:${port}`),
    kubeconfig: paths.kubeconfig,
    failed,
    stop,
    [Symbol.asyncDispose]: () => stop(),
  };
}

/** The cluster that is there, or a new one. */
async function settleShape(paths: ClusterPaths, options: ClusterOptions, clock: Clock): Promise<ClusterShape> {
  const { inMemory, peers, port, mode } = options;
  const found = findCluster(paths);
  if (found !== undefined) {
    checkShape(found, { peers, port, mode }, paths.root);
    await refreshCluster(paths, found, clock.now());
    return found;
  }
  const planned = planShape({ peers, port, mode });
  const shape = inMemory && port === undefined ? await withFreePorts(planned) : planned;
  await layOutCluster(paths, shape, clock.now());
  return shape;
}

async function withFreePorts(shape: ClusterShape): Promise<ClusterShape> {
  const ports = await freePorts(2 * shape.members.length + 1);
  const take = (): number => ports.pop() as number;
  const members = shape.members.map((member) => ({ ...member, apiPort: take(), peerPort: take() }));
  return { ...shape, members, sharedApiPort: take() };
}

/** For each peer a storage and a way to the others, all in this process. */
function memoryReplication(): (id: number) => Replication {
  const network = new MemoryNetwork();
  return (id) => ({ storage: openMemoryStorage(), transport: network.transport(id) });
}

async function untilServing(peer: Peer, clock: Clock, deadline: number): Promise<void> {
  for (;;) {
    try {
      return await peer.ready();
    } catch (error) {
      if (clock.monotonic() > deadline) {
        throw new KeelsonError('UNAVAILABLE', `the API on port ${peer.port} does not serve`, { cause: error });
      }
    }
    await sleep(clock, POLL_MS);
  }
}
