import type { CgroupController } from '../types.ts';
import { CgroupV1 } from './cgroup-v1.ts';
import type { Cgroup, CgroupManager } from './types.ts';

/** No group can be made on this machine: limits are not enforced, and `reason` says why. */
export class NoCgroupManager implements CgroupManager {
  readonly version = 'none';
  readonly controllers: ReadonlySet<CgroupController> = new Set();
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }

  create(): Cgroup {
    return new CgroupV1({ version: 'v1', directories: {} });
  }

  remove(): void {}
}
