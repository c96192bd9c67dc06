import { appendFileSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { errorCode, firstIndex } from '../base/index.ts';

const recordBytes = 16;

/**
 * When output was written: records of (offset, time), appended whenever the peer sees that a log has grown. Bytes
 * before an offset and after the one of the record before were written by then. Fixed-size records, so that a torn
 * one at the end is told and dropped.
 */
export class LogIndex {
  readonly #path: string;
  /** The end of the log as last recorded. */
  lastOffset = 0;
  #lastTimeMs = 0;

  constructor(path: string) {
    this.#path = path;
    const bytes = this.#readBytes();
    const whole = bytes.length - (bytes.length % recordBytes);
    if (whole !== bytes.length) truncateSync(path, whole);
    if (whole === 0) return;
    this.lastOffset = bytes.readDoubleLE(whole - recordBytes);
    this.#lastTimeMs = bytes.readDoubleLE(whole - 8);
  }

  append(offset: number, timeMs: number): void {
    // The clock may have been set back; searching needs times in order.
    this.#lastTimeMs = Math.max(this.#lastTimeMs, timeMs);
    appendFileSync(this.#path, encode(offset, this.#lastTimeMs), { mode: 0o600 });
    this.lastOffset = offset;
  }

  /** Forgets what is before `offset`. */
  trim(offset: number): void {
    const bytes = this.#readBytes();
    let start = 0;
    while (start < bytes.length && bytes.readDoubleLE(start) <= offset) start += recordBytes;
    if (start === 0) return;
    writeFileSync(`${this.#path}.new`, bytes.subarray(start), { mode: 0o600 });
    renameSync(`${this.#path}.new`, this.#path);
  }

  load(): LogTimes {
    return new LogTimes(this.#readBytes());
  }

  #readBytes(): Buffer {
    try {
      return readFileSync(this.#path);
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return Buffer.alloc(0);
      throw error;
    }
  }
}

function encode(offset: number, timeMs: number): Buffer {
  const record = Buffer.allocUnsafe(recordBytes);
  record.writeDoubleLE(offset, 0);
  record.writeDoubleLE(timeMs, 8);
  return record;
}

/** An index read into memory, for one reader. */
export class LogTimes {
  readonly #offsets: number[] = [];
  readonly #times: number[] = [];

  constructor(bytes: Buffer) {
    for (let at = 0; at + recordBytes <= bytes.length; at += recordBytes) {
      this.add(bytes.readDoubleLE(at), bytes.readDoubleLE(at + 8));
    }
  }

  add(offset: number, timeMs: number): void {
    this.#offsets.push(offset);
    this.#times.push(timeMs);
  }

  /** When the byte at `offset` was written; undefined for one that is not recorded yet. */
  timeOf(offset: number): number | undefined {
    return this.#times[firstIndex(this.#offsets, (end) => end > offset)];
  }

  /** The first offset of what was written at `timeMs` or later. */
  offsetSince(timeMs: number): number {
    const index = firstIndex(this.#times, (time) => time >= timeMs);
    return index === 0 ? 0 : this.#offsets[index - 1]!;
  }
}
