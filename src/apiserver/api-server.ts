import { findResource, type ResourceType, resourceTypes } from '../api/index.ts';
import { type Clock, type Logger, type Random, systemRandom } from '../base/index.ts';
import { type Authenticator, unionAuthenticator } from './authentication/types.ts';
import { x509Authenticator } from './authentication/x509.ts';
import type { Authorizer, RbacSource } from './authorization/index.ts';
import { discoveryRoute } from './discovery.ts';
import { type HealthCheck, healthRoute } from './health.ts';
import { sendJson, sendText } from './http/respond.ts';
import { createKubeletConnection } from './kubelet-connection.ts';
import { createRequestMetrics } from './metrics.ts';
import { metricsApiRoute, metricsTypes } from './metrics-api/index.ts';
import { openApiRoute } from './openapi.ts';
import { podConnectRoute, podConnectWithoutUpgrade } from './pod-connect.ts';
import { podLogRoute } from './pod-log.ts';
import { proxyRoute, proxyUpgradeRoute } from './proxy/index.ts';
import type { Registry } from './registry/index.ts';
import { notFoundRoute, resourceRoute } from './resources.ts';
import { reviewRoute } from './reviews.ts';
import {
  type ApiServer,
  type Listener,
  type Route,
  startApiServer,
  type TlsMaterial,
  type UpgradeRoute,
} from './server.ts';
import { createStages } from './stages.ts';
import { versionInfo } from './version.ts';
import { watchApiRoute } from './watch-api/index.ts';
import { watchUpgradeRoute } from './watch-upgrade.ts';

export interface KubernetesApiOptions {
  registry: Registry;
  authorizer: Authorizer;
  /** The rules behind it, for those who ask what they may do. */
  rbac: RbacSource;
  /** Ways to tell who asks, beside client certificates. */
  authenticators?: readonly Authenticator[];
  tls: TlsMaterial;
  listeners: readonly Listener[];
  healthChecks: readonly HealthCheck[];
  /** Tried before the Kubernetes API's own. */
  routes?: readonly Route[];
  upgradeRoutes?: readonly UpgradeRoute[];
  /** Further metrics, in Prometheus' text format. */
  metrics?: () => string;
  clock: Clock;
  /** Default: the machine's. */
  random?: Random;
  logger: Logger;
}

/** The API server of one peer: everything that kubectl, helm and client libraries talk to. */
export async function startKubernetesApi(options: KubernetesApiOptions): Promise<ApiServer> {
  const { registry, authorizer, tls, clock, random = systemRandom, logger } = options;
  const authenticator = unionAuthenticator([x509Authenticator(), ...(options.authenticators ?? [])]);
  const types = {
    pods: findResource('', 'v1', 'pods') as ResourceType,
    services: findResource('', 'v1', 'services') as ResourceType,
    nodes: findResource('', 'v1', 'nodes') as ResourceType,
    endpointSlices: findResource('discovery.k8s.io', 'v1', 'endpointslices') as ResourceType,
  };
  const kubelets = createKubeletConnection({ registry, nodes: types.nodes, tls });
  const proxy = { registry, types, random, kubelets };
  const metrics = createRequestMetrics(() => clock.monotonic());
  const now = (): number => clock.now();
  const routes: Route[] = [
    ...(options.routes ?? []),
    healthRoute(options.healthChecks),
    versionRoute,
    metricsRoute(() => metrics.text() + (options.metrics?.() ?? '')),
    discoveryRoute([...resourceTypes(), ...metricsTypes]),
    openApiRoute(),
    reviewRoute(authorizer, options.rbac),
    proxyRoute(proxy),
    metricsApiRoute({ registry, types, kubelets }),
    resourceRoute({
      registry,
      findResource,
      subresources: { 'pods/log': podLogRoute(registry, kubelets), ...podConnectWithoutUpgrade },
      now,
    }),
  ];
  const server = await startApiServer({
    tls,
    logger,
    metrics,
    routes,
    listeners: options.listeners,
    notFound: notFoundRoute,
    upgradeRoutes: [
      ...(options.upgradeRoutes ?? []),
      podConnectRoute({ registry, pods: types.pods, kubelets, authorizer }),
      proxyUpgradeRoute(proxy),
      watchApiRoute({ registry, authorizer, findResource }),
      watchUpgradeRoute({ registry, findResource, now }),
    ],
    stages: createStages(authenticator, authorizer),
  });
  return {
    host: server.host,
    port: server.port,
    async close() {
      kubelets.close();
      await server.close();
    },
  };
}

const versionRoute: Route = async (exchange) => {
  if (exchange.info.path !== '/version' && exchange.info.path !== '/version/') return false;
  await sendJson(exchange, 200, versionInfo());
  return true;
};

function metricsRoute(text: () => string): Route {
  return async (exchange) => {
    if (exchange.info.path !== '/metrics') return false;
    await sendText(exchange, 200, text());
    return true;
  };
}
