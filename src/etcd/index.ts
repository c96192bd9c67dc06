export { connectEtcdStore, type EtcdStore, type EtcdStoreOptions } from './client/store.ts';
export type { EtcdMember } from './context.ts';
export { loadProtocol, type Protocol } from './protocol.ts';
export { type EtcdServer, type EtcdServerOptions, startEtcdServer } from './server.ts';
