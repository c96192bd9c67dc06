import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../src/base/index.ts';
import { system } from './network/commands.ts';

const CHUNK = Buffer.alloc(1024 * 1024, 1);

/** A file system of its own in memory, small enough to be filled. Needs root. */
export class SmallDisk {
  readonly #path: string;

  constructor(path: string, megabytes: number) {
    this.#path = path;
    mkdirSync(path, { recursive: true });
    system('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=700`, 'chaos', path]);
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

  remove(): void {
    system('umount', ['--lazy', this.#path]);
  }

  get #ballast(): string {
    return join(this.#path, 'ballast');
  }
}
