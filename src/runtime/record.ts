import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { errorMessage } from '../base/index.ts';
import type { CgroupLocation } from './cgroup/index.ts';
import { RuntimeError } from './errors.ts';
import type { ContainerConfig, SandboxConfig } from './types.ts';

/** What is kept of a container besides the files of its shim. Never changes. */
export interface ContainerRecord {
  id: string;
  sandboxId: string;
  podUid: string;
  hostname: string;
  createdAtMs: number;
  config: ContainerConfig;
  cgroup: CgroupLocation;
}

export interface SandboxRecord {
  id: string;
  createdAtMs: number;
  config: SandboxConfig;
  stopped: boolean;
}

/** Written beside and renamed, so that a reader sees all of it or nothing; for the owner only, since it holds secrets. */
export function writeRecord(path: string, record: ContainerRecord | SandboxRecord): void {
  writeFileSync(`${path}.new`, JSON.stringify(record), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

export function readRecord<T extends ContainerRecord | SandboxRecord>(path: string): T {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch (error) {
    throw new RuntimeError('STATE_CORRUPT', `can't read ${path}: ${errorMessage(error)}`, { cause: error });
  }
}
