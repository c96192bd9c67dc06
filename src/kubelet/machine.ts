import { readFile, statfs } from 'node:fs/promises';
import { arch, hostname, release } from 'node:os';
import type { v1 } from '../api/index.ts';
import { type NodeCapacity, nodeCapacity } from '../runtime/index.ts';

/** What can be told of the machine, read anew each time. */
export interface MachineState {
  memoryAvailableBytes: number;
  disk: { bytes: number; availableBytes: number; inodes: number; availableInodes: number };
  /** Threads that run or sleep. */
  threads: number;
}

/** What stays the same until the machine is started anew. */
export interface MachineFacts {
  hostname: string;
  architecture: string;
  info: Pick<v1.NodeSystemInfo, 'machineID' | 'systemUUID' | 'bootID' | 'kernelVersion' | 'osImage'>;
}

export interface Machine {
  readonly capacity: NodeCapacity;
  facts(): Promise<MachineFacts>;
  state(): Promise<MachineState>;
  usage(): Promise<MachineUsage>;
}

export interface MachineUsage {
  /** Since the machine was started. */
  cpuNanoseconds: number;
  /** Without what the kernel can take back at once. */
  memoryWorkingSetBytes: number;
}

/** Of /proc/stat; fixed by the kernel's user interface on all common architectures. */
const clockTicksPerSecond = 100;

/** The machine that this process runs on; `directory` is on the disk that counts. */
export function thisMachine(directory: string): Machine {
  const capacity = nodeCapacity();
  return {
    capacity,
    async facts() {
      const [machineId, uuid, boot, os] = await Promise.all([
        readOr('/etc/machine-id', ''),
        readOr('/sys/class/dmi/id/product_uuid', ''),
        readOr('/proc/sys/kernel/random/boot_id', ''),
        readOr('/etc/os-release', ''),
      ]);
      return {
        hostname: hostname().toLowerCase(),
        architecture: goArchitectures[arch()] ?? arch(),
        info: {
          machineID: machineId,
          systemUUID: uuid || machineId,
          bootID: boot,
          kernelVersion: release(),
          osImage: /^PRETTY_NAME="?([^"\n]*)/m.exec(os)?.[1] ?? 'Linux',
        },
      };
    },
    async usage() {
      const [stat, meminfo] = await Promise.all([readOr('/proc/stat', ''), readOr('/proc/meminfo', '')]);
      const [user = 0, nice = 0, system = 0, _idle, _waiting, irq = 0, softirq = 0, stolen = 0] = (
        /^cpu\s+(.*)/m.exec(stat)?.[1] ?? ''
      )
        .split(' ')
        .map(Number);
      const kibibytes = (field: string): number =>
        Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(meminfo)?.[1] ?? 0);
      return {
        cpuNanoseconds: ((user + nice + system + irq + softirq + stolen) * 1e9) / clockTicksPerSecond,
        memoryWorkingSetBytes: (kibibytes('MemTotal') - kibibytes('MemAvailable')) * 1024,
      };
    },
    async state() {
      const [meminfo, loadavg, fs] = await Promise.all([
        readOr('/proc/meminfo', ''),
        readOr('/proc/loadavg', ''),
        statfs(directory),
      ]);
      const available = /^MemAvailable:\s+(\d+)/m.exec(meminfo)?.[1];
      return {
        memoryAvailableBytes: available === undefined ? capacity.memoryBytes : Number(available) * 1024,
        threads: Number(/\d+\/(\d+)/.exec(loadavg)?.[1] ?? 0),
        disk: {
          bytes: fs.blocks * fs.bsize,
          availableBytes: fs.bavail * fs.bsize,
          inodes: fs.files,
          availableInodes: fs.ffree,
        },
      };
    },
  };
}

const goArchitectures: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le' };

async function readOr(path: string, otherwise: string): Promise<string> {
  return readFile(path, 'utf8').then(
    (text) => text.trim(),
    () => otherwise,
  );
}
