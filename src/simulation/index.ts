export type { Software } from './peer.ts';
export { SimulationFailure, type SimulationOptions, type SimulationReport, simulate } from './simulate.ts';
