export { startKubelet } from './kubelet.ts';
export type { Machine, MachineFacts, MachineState } from './machine.ts';
export * from './types.ts';
