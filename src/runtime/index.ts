export { type NodeCapacity, nodeCapacity } from './cgroup/index.ts';
export { RuntimeError } from './errors.ts';
export { openProcessRuntime, type ProcessRuntimeOptions } from './process-runtime.ts';
export * from './types.ts';
