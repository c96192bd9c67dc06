import { findResource, type ResourceType } from '../api/index.ts';
import { type Clock, type Logger, type Random, systemRandom } from '../base/index.ts';
import type { Auditor } from './audit/index.ts';
import { bearerAuthenticator } from './authentication/bearer.ts';
import { bootstrapTokenAuthenticator } from './authentication/bootstrap-token.ts';
import { type ServiceAccountTokens, serviceAccountAuthenticator } from './authentication/service-account/index.ts';
import { type TokenAuthenticator, unionAuthenticator, unionTokenAuthenticator } from './authentication/types.ts';
import { x509Authenticator } from './authentication/x509.ts';
import type { Authorizer, RbacSource } from './authorization/index.ts';
import { discoveryRoute } from './discovery.ts';
import { FlowControl, type FlowControlSource, flowControlStage } from './flow-control/index.ts';
import { type HealthCheck, healthRoute } from './health.ts';
import { sendJson, sendText } from './http/respond.ts';
import { issuerRoute } from './issuer.ts';
import { createKubeletConnection } from './kubelet-connection.ts';
import { createRequestMetrics } from './metrics.ts';
import { metricsApiRoute, metricsTypes } from './metrics-api/index.ts';
import { openApiRoute } from './openapi.ts';
import { podConnectRoute, podConnectWithoutUpgrade } from './pod-connect.ts';
import { podLogRoute } from './pod-log.ts';
import { proxyRoute, proxyUpgradeRoute } from './proxy/index.ts';
import type { RunningRegistry } from './registry/index.ts';
import { notFoundRoute, resourceRoute } from './resources.ts';
import { reviewRoute } from './reviews/index.ts';
import { rootPathsRoute } from './root-paths.ts';
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
  registry: RunningRegistry;
  authorizer: Authorizer;
  /** The rules behind it, for those who ask what they may do. */
  rbac: RbacSource;
  /** The rules of who waits for whom. */
  flowControl: FlowControlSource;
  /** Makes and checks service accounts' tokens; absent: there are none. */
  tokens?: ServiceAccountTokens | undefined;
  /** Further kinds of bearer tokens. */
  tokenAuthenticators?: readonly TokenAuthenticator[];
  tls: TlsMaterial;
  listeners: readonly Listener[];
  healthChecks: readonly HealthCheck[];
  /** Tried before the Kubernetes API's own. */
  routes?: readonly Route[];
  upgradeRoutes?: readonly UpgradeRoute[];
  /** Further metrics, in Prometheus' text format. */
  metrics?: () => string;
  auditor?: Auditor | undefined;
  clock: Clock;
  /** Default: the machine's. */
  random?: Random;
  logger: Logger;
}

/** The API server of one peer: everything that kubectl, helm and client libraries talk to. */
export async function startKubernetesApi(options: KubernetesApiOptions): Promise<ApiServer> {
  const { registry, authorizer, tls, clock, random = systemRandom, logger, tokens } = options;
  const { state } = registry;
  const audiences = tokens?.audiences ?? [];
  const bearers = unionTokenAuthenticator([
    ...(tokens === undefined ? [] : [serviceAccountAuthenticator({ tokens, state, clock })]),
    bootstrapTokenAuthenticator({ state, clock, audiences }),
    ...(options.tokenAuthenticators ?? []),
  ]);
  const authenticator = unionAuthenticator([x509Authenticator(), bearerAuthenticator(bearers, audiences)]);
  const types = {
    pods: findResource('', 'v1', 'pods') as ResourceType,
    services: findResource('', 'v1', 'services') as ResourceType,
    nodes: findResource('', 'v1', 'nodes') as ResourceType,
    endpointSlices: findResource('discovery.k8s.io', 'v1', 'endpointslices') as ResourceType,
  };
  const kubelets = createKubeletConnection({ registry, nodes: types.nodes, tls });
  const proxy = { registry, types, random, kubelets };
  const podConnect = { registry, pods: types.pods, kubelets, authorizer };
  const metrics = createRequestMetrics(() => clock.monotonic());
  const now = (): number => clock.now();
  const flowControl = new FlowControl({ source: options.flowControl, clock });
  const routes: Route[] = [
    ...(options.routes ?? []),
    healthRoute(options.healthChecks),
    rootPathsRoute(registry.scheme, options.healthChecks, tokens !== undefined),
    versionRoute,
    metricsRoute(() => metrics.text() + flowControl.metrics() + (options.metrics?.() ?? '')),
    discoveryRoute(registry.scheme, metricsTypes),
    openApiRoute(registry.scheme),
    ...(tokens === undefined ? [] : [issuerRoute(tokens)]),
    reviewRoute({ authorizer, rbac: options.rbac, tokens: bearers, audiences }),
    proxyRoute(proxy),
    metricsApiRoute({ registry, types, kubelets, now }),
    resourceRoute({
      registry,
      subresources: { 'pods/log': podLogRoute(registry, kubelets), ...podConnectWithoutUpgrade(podConnect) },
      now,
    }),
  ];
  const server = await startApiServer({
    tls,
    clock,
    logger,
    metrics,
    auditor: options.auditor,
    routes,
    listeners: options.listeners,
    notFound: notFoundRoute,
    upgradeRoutes: [
      ...(options.upgradeRoutes ?? []),
      podConnectRoute(podConnect),
      proxyUpgradeRoute(proxy),
      watchApiRoute({ registry, authorizer }),
      watchUpgradeRoute({ registry, now }),
    ],
    stages: createStages(
      authenticator,
      authorizer,
      flowControlStage(flowControl, (info) => registry.count(info)),
    ),
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
