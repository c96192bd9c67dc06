export type { Software } from './peer.ts';
export { ownSoftware, SimulationFailure, type SimulationOptions, type SimulationReport, simulate } from './simulate.ts';
