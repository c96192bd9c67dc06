export { MachineClock } from './clock.ts';
export { type DiskFaults, MachineDisk, soundDisk } from './disk.ts';
export { EventLoop } from './event-loop.ts';
export { Life } from './life.ts';
export { calmNetwork, type NetworkFaults, SimulatedNetwork } from './network.ts';
export { Trace } from './trace.ts';
