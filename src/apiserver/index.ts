export { defaultAdmissionPlugins } from './admission/index.ts';
export { checkPolicyTypes } from './admission/policy/index.ts';
export { type KubernetesApiOptions, startKubernetesApi } from './api-server.ts';
export {
  type Auditor,
  type AuditPolicy,
  type AuditSink,
  auditLevels,
  auditStages,
  createAuditor,
} from './audit/index.ts';
export { type OidcOptions, oidcAuthenticator } from './authentication/oidc/index.ts';
export * from './authentication/service-account/index.ts';
export type { Authenticator, TokenAuthenticator } from './authentication/types.ts';
export * from './authorization/index.ts';
export type { Exchange } from './exchange.ts';
export {
  AUTO_UPDATE,
  defaultFlowSchemas,
  defaultPriorityLevels,
  type FlowControlSource,
  mandatoryNames,
} from './flow-control/index.ts';
export type { HealthCheck } from './health.ts';
export { readBody } from './http/body.ts';
export { drained } from './http/drained.ts';
export { sendJson } from './http/respond.ts';
export { createLocalClient, type LocalClientOptions } from './local-client.ts';
export { metricsTypes } from './metrics-api/index.ts';
export { createRegistry, type Registry, type RegistryOptions, type RunningRegistry } from './registry/index.ts';
export type { ApiServer, Listener, Route, TlsMaterial, UpgradeRoute } from './server.ts';
