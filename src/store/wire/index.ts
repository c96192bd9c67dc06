export { type ConnectStoreOptions, connectStore } from './client.ts';
export type { TlsOptions } from './link.ts';
export { defaultWireLimits, STORE_PATH, STORE_PROTOCOL, type WireLimits } from './protocol.ts';
export { type ServeStoreOptions, serveStore } from './server.ts';
