import { join } from 'node:path';
import { resources } from '../api/index.ts';
import {
  createLocalClient,
  createRegistry,
  rbacAuthorizer,
  startKubernetesApi,
  superuserAuthorizer,
  unionAuthorizer,
} from '../apiserver/index.ts';
import { type Clock, errorMessage, type Logger, type Random, systemClock, systemRandom } from '../base/index.ts';
import { type Client, createInformerFactory } from '../client/index.ts';
import { startControllers } from '../controllers/index.ts';
import { openLevelStorage, startReplica, WsTransport } from '../replica/index.ts';
import { startScheduler } from '../scheduler/index.ts';
import { createStore, type Store } from '../store/index.ts';
import { keepBootstrapped } from './bootstrap.ts';
import type { MemberConfig, PeerConfig } from './config.ts';
import { runWhileLeading } from './control-plane.ts';
import { makePrivateDir } from './data-dir.ts';
import { startNode } from './node.ts';
import { rbacSource } from './rbac-source.ts';
import { kubeletRoute, statusRoute, storeRoute } from './routes.ts';
import { type PeerStatus, peerStatusOf } from './status.ts';
import { readTls } from './tls.ts';

export interface PeerOptions {
  config: PeerConfig;
  logger: Logger;
  clock?: Clock;
  random?: Random;
}

/** A peer that runs in this process. */
export interface Peer {
  readonly host: string;
  /** Of the Kubernetes API. */
  readonly port: number;
  /** The administrator's client, in process. */
  readonly client: Client;
  readonly store: Store;
  status(): PeerStatus;
  /** Rejects when the peer had to stop by itself, for instance because its disk failed. */
  readonly failed: Promise<never>;
  /** Stops serving. Pods go on running, for the next start to adopt, unless `workloads` says to stop them too. */
  stop(options?: { workloads?: boolean }): Promise<void>;
}

/**
 * Starts a peer: Raft member, API server and node in one process. Resolves when its API listens; `/readyz` tells when it serves.
 * Rejects with a KeelsonError (PORT_BUSY, DATA_LOCKED, DATA_CORRUPT, DATA_FOREIGN, …) whose text says what to do.
 */
export async function startPeer({
  config,
  logger,
  clock = systemClock,
  random = systemRandom,
}: PeerOptions): Promise<Peer> {
  const self = config.members.find(({ id }) => id === config.peerId) as MemberConfig;
  const tls = readTls(config);
  makePrivateDir(config.dataDir);
  // Whatever was started is stopped in the opposite order, also when a later step fails.
  const stops: (() => Promise<void> | void)[] = [];
  const stopAll = async (): Promise<void> => {
    for (const stop of stops.splice(0).reverse()) {
      await Promise.resolve(stop()).catch((error) => logger.warn({ error: errorMessage(error) }, 'stopping failed'));
    }
  };
  try {
    const storage = await openLevelStorage(join(config.dataDir, 'store'));
    const transport = new WsTransport({
      clusterId: config.clusterId,
      peerId: config.peerId,
      listen: { host: self.host, port: self.peerPort },
      tls: { ca: tls.ca, certificate: tls.cert, key: tls.key },
      clock,
      random,
      logger: logger.child({ component: 'transport' }),
    });
    transport.setPeers(config.members.map(({ id, host, peerPort }) => ({ id, host, port: peerPort })));
    const { stateMachine, attach } = createStore({ clock });
    const replica = await startReplica({
      identity: { clusterId: config.clusterId, peerId: config.peerId },
      initialMembers: config.members.map(({ id }) => id),
      storage,
      transport,
      stateMachine,
      clock,
      random,
      logger: logger.child({ component: 'replica' }),
    });
    stops.push(() => replica.stop());
    const store = attach(replica);
    stops.push(() => store.close());

    const registry = createRegistry({
      store,
      clock,
      random,
      logger: logger.child({ component: 'registry' }),
      serviceRange: config.serviceCIDR,
    });
    stops.push(() => registry.close());
    const admin = createLocalClient(registry, { name: 'system:apiserver', groups: ['system:masters'] });
    const informers = createInformerFactory({ client: admin, clock, random, logger });
    const rbac = rbacSource(informers);
    const authorizer = unionAuthorizer([superuserAuthorizer, rbacAuthorizer(rbac)]);
    const clientAs = (name: string, ...groups: string[]): Client =>
      createLocalClient(registry, { name, groups: [...groups, 'system:authenticated'] }, { authorizer });

    const node = await startNode({
      config,
      port: self.apiPort,
      host: self.host,
      client: clientAs(`system:node:${config.nodeName}`, 'system:nodes'),
      clock,
      random,
      logger: logger.child({ component: 'kubelet' }),
    });
    stops.push(() => node.stop());
    const api = await startKubernetesApi({
      registry,
      rbac,
      authorizer,
      tls,
      clock,
      logger: logger.child({ component: 'apiserver' }),
      listeners: [
        { host: self.host, port: self.apiPort, shared: false },
        ...(config.sharedApiPort === 0 ? [] : [{ host: self.host, port: config.sharedApiPort, shared: true }]),
      ],
      healthChecks: [
        { name: 'ping', live: true, check: () => {} },
        { name: 'store', live: false, check: () => store.readBarrier() },
        {
          name: 'bootstrap',
          live: false,
          check: async () => void (await admin.get(resources.namespaces, undefined, 'default')),
        },
      ],
      routes: [statusRoute(() => status()), kubeletRoute(node.handler)],
      upgradeRoutes: [storeRoute(store)],
    });
    stops.push(() => api.close());
    const status = (): PeerStatus =>
      peerStatusOf(config.clusterId, replica, store, { mode: node.mode(), pods: node.pods() });

    stops.push(() => informers.stop());
    informers.start();
    stops.push(keepBootstrapped(replica, admin, { serviceCIDR: config.serviceCIDR, apiPort: self.apiPort, logger }));
    const elected = { nodeName: config.nodeName, clock, random, logger };
    const controllers = runWhileLeading({
      ...elected,
      name: 'kube-controller-manager',
      client: clientAs('system:kube-controller-manager'),
      start: (context) => startControllers({ ...context, rootCa: tls.ca }),
    });
    stops.push(() => controllers.stop());
    const scheduler = runWhileLeading({
      ...elected,
      name: 'kube-scheduler',
      client: clientAs('system:kube-scheduler'),
      start: (context) => startScheduler(context),
    });
    stops.push(() => scheduler.stop());

    return {
      host: api.host,
      port: api.port,
      client: admin,
      store,
      status,
      failed: replica.failed,
      async stop({ workloads = false } = {}) {
        if (workloads) await node.stopWorkloads();
        await stopAll();
      },
    };
  } catch (error) {
    await stopAll();
    throw error;
  }
}
