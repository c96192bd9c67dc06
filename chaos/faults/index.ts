import { clockJump } from './clock-jump.ts';
import { diskFull, diskStall } from './disk.ts';
import type { Fault } from './fault.ts';
import { kill, killLeader } from './kill.ts';
import { delay, loss, reset } from './network.ts';
import { partition } from './partition.ts';
import { pauseProcess } from './pause.ts';

export type { ActiveFault, Fault } from './fault.ts';
export { kill, killLeader, loss, partition, pauseProcess };

export const faults: readonly Fault[] = [
  kill,
  pauseProcess,
  partition,
  loss,
  delay,
  reset,
  diskFull,
  diskStall,
  clockJump,
];
