import { errorMessage } from '../base/index.ts';
import { lockPrefix } from './checks/index.ts';
import { ALL_KEYS, type SimulatedCluster } from './cluster.ts';
import type { KubernetesWorkload } from './control-plane/index.ts';
import type { Faults } from './faults.ts';
import type { SimulatedPeer } from './peer.ts';
import { check, Violation } from './violation.ts';
import type { LockClients, ObjectClients, WatchClients } from './workloads/index.ts';

/** In a kind world, a cluster of sound peers does everything within so many simulated milliseconds. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 100;

export interface Clients {
  objects: ObjectClients;
  locks: LockClients;
  watches: WatchClients;
  kubernetes?: KubernetesWorkload;
}

/**
 * The end of a run: the world turns kind, and the cluster must come to life, agree, and let the leases run out that
 * nobody refreshes. Then all histories are judged.
 */
export async function finish(cluster: SimulatedCluster, faults: Faults, clients: Clients): Promise<void> {
  cluster.isOver = true;
  faults.heal();
  await until(cluster, faults, 'clients are answered', () =>
    Object.values(clients).every(({ isIdle }: { isIdle: boolean }) => isIdle),
  );
  // A change proposed long ago may have left too few whose disk is sound.
  if (isBeyondHelp(cluster)) {
    clients.objects.judgeAll();
    return;
  }
  await until(cluster, faults, 'all members know one leader', () => isLed(cluster));
  await until(cluster, faults, 'older copies are found out', () =>
    [...cluster.peers.values()].every(({ id, disk, life }) => !disk.isOld || !cluster.isMember(id) || !life.isAlive),
  );
  await writeEverywhere(cluster);
  if (clients.kubernetes !== undefined) await settle(cluster, faults, clients.kubernetes);
  await until(cluster, faults, 'leases run out and all members hold the same', () => isSettled(cluster));
  for (const peer of expected(cluster)) {
    check(
      cluster.recorded(peer.id) === cluster.truth.last,
      () => `watch completeness: ${peer.name} lacks the last revision`,
    );
  }
  clients.watches.finish();
  clients.objects.judgeAll();
}

/** Deployments become what was asked for last; then nobody works by himself any more. */
async function settle(cluster: SimulatedCluster, faults: Faults, kubernetes: KubernetesWorkload): Promise<void> {
  await until(
    cluster,
    faults,
    () => `Deployments have their pods: ${kubernetes.unsettled()}`,
    () => kubernetes.unsettled() === undefined,
  );
  kubernetes.stop();
  await until(cluster, faults, 'controllers stop', () => kubernetes.isStopped);
}

/** Members whose machine is sound. */
function expected(cluster: SimulatedCluster): SimulatedPeer[] {
  return [...cluster.peers.values()].filter(({ id, disk }) => cluster.isMember(id) && !disk.isSick);
}

function isBeyondHelp(cluster: SimulatedCluster): boolean {
  const sound = new Set(expected(cluster).map(({ id }) => id));
  const { voters, votersOutgoing } = cluster.configuration;
  return [voters, votersOutgoing].some(
    (half) => half.length > 0 && half.filter((id) => sound.has(id)).length <= half.length / 2,
  );
}

function isLed(cluster: SimulatedCluster): boolean {
  const leader = cluster.leader?.id;
  return leader !== undefined && expected(cluster).every(({ replica }) => replica?.status().leader === leader);
}

async function until(
  cluster: SimulatedCluster,
  faults: Faults,
  what: string | (() => string),
  condition: () => boolean,
): Promise<void> {
  const { loop } = cluster;
  const end = loop.now + PATIENCE_MS;
  while (!condition()) {
    if (loop.now > end && !isBeyondHelp(cluster)) {
      const states = expected(cluster).map(({ name, replica }) => `${name} ${JSON.stringify(replica?.status())}`);
      throw new Violation(
        `liveness: not within ${PATIENCE_MS} ms: ${typeof what === 'string' ? what : what()}; ${states.join('; ')}`,
      );
    }
    if (loop.now > end) return;
    // Whoever was about to stop when the world turned kind.
    faults.heal();
    const look = loop.now + LOOK_MS;
    await cluster.run(() => loop.now >= look);
  }
}

/** Every member takes a write. */
async function writeEverywhere(cluster: SimulatedCluster): Promise<void> {
  const members = expected(cluster);
  let open = members.length;
  for (const peer of members) {
    peer
      .call((store) => store.put(`k/end/${peer.id}`, new Uint8Array()))
      .then(
        () => {
          open -= 1;
        },
        (error) => cluster.fail(new Violation(`liveness: ${peer.name} takes no write: ${errorMessage(error)}`)),
      );
  }
  await cluster.run(() => open === 0);
}

function isSettled(cluster: SimulatedCluster): boolean {
  const members = expected(cluster);
  const states = members.map(({ store }) => {
    const { kvs, revision } = store?.local.range(ALL_KEYS) ?? { kvs: [], revision: 0 };
    const text = kvs.map(({ key, modRevision, createRevision, value, lease }) =>
      [key, modRevision, createRevision, Buffer.from(value).toString('latin1'), lease].join(),
    );
    return { text: `${revision}:${text.join(';')}`, isLocked: kvs.some(({ key }) => key.startsWith(lockPrefix)) };
  });
  return states.every(({ text, isLocked }) => !isLocked && text === states[0]!.text);
}
