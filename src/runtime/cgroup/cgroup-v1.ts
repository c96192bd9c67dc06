import { join } from 'node:path';
import type { CgroupController } from '../types.ts';
import {
  killPids,
  killUntilEmpty,
  makeDirectory,
  readField,
  readNumber,
  readPids,
  removeDirectory,
  removeUpTo,
  tryWriteText,
  writeText,
} from './files.ts';
import { cpuPeriodMicroseconds, cpuQuotaMicroseconds, cpuShares } from './limits.ts';
import type { Cgroup, CgroupLimits, CgroupLocation, CgroupManager, CgroupUsage } from './types.ts';

/** Controller (`memory`, `cpu`, `cpuacct`, `pids`) to the directory below which groups may be made. */
export type V1Bases = Readonly<Record<string, string>>;

/** Version 1: each controller is a tree of its own (or shares one), and a container has a group in each. */
export class CgroupV1Manager implements CgroupManager {
  readonly version: 'v1' | 'hybrid';
  readonly controllers: ReadonlySet<CgroupController>;
  readonly reason?: string;
  readonly #bases: V1Bases;

  constructor(bases: V1Bases, version: 'v1' | 'hybrid', reason?: string) {
    this.version = version;
    this.reason = reason;
    this.#bases = bases;
    this.controllers = new Set((['memory', 'cpu', 'pids'] as const).filter((controller) => controller in bases));
  }

  create(path: string, limits: CgroupLimits): Cgroup {
    const directories: Record<string, string> = {};
    for (const [controller, base] of Object.entries(this.#bases)) {
      directories[controller] = join(base, path);
      makeDirectory(directories[controller]);
    }
    applyLimits(directories, limits);
    return new CgroupV1({ version: 'v1', directories });
  }

  remove(path: string): void {
    for (const base of new Set(Object.values(this.#bases))) removeUpTo(base, join(base, path));
  }
}

function applyLimits(directories: Readonly<Record<string, string>>, limits: CgroupLimits): void {
  const { memory, cpu, pids } = directories;
  if (memory && limits.memoryBytes !== undefined) {
    writeText(join(memory, 'memory.limit_in_bytes'), limits.memoryBytes);
    // Memory and swap together get the same limit, hence no swap; kernels without swap accounting lack the file.
    tryWriteText(join(memory, 'memory.memsw.limit_in_bytes'), limits.memoryBytes);
    tryWriteText(join(memory, 'memory.swappiness'), 0);
  }
  if (cpu && limits.cpuMillicores !== undefined) {
    writeText(join(cpu, 'cpu.cfs_period_us'), cpuPeriodMicroseconds);
    writeText(join(cpu, 'cpu.cfs_quota_us'), cpuQuotaMicroseconds(limits.cpuMillicores));
  }
  if (cpu && limits.cpuRequestMillicores !== undefined) {
    writeText(join(cpu, 'cpu.shares'), cpuShares(limits.cpuRequestMillicores));
  }
  if (pids && limits.pids !== undefined) writeText(join(pids, 'pids.max'), limits.pids);
}

export class CgroupV1 implements Cgroup {
  readonly location: CgroupLocation & { version: 'v1' };
  readonly procsFiles: readonly string[];
  readonly #directories: Readonly<Record<string, string>>;

  constructor(location: CgroupLocation & { version: 'v1' }) {
    this.location = location;
    this.#directories = location.directories;
    this.procsFiles = [...new Set(Object.values(location.directories))].map((directory) =>
      join(directory, 'cgroup.procs'),
    );
  }

  processes(): number[] {
    return [...new Set(this.procsFiles.flatMap(readPids))];
  }

  oomKills(): number {
    return this.#read('memory', (directory) => readField(join(directory, 'memory.oom_control'), 'oom_kill')) ?? 0;
  }

  usage(): CgroupUsage {
    const memoryBytes = this.#number('memory', 'memory.usage_in_bytes');
    const droppable =
      this.#read('memory', (directory) => readField(join(directory, 'memory.stat'), 'total_inactive_file')) ?? 0;
    return {
      cpuNanoseconds: this.#number('cpuacct', 'cpuacct.usage'),
      memoryBytes,
      memoryWorkingSetBytes: memoryBytes === undefined ? undefined : Math.max(0, memoryBytes - droppable),
      pids: this.#number('pids', 'pids.current'),
    };
  }

  killAll(): Promise<boolean> {
    return killUntilEmpty(
      () => this.processes(),
      () => {
        if (this.#directories.pids) tryWriteText(join(this.#directories.pids, 'pids.max'), 0);
      },
      killPids,
    );
  }

  remove(): void {
    for (const directory of new Set(Object.values(this.#directories))) removeDirectory(directory);
  }

  #read(controller: string, read: (directory: string) => number | undefined): number | undefined {
    const directory = this.#directories[controller];
    return directory === undefined ? undefined : read(directory);
  }

  #number(controller: string, file: string): number | undefined {
    return this.#read(controller, (directory) => readNumber(join(directory, file)));
  }
}
