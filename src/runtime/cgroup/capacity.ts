import { availableParallelism, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { findOwnGroups, type OwnGroup } from './detect.ts';
import { readNumber, readText } from './files.ts';

/** What containers on this node can have in all: the machine's, or less where our own groups are limited. */
export interface NodeCapacity {
  cpuMillicores: number;
  memoryBytes: number;
  pids: number;
}

export function nodeCapacity(root = '/', machine = machineCapacity(root)): NodeCapacity {
  const own = findOwnGroups(root);
  const limit = (controller: string, read: (directory: string) => number): number => {
    const group = own.v1.get(controller) ?? own.v2;
    return group === undefined ? Number.POSITIVE_INFINITY : lowestOnTheWayUp(group, read);
  };
  return {
    cpuMillicores: Math.min(machine.cpuMillicores, limit('cpu', cpuLimit)),
    memoryBytes: Math.min(machine.memoryBytes, limit('memory', memoryLimit)),
    pids: Math.min(machine.pids, limit('pids', pidsLimit)),
  };
}

function machineCapacity(root: string): NodeCapacity {
  return {
    cpuMillicores: availableParallelism() * 1000,
    memoryBytes: totalmem(),
    pids: readNumber(join(root, 'proc/sys/kernel/pid_max')) ?? 32_768,
  };
}

function lowestOnTheWayUp(group: OwnGroup, read: (directory: string) => number): number {
  let lowest = Number.POSITIVE_INFINITY;
  for (let directory = group.directory; ; directory = dirname(directory)) {
    lowest = Math.min(lowest, read(directory));
    if (directory === group.mountPoint || directory === dirname(directory)) return lowest;
  }
}

function memoryLimit(directory: string): number {
  return (
    readNumber(join(directory, 'memory.max')) ??
    readNumber(join(directory, 'memory.limit_in_bytes')) ??
    Number.POSITIVE_INFINITY
  );
}

function pidsLimit(directory: string): number {
  return readNumber(join(directory, 'pids.max')) ?? Number.POSITIVE_INFINITY;
}

function cpuLimit(directory: string): number {
  const [quota, period] = readText(join(directory, 'cpu.max')).split(' ').map(Number);
  if (quota !== undefined && period !== undefined && quota > 0) return Math.floor((quota * 1000) / period);
  const quotaV1 = readNumber(join(directory, 'cpu.cfs_quota_us')) ?? -1;
  const periodV1 = readNumber(join(directory, 'cpu.cfs_period_us')) ?? 100_000;
  return quotaV1 > 0 ? Math.floor((quotaV1 * 1000) / periodV1) : Number.POSITIVE_INFINITY;
}
