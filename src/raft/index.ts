export { decodeConfiguration, encodeConfiguration } from './configuration.ts';
export { createRaft } from './raft.ts';
export * from './types.ts';
