import { type Clock, errorMessage, KeelsonError, type Logger, type Timer } from '../base/index.ts';

/** The disk that a replica writes to. */
export interface DiskSpace {
  /** Bytes that can still be written. */
  free(): Promise<number>;
  /** Bytes that are to stay free. */
  reserve: number;
}

export interface DiskStatus {
  free: number;
  reserve: number;
  /** Less than the reserve is free: this peer takes no writes from its clients. */
  low: boolean;
}

const CHECK_MS = 250;
/** It is looked at sooner when so much of the reserve may have been written since. */
const CHECK_SHARE = 1 / 8;
/** Writes are taken again above this many times the reserve, so that the peer does not flap at the edge. */
const ENOUGH_AGAIN = 1.25;
/** LevelDB writes a row to its log and then to a table before it drops the former. */
const WRITTEN_TWICE = 2;

/**
 * Watches the free space, so that the peer stops taking writes long before the disk fails one of its own: for LevelDB
 * that would be the end. What the others' clients write still comes in; the reserve is for that and for compaction.
 */
export class DiskReserve {
  readonly #disk: DiskSpace;
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** As it was last found. */
  #found = Number.POSITIVE_INFINITY;
  /** Bytes written since then, or about then. */
  #written = 0;
  #low = false;
  #ticker: Timer | undefined;
  #checking = false;
  #isBlind = false;

  constructor(disk: DiskSpace, clock: Clock, logger: Logger) {
    this.#disk = disk;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Resolves after the first look. */
  async start(): Promise<void> {
    await this.#check();
    this.#ticker = this.#clock.setTicker(CHECK_MS, () => void this.#check());
  }

  stop(): void {
    this.#ticker?.cancel();
  }

  status(): DiskStatus {
    return { free: this.#free(), reserve: this.#disk.reserve, low: this.#low };
  }

  get low(): boolean {
    return this.#low;
  }

  /** So many bytes are about to be written; a fast writer would be through the reserve before the next look. */
  wrote(bytes: number): void {
    this.#written += bytes;
    if (WRITTEN_TWICE * this.#written < this.#disk.reserve * CHECK_SHARE) return;
    this.#judge();
    void this.#check();
  }

  /** Whether so many bytes can be written in the background: half the reserve is left for what can't wait. */
  hasRoomFor(bytes: number): boolean {
    return this.#free() - WRITTEN_TWICE * bytes >= this.#disk.reserve / 2;
  }

  error(): KeelsonError {
    return new KeelsonError(
      'NO_SPACE',
      `the disk of this peer is nearly full (${this.#free()} bytes are free, ${this.#disk.reserve} are to stay so: diskReserveBytes): make room on it, or write through another peer`,
    );
  }

  #free(): number {
    return Math.max(0, this.#found - WRITTEN_TWICE * this.#written);
  }

  async #check(): Promise<void> {
    if (this.#checking) return;
    this.#checking = true;
    try {
      const before = this.#written;
      this.#found = await this.#disk.free();
      this.#written -= before;
      this.#isBlind = false;
      this.#judge();
    } catch (error) {
      // What was known last still holds.
      if (!this.#isBlind) this.#logger.warn({ error: errorMessage(error) }, "the disk's free space can't be told");
      this.#isBlind = true;
    } finally {
      this.#checking = false;
    }
  }

  #judge(): void {
    const { reserve } = this.#disk;
    const low = this.#free() < reserve * (this.#low ? ENOUGH_AGAIN : 1);
    if (low === this.#low) return;
    this.#low = low;
    const space = { free: this.#free(), reserve };
    if (low) this.#logger.warn(space, 'the disk is nearly full: writes are refused');
    else this.#logger.info(space, 'the disk has room again: writes are taken');
  }
}
