import {
  closeSync,
  copyFileSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { join } from 'node:path';
import { type Clock, errorCode, type Timer } from '../base/index.ts';
import { LogIndex, type LogTimes } from './log-index.ts';

/** Size limits as the kubelet's `containerLogMaxSize` and `containerLogMaxFiles`. */
export interface LogLimits {
  /** Default 10 MiB. */
  fileBytesMax?: number;
  /** Including the one being written. Default 5. */
  filesMax?: number;
}

/** How close together the times of output can be told: the log is looked at no more often than this. */
const sampleMs = 50;

/**
 * A container's output. The workload itself appends to `output.log`, so that nothing of the peer is in the way and
 * output goes on without it; the peer only notes when the file grew (`LogIndex`) and rotates it. Both happen while a
 * peer lives: what is written while none does gets the time of the last write, and no rotation until the next start.
 *
 * Positions are counted from the first byte ever written. A rotated file `output.log.N` starts at position N.
 * Rotation copies, then truncates, since the workload holds the file open: output written between the last look
 * and the truncation, some microseconds, is lost.
 */
export class ContainerLog {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #limits: Required<LogLimits>;
  readonly #index: LogIndex;
  /** Rotated files, oldest first. */
  #rotated: { path: string; start: number; end: number }[] = [];
  /** Position of the first byte of `output.log`. */
  #base = 0;
  #end = 0;
  #timer: Timer | undefined;
  #sampledAt = Number.NEGATIVE_INFINITY;
  #finished = false;
  readonly #listeners = new Set<() => void>();

  constructor(directory: string, clock: Clock, limits: LogLimits = {}) {
    this.#path = join(directory, 'output.log');
    this.#clock = clock;
    this.#limits = { fileBytesMax: limits.fileBytesMax ?? 10 * 1024 * 1024, filesMax: limits.filesMax ?? 5 };
    for (const name of readdirSync(directory)) {
      const start = /^output\.log\.(\d+)$/.exec(name)?.[1];
      if (start === undefined) continue;
      const path = join(directory, name);
      this.#rotated.push({ path, start: Number(start), end: Number(start) + statSync(path).size });
    }
    this.#rotated.sort((a, b) => a.start - b.start);
    this.#base = this.#rotated.at(-1)?.end ?? 0;
    this.#end = this.#base;
    this.#index = new LogIndex(join(directory, 'output.idx'));
    this.#sample('last write');
  }

  /** Position of the oldest byte kept. */
  get start(): number {
    return this.#rotated[0]?.start ?? this.#base;
  }

  get end(): number {
    return this.#end;
  }

  /** No more output will come. */
  get finished(): boolean {
    return this.#finished;
  }

  /** To be called whenever the file may have grown. */
  changed(): void {
    if (this.#timer || this.#finished) return;
    const dueIn = this.#sampledAt + sampleMs - this.#clock.monotonic();
    if (dueIn <= 0) this.#sample('now');
    else {
      this.#timer = this.#clock.setTimer(dueIn, () => {
        this.#timer = undefined;
        this.#sample('now');
      });
    }
  }

  /** Notes the last output; readers that follow come to their end. */
  finish(): void {
    if (this.#finished) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#sample('last write');
    this.#finished = true;
    this.#notify();
  }

  /** Drops timers, and lets readers that follow end; the files stay. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#finished = true;
    this.#notify();
  }

  times(): LogTimes {
    return this.#index.load();
  }

  /** Calls `listener` when there is more to read or the log is finished. Returns a function that ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Reads into `buffer` from `position`, which is at least `start`; returns how many bytes, 0 at the end. Synchronous,
   * so that no rotation comes between.
   */
  read(buffer: Uint8Array, position: number): number {
    const rotated = this.#rotated.find((file) => position < file.end);
    const { path, start, end } = rotated ?? { path: this.#path, start: this.#base, end: this.#end };
    const length = Math.min(buffer.length, end - position);
    if (length <= 0) return 0;
    const descriptor = tryOpen(path);
    if (descriptor === undefined) return 0;
    try {
      return readSync(descriptor, buffer, 0, length, position - start);
    } finally {
      closeSync(descriptor);
    }
  }

  #sample(timeOfNew: 'now' | 'last write'): void {
    this.#sampledAt = this.#clock.monotonic();
    const file = this.#stat();
    if (file === undefined) return;
    const end = this.#base + file.size;
    if (end > this.#end) this.#end = end;
    if (end > this.#index.lastOffset) {
      this.#index.append(end, timeOfNew === 'now' ? this.#clock.now() : Math.floor(file.mtimeMs));
      this.#notify();
    }
    if (file.size >= this.#limits.fileBytesMax) this.#rotate();
  }

  #stat(): { size: number; mtimeMs: number } | undefined {
    try {
      return statSync(this.#path);
    } catch (error) {
      // The workload has not been started yet.
      if (errorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  #rotate(): void {
    const path = `${this.#path}.${this.#base}`;
    copyFileSync(this.#path, `${path}.new`);
    renameSync(`${path}.new`, path);
    truncateSync(this.#path, 0);
    const end = this.#base + statSync(path).size;
    this.#rotated.push({ path, start: this.#base, end });
    this.#base = end;
    if (end > this.#end) {
      this.#end = end;
      this.#index.append(end, this.#clock.now());
    }
    while (this.#rotated.length > this.#limits.filesMax - 1) {
      const oldest = this.#rotated.shift()!;
      rmSync(oldest.path, { force: true });
    }
    this.#index.trim(this.start);
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** Undefined when the container has been removed meanwhile. */
function tryOpen(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
