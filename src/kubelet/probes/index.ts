export { ContainerProbes } from './container-probes.ts';
export { type HandlerContext, type HandlerResult, runHandler } from './handlers.ts';
export type { ProbeKind } from './probe-state.ts';
