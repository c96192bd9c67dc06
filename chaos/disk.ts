import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../src/base/index.ts';
import { system } from './network/commands.ts';

const CHUNK = Buffer.alloc(1024 * 1024, 1);

/** A file system of its own, small enough to be filled: on a loop device, or in memory where there is none. Needs root. */
export class SmallDisk {
  /** Whether it can stand still; one in memory can't. */
  readonly canStall: boolean;
  readonly #path: string;
  #stalled = false;

  constructor(path: string, megabytes: number) {
    this.#path = path;
    mkdirSync(path, { recursive: true });
    this.canStall = mountLoop(path, megabytes);
    if (!this.canStall) system('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=700`, 'chaos', path]);
  }

  /** Until not a byte fits in. */
  fill(): void {
    const file = openSync(this.#ballast, 'a');
    try {
      for (let size = CHUNK.length; size >= 1; ) {
        try {
          // A short write means that it is about to be full.
          if (writeSync(file, CHUNK, 0, size) < size) size >>= 1;
        } catch (error) {
          if (errorCode(error) !== 'ENOSPC') throw error;
          size >>= 1;
        }
      }
    } finally {
      closeSync(file);
    }
  }

  free(): void {
    rmSync(this.#ballast, { force: true });
  }

  /** From now on, whoever writes waits. */
  stall(): void {
    system('fsfreeze', ['--freeze', this.#path]);
    this.#stalled = true;
  }

  goOn(): void {
    if (this.#stalled) system('fsfreeze', ['--unfreeze', this.#path]);
    this.#stalled = false;
  }

  remove(): void {
    this.goOn();
    system('umount', ['--lazy', this.#path]);
    rmSync(imageOf(this.#path), { force: true });
  }

  get #ballast(): string {
    return join(this.#path, 'ballast');
  }
}

function mountLoop(path: string, megabytes: number): boolean {
  const image = imageOf(path);
  try {
    system('truncate', ['--size', `${megabytes}M`, image]);
    system('mkfs.ext4', ['-q', '-F', '-m', '0', image]);
    system('mount', ['-o', 'loop', image, path]);
    return true;
  } catch {
    rmSync(image, { force: true });
    return false;
  }
}

function imageOf(path: string): string {
  return `${path}.image`;
}
