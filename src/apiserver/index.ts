export { type KubernetesApiOptions, startKubernetesApi } from './api-server.ts';
export type { Authenticator } from './authentication/types.ts';
export * from './authorization/index.ts';
export type { Exchange } from './exchange.ts';
export type { HealthCheck } from './health.ts';
export { sendJson } from './http/respond.ts';
export { createLocalClient, type LocalClientOptions } from './local-client.ts';
export { createRegistry, type Registry, type RegistryOptions, type RunningRegistry } from './registry/index.ts';
export type { ApiServer, Listener, Route, TlsMaterial, UpgradeRoute } from './server.ts';
