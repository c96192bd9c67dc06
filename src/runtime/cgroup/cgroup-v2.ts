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
import { cpuPeriodMicroseconds, cpuQuotaMicroseconds, cpuShares, cpuWeight } from './limits.ts';
import type { Cgroup, CgroupLimits, CgroupLocation, CgroupManager, CgroupUsage } from './types.ts';

/** Version 2: one tree; a group's controllers must be enabled in its parent, which may then hold no processes. */
export class CgroupV2Manager implements CgroupManager {
  readonly version = 'v2';
  readonly controllers: ReadonlySet<CgroupController>;
  readonly reason?: string;
  readonly #base: string;

  /** Groups go below `base`, a directory (made when needed) whose parent has the controllers enabled. */
  constructor(base: string, controllers: ReadonlySet<CgroupController>, reason?: string) {
    this.#base = base;
    this.controllers = controllers;
    this.reason = reason;
  }

  create(path: string, limits: CgroupLimits): Cgroup {
    const enable = [...this.controllers].map((controller) => `+${controller}`).join(' ');
    let directory = this.#base;
    makeDirectory(directory);
    for (const level of path.split('/')) {
      writeText(join(directory, 'cgroup.subtree_control'), enable);
      directory = join(directory, level);
      makeDirectory(directory);
    }
    this.#applyLimits(directory, limits);
    return new CgroupV2({ version: 'v2', directory });
  }

  #applyLimits(directory: string, limits: CgroupLimits): void {
    if (this.controllers.has('memory')) {
      if (limits.memoryBytes !== undefined) {
        writeText(join(directory, 'memory.max'), limits.memoryBytes);
        tryWriteText(join(directory, 'memory.swap.max'), 0);
      }
      // One process of a container out of memory ends the container, as the kubelet has it.
      tryWriteText(join(directory, 'memory.oom.group'), 1);
    }
    if (this.controllers.has('cpu')) {
      if (limits.cpuMillicores !== undefined) {
        const quota = cpuQuotaMicroseconds(limits.cpuMillicores);
        writeText(join(directory, 'cpu.max'), `${quota} ${cpuPeriodMicroseconds}`);
      }
      if (limits.cpuRequestMillicores !== undefined) {
        writeText(join(directory, 'cpu.weight'), cpuWeight(cpuShares(limits.cpuRequestMillicores)));
      }
    }
    if (this.controllers.has('pids') && limits.pids !== undefined) {
      writeText(join(directory, 'pids.max'), limits.pids);
    }
  }

  remove(path: string): void {
    removeUpTo(this.#base, join(this.#base, path));
  }
}

export class CgroupV2 implements Cgroup {
  readonly location: CgroupLocation & { version: 'v2' };
  readonly procsFiles: readonly string[];
  readonly #directory: string;

  constructor(location: CgroupLocation & { version: 'v2' }) {
    this.location = location;
    this.#directory = location.directory;
    this.procsFiles = [join(location.directory, 'cgroup.procs')];
  }

  processes(): number[] {
    return readPids(join(this.#directory, 'cgroup.procs'));
  }

  oomKills(): number {
    return readField(join(this.#directory, 'memory.events'), 'oom_kill') ?? 0;
  }

  usage(): CgroupUsage {
    const microseconds = readField(join(this.#directory, 'cpu.stat'), 'usage_usec');
    const memoryBytes = readNumber(join(this.#directory, 'memory.current'));
    const droppable = readField(join(this.#directory, 'memory.stat'), 'inactive_file') ?? 0;
    return {
      cpuNanoseconds: microseconds === undefined ? undefined : microseconds * 1000,
      memoryBytes,
      memoryWorkingSetBytes: memoryBytes === undefined ? undefined : Math.max(0, memoryBytes - droppable),
      pids: readNumber(join(this.#directory, 'pids.current')),
    };
  }

  killAll(): Promise<boolean> {
    return killUntilEmpty(
      () => this.processes(),
      () => void tryWriteText(join(this.#directory, 'pids.max'), 0),
      // Kernels before 5.14 have no cgroup.kill.
      (pids) => {
        if (!tryWriteText(join(this.#directory, 'cgroup.kill'), 1)) killPids(pids);
      },
    );
  }

  remove(): void {
    removeDirectory(this.#directory);
  }
}
