import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { type ClusterMember, openLevelStorage, startReplica, WsTransport } from '../replica/index.ts';
import { createStore, type LocalStore } from '../store/index.ts';
import type { PeerContext } from './context.ts';
import { makePrivateDir } from './data-dir.ts';
import { serveEtcdApi } from './etcd-api.ts';
import { membersRoute } from './members-route.ts';
import type { Replication } from './peer.ts';
import type { PeerStore } from './peer-store.ts';
import { snapshotRoute } from './snapshot-route.ts';

/** Where in its data directory a peer keeps its store. */
export function storeDir(dataDir: string): string {
  return join(dataDir, 'store');
}

/** The embedded store: this peer is a member of the Raft group that replicates it. */
export async function openReplicatedStore(context: PeerContext): Promise<PeerStore> {
  const { replica, store } = await startReplicatedStore(context);
  return {
    store,
    failed: replica.failed,
    bootstrapTurn: {
      isMine: () => replica.status().role === 'leader',
      onChange: (listener) => replica.onStatus(listener),
    },
    routes: [membersRoute(replica), snapshotRoute(store)],
    state() {
      const { role, term, leader, commit, applied, members, disk } = replica.status();
      const { revision } = store.local;
      const space = store.local.space();
      return { role, term, leader, commit, applied, revision, space, members, ...(disk === undefined ? {} : { disk }) };
    },
    serve: () => serveEtcdApi(context, replica, store),
  };
}

async function startReplicatedStore(context: PeerContext): Promise<{ replica: ClusterMember; store: LocalStore }> {
  const { config, self, clock, random, logger, onStop } = context;
  const directory = storeDir(config.dataDir);
  const { storage, transport } = context.replication ?? (await openReplication(context, directory));
  const { stateMachine, attach } = createStore({
    clock,
    ...(config.storeQuotaBytes === undefined ? {} : { quotaBytes: config.storeQuotaBytes }),
  });
  const replica = await startReplica({
    identity: { clusterId: config.clusterId, peerId: config.peerId },
    initialMembers: self.joined ? [] : config.members.filter(({ joined }) => !joined).map(({ id }) => id),
    peers: config.members.map(({ id, host, peerPort }) => ({ id, host, port: peerPort })),
    storage,
    transport,
    stateMachine,
    clock,
    random,
    logger: logger.child({ component: 'replica' }),
    ...(config.diskReserveBytes === 0 || context.replication !== undefined
      ? {}
      : { disk: { free: () => freeBytes(directory), reserve: config.diskReserveBytes } }),
    reads: config.reads.mode,
    limits: { maxClockDrift: config.reads.maxClockDriftPercent / 100 },
  });
  onStop(() => replica.stop());
  const store = attach(replica);
  onStop(() => store.close());
  return { replica, store };
}

/** Files in the peer's data directory, and connections to the other members. */
async function openReplication(context: PeerContext, directory: string): Promise<Replication> {
  const { config, self, tls, clock, random, logger } = context;
  // What is in its place already, the storage judges.
  if (!existsSync(directory)) makePrivateDir(directory);
  return {
    storage: await openLevelStorage(directory),
    transport: new WsTransport({
      clusterId: config.clusterId,
      peerId: config.peerId,
      listen: { host: self.host, port: self.peerPort },
      tls: { ca: tls.ca, certificate: tls.cert, key: tls.key },
      clock,
      random,
      logger: logger.child({ component: 'transport' }),
    }),
  };
}

/** Bytes that this process may still write there. */
async function freeBytes(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}
