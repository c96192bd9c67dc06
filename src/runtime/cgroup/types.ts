import type { CgroupController } from '../types.ts';

/** Makes control groups for containers. Methods are synchronous: they touch kernel memory, not a disk. */
export interface CgroupManager {
  readonly version: 'v1' | 'v2' | 'hybrid' | 'none';
  readonly controllers: ReadonlySet<CgroupController>;
  /** Why limits of some kind can't be enforced here. */
  readonly reason?: string;
  /** Creates the group `path` (relative, a slash between levels) and its parents; limits go to the last level. */
  create(path: string, limits: CgroupLimits): Cgroup;
  /** Removes the group `path`, with those in it, and empty parents of ours. What has processes stays. */
  remove(path: string): void;
}

export interface CgroupLimits {
  memoryBytes?: number;
  cpuMillicores?: number;
  cpuRequestMillicores?: number;
  pids?: number;
}

/** Where a group lies: plain data that a container's state keeps, so that a later process finds it again. */
export type CgroupLocation =
  | { version: 'v1'; directories: Readonly<Record<string, string>> }
  | { version: 'v2'; directory: string };

/** One control group. Reads of what is missing or gone give 0 or an empty list. */
export interface Cgroup {
  readonly location: CgroupLocation;
  /** A process joins by writing 0 to each of these files. */
  readonly procsFiles: readonly string[];
  processes(): number[];
  /** How many processes the kernel killed because the memory limit was reached. */
  oomKills(): number;
  usage(): CgroupUsage;
  /** Kills everything in it, also what forks meanwhile; resolves when it is empty, false if it did not get so. */
  killAll(): Promise<boolean>;
  /** Removes the empty group. */
  remove(): void;
}

/** A figure is undefined where its controller is not there. */
export interface CgroupUsage {
  cpuNanoseconds?: number;
  memoryBytes?: number;
  memoryWorkingSetBytes?: number;
  pids?: number;
}
