import { type apiregistrationv1, resources } from '../api/index.ts';
import {
  checkPolicyTypes,
  claimsForSecret,
  createLocalClient,
  createRegistry,
  defaultAdmissionPlugins,
  metricsTypes,
  nodeAuthorizer,
  rbacAuthorizer,
  startKubernetesApi,
  superuserAuthorizer,
  unionAuthorizer,
} from '../apiserver/index.ts';
import { type Clock, errorMessage, type Logger, type Random, systemClock, systemRandom } from '../base/index.ts';
import { type Client, createInformerFactory } from '../client/index.ts';
import type { Storage, Transport } from '../replica/index.ts';
import type { Store } from '../store/index.ts';
import { mayRequest, openAuditor, openProviders, openTokens } from './access.ts';
import { keepApiServices } from './api-services.ts';
import { keepBootstrapped } from './bootstrap.ts';
import { startComponents } from './components.ts';
import type { MemberConfig, PeerConfig } from './config.ts';
import type { PeerContext } from './context.ts';
import { flowControlSource, keepFlowControl } from './flow-control.ts';
import { openPeerStore } from './peer-store.ts';
import { rbacSource } from './rbac-source.ts';
import { kubeletRoute, kubeletUpgradeRoute, statusRoute, storeRoute } from './routes.ts';
import { metricsOf, type PeerStatus } from './status.ts';
import { readTls } from './tls.ts';

export interface PeerOptions {
  config: PeerConfig;
  logger: Logger;
  clock?: Clock;
  random?: Random;
  /** Default: files in the data directory, and connections to the other members. */
  replication?: Replication | undefined;
}

/** What the embedded store is kept in, and how its messages reach the other members. */
export interface Replication {
  storage: Storage;
  transport: Transport;
}

/** A peer that runs in this process. */
export interface Peer {
  readonly host: string;
  /** Of the Kubernetes API. */
  readonly port: number;
  /** The administrator's client, in process. */
  readonly client: Client;
  readonly store: Store;
  /** Rejects as long as the peer does not serve, as `/readyz` tells. */
  ready(): Promise<void>;
  status(): PeerStatus;
  /** Rejects when the peer had to stop by itself, for instance because its disk failed. */
  readonly failed: Promise<never>;
  /** Stops serving. Pods go on running, for the next start to adopt, unless `workloads` says to stop them too. */
  stop(options?: { workloads?: boolean }): Promise<void>;
}

/**
 * Starts a peer: store, API server and node in one process. Resolves when its API listens; `/readyz` tells when it serves.
 * Rejects with a KeelsonError (PORT_BUSY, DATA_LOCKED, DATA_CORRUPT, DATA_FOREIGN, PKI, UNAVAILABLE for an etcd that does not answer, …) whose text says what to do.
 */
export async function startPeer(options: PeerOptions): Promise<Peer> {
  const { config, logger, clock = systemClock, random = systemRandom, replication } = options;
  const self = config.members.find(({ id }) => id === config.peerId) as MemberConfig;
  const stops: (() => Promise<void> | void)[] = [];
  const stopAll = async (): Promise<void> => {
    for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) {
      try {
        await stop();
      } catch (error) {
        logger.warn({ error: errorMessage(error) }, 'stopping failed');
      }
    }
  };
  const tls = readTls(config, clock.now());
  try {
    const onStop: PeerContext['onStop'] = (stop) => stops.push(stop);
    return await start({ config, self, tls, clock, random, logger, replication, onStop }, stopAll);
  } catch (error) {
    await stopAll();
    throw error;
  }
}

async function start(context: PeerContext, stopAll: () => Promise<void>): Promise<Peer> {
  const { config, self, tls, clock, random, logger, onStop } = context;
  const backend = await openPeerStore(context);
  const { store } = backend;
  const tokens = openTokens(context);
  const registry = createRegistry({
    store,
    clock,
    random,
    logger: logger.child({ component: 'registry' }),
    serviceRange: config.serviceCIDR,
    tokens,
    admission: (state) =>
      defaultAdmissionPlugins(state, {
        ...config,
        tokenVolumes: tokens && random,
        random,
        logger: logger.child({ component: 'admission' }),
        authorizer: { authorize: (attributes) => authorizer.authorize(attributes) },
      }),
  });
  onStop(() => registry.close());
  const admin = createLocalClient(registry, { name: 'system:apiserver', groups: ['system:masters'] });
  const informers = createInformerFactory({ client: admin, clock, random, logger });
  const rbac = rbacSource(informers);
  const flowControl = flowControlSource(informers);
  const services = informers.informer<apiregistrationv1.APIService>(resources.apiServices);
  const authorizer = unionAuthorizer([superuserAuthorizer, nodeAuthorizer(registry.state), rbacAuthorizer(rbac)]);
  const components = startComponents(context, {
    bootstrapped: rbac.bootstrapped(),
    signSecretToken: tokens && ((claims) => tokens.signLegacy(claimsForSecret(claims))),
    mayRequest: mayRequest(authorizer),
    checkPolicyTypes: (policy) => checkPolicyTypes(policy, registry.scheme),
    clientAs: (name, ...groups) =>
      createLocalClient(registry, { name, groups: [...groups, 'system:authenticated'] }, { authorizer }),
  });
  const status = (): PeerStatus => {
    const { peerId, clusterId } = config;
    const node = components.node();
    return { peerId, clusterId, ...backend.state(), mode: node?.mode ?? '', pods: node?.pods() ?? 0 };
  };
  let bootstrapped = false;
  const checkBootstrapped = async (): Promise<void> => {
    // The last of what pods need; whether somebody deletes it later is no matter of this peer's.
    if (!bootstrapped) await admin.get(resources.serviceAccounts, 'default', 'default');
    bootstrapped = true;
  };
  const api = await startKubernetesApi({
    registry,
    rbac,
    flowControl,
    authorizer,
    auditor: await openAuditor(context),
    tokens,
    tokenAuthenticators: openProviders(context, tokens?.audiences ?? []),
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
      { name: 'bootstrap', live: false, check: checkBootstrapped },
    ],
    metrics: () => metricsOf(status()),
    routes: [statusRoute(status), ...backend.routes, kubeletRoute(components.node)],
    upgradeRoutes: [storeRoute(store), kubeletUpgradeRoute(components.node)],
  });
  onStop(() => api.close());
  await backend.serve();
  informers.start();
  onStop(() => informers.stop());
  const { serviceCIDR } = config;
  const bootstrapping = { serviceCIDR, apiPort: self.apiPort, clientCa: tls.ca, clock, random, logger };
  onStop(keepBootstrapped(backend.bootstrapTurn, admin, bootstrapping));
  const synced = informers.synced();
  const upkeep = { turn: backend.bootstrapTurn, client: admin, clock, logger };
  onStop(keepFlowControl({ ...upkeep, source: flowControl, synced }));
  onStop(keepApiServices({ ...upkeep, scheme: registry.scheme, further: metricsTypes, services }));
  return {
    host: api.host,
    port: api.port,
    client: admin,
    store,
    async ready() {
      await store.readBarrier();
      await checkBootstrapped();
    },
    status,
    failed: backend.failed,
    async stop({ workloads = false } = {}) {
      if (workloads) await components.stopWorkloads();
      await stopAll();
    },
  };
}
