import { KeelsonError, type Random } from '../../base/index.ts';
import { MemoryDisk, openMemoryStorage, type Storage, type WriteBatch } from '../../replica/index.ts';
import type { EventLoop } from './event-loop.ts';
import type { Life } from './life.ts';

export interface DiskFaults {
  /** Share of writes at which the process dies. */
  crash: number;
  /** Share of slow writes, and how slow the slowest is. */
  slow: number;
  slowMs: number;
}

export const soundDisk: DiskFaults = { crash: 0, slow: 0, slowMs: 0 };

/**
 * A machine's disk, which outlives the peer's process. A write is durable some time after it was asked for, and reported
 * some time after that; the process may die at either. A batch is never durable in part, which storages promise: a torn
 * one is a lost one.
 */
export class MachineDisk {
  memory = new MemoryDisk();
  faults = soundDisk;
  /** A bit has flipped: what was written can't be told from what was not. */
  isCorrupt = false;
  /** What it holds is a copy from before the last life of its peer. */
  isOld = false;
  readonly counts = { writes: 0, crashes: 0, slow: 0 };
  readonly #loop: EventLoop;
  readonly #random: Random;

  constructor(loop: EventLoop, random: Random) {
    this.#loop = loop;
    this.#random = random;
  }

  /** Of machines that can't go on there may be only so many. */
  get isSick(): boolean {
    return this.isCorrupt || this.isOld;
  }

  /** In place of what it holds. */
  putBack(copy: MemoryDisk): void {
    this.memory = copy;
    this.isOld = true;
  }

  /** For one life; `crash` ends it. */
  open(life: Life, crash: () => void): Storage {
    const storage = openMemoryStorage(this.memory, { beforeSync: () => this.#wait(life) });
    const load = storage.load.bind(storage);
    const write = storage.write.bind(storage);
    const stageReceived = storage.stageReceived.bind(storage);
    storage.load = async (identity) => {
      if (this.isCorrupt) throw new KeelsonError('DATA_CORRUPT', 'a record does not match its checksum');
      return await load(identity);
    };
    storage.write = (batch) => this.#write(batch, write, life, crash);
    storage.stageReceived = (position, { source, after }) =>
      stageReceived(position, { source, after: (part) => this.#dyingAtChunks(after(part), life, crash) });
    return storage;
  }

  async #write(batch: WriteBatch, write: Storage['write'], life: Life, crash: () => void): Promise<void> {
    this.counts.writes += 1;
    const dies = this.#random.next() < this.faults.crash;
    const isLost = dies && this.#random.next() < 0.5;
    if (!isLost) await write(batch);
    if (dies) await this.#die(life, crash);
    // Durable, and not known to be.
    await this.#wait(life);
  }

  /** A chunk is asked for when the one before is durable. */
  async *#dyingAtChunks(chunks: AsyncIterable<Uint8Array>, life: Life, crash: () => void): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      const dies = this.#random.next() < this.faults.crash;
      const isLost = dies && this.#random.next() < 0.5;
      if (!isLost) yield chunk;
      if (dies) await this.#die(life, crash);
    }
  }

  async #die(life: Life, crash: () => void): Promise<void> {
    if (!life.isAlive) return;
    this.counts.crashes += 1;
    this.#loop.after(0, () => life.do(crash));
    await never;
  }

  #wait(life: Life): Promise<void> {
    const { slow, slowMs } = this.faults;
    let delay = 0.1 + this.#random.next() * 0.8;
    if (this.#random.next() < slow) {
      this.counts.slow += 1;
      delay += this.#random.next() * slowMs;
    }
    return new Promise((resolve) => this.#loop.after(delay, () => life.do(resolve)));
  }
}

const never = new Promise<never>(() => {});
