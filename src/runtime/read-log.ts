import { setImmediate as yieldToOthers } from 'node:timers/promises';
import type { ContainerLog } from './container-log.ts';
import type { LogTimes } from './log-index.ts';
import type { LogOptions } from './types.ts';

const chunkBytes = 64 * 1024;
const newline = 10;

/**
 * The log's bytes as `options` ask for them, or from a position that is known. Ends when the signal aborts, without an error.
 */
export async function* readLog(log: ContainerLog, options: LogOptions = {}, from?: number): AsyncGenerator<Uint8Array> {
  const { signal } = options;
  let budget = options.limitBytes ?? Number.POSITIVE_INFINITY;
  let position = from ?? (await startPosition(log, options));
  const stamper = options.timestamps ? new LineStamper(log) : undefined;
  const endOfRead = options.follow ? Number.POSITIVE_INFINITY : log.end;
  const buffer = new Uint8Array(chunkBytes);
  while (budget > 0 && !signal?.aborted) {
    if (position < log.start) position = log.start;
    const wanted = Math.min(chunkBytes, endOfRead - position);
    const length = wanted <= 0 ? 0 : log.read(buffer.subarray(0, wanted), position);
    if (length === 0) {
      if (position >= endOfRead || log.finished) return;
      await moreToRead(log, position, signal);
      continue;
    }
    const bytes = buffer.slice(0, length);
    const output = stamper ? stamper.stamp(bytes, position) : bytes;
    position += length;
    yield output.length > budget ? output.subarray(0, budget) : output;
    budget -= output.length;
  }
}

async function startPosition(log: ContainerLog, options: LogOptions): Promise<number> {
  const tail = options.tailLines === undefined ? log.start : await tailPosition(log, options.tailLines);
  const since = options.sinceTimeMs === undefined ? log.start : log.times().offsetSince(options.sinceTimeMs);
  // What was written since then may start within a line, which then began before.
  return Math.max(tail, since === log.start ? since : await nextLineStart(log, since));
}

/** Where the last `lines` lines begin. An unfinished line at the end counts as one. */
async function tailPosition(log: ContainerLog, lines: number): Promise<number> {
  if (lines <= 0) return log.end;
  const buffer = new Uint8Array(chunkBytes);
  let remaining = lines;
  // The newline that ends the last line separates nothing.
  let position = log.end - 1;
  while (position > log.start) {
    const from = Math.max(log.start, position - chunkBytes);
    const chunk = Buffer.from(buffer.buffer, 0, readFully(log, buffer.subarray(0, position - from), from));
    for (let at = chunk.length; at > 0; ) {
      at = chunk.lastIndexOf(newline, at - 1);
      if (at < 0) break;
      if (--remaining === 0) return from + at + 1;
    }
    position = from;
    await yieldToOthers();
  }
  return log.start;
}

async function nextLineStart(log: ContainerLog, position: number): Promise<number> {
  const buffer = new Uint8Array(chunkBytes);
  // A line starts at `position` if the byte before ends one.
  for (let at = Math.max(log.start, position - 1); at < log.end; ) {
    const length = log.read(buffer, at);
    if (length === 0) break;
    const found = buffer.subarray(0, length).indexOf(newline);
    if (found >= 0) return at + found + 1;
    at += length;
    await yieldToOthers();
  }
  return log.end;
}

/** Reads across the borders of rotated files. */
function readFully(log: ContainerLog, buffer: Uint8Array, position: number): number {
  let total = 0;
  while (total < buffer.length) {
    const length = log.read(buffer.subarray(total), position + total);
    if (length === 0) break;
    total += length;
  }
  return total;
}

function moreToRead(log: ContainerLog, position: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stopListening();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const stopListening = log.onChange(done);
    signal?.addEventListener('abort', done, { once: true });
    if (signal?.aborted || log.finished || log.end > position) done();
  });
}

/** Puts the time at which a line began before it. */
class LineStamper {
  readonly #log: ContainerLog;
  #times: LogTimes;
  #atLineStart = true;

  constructor(log: ContainerLog) {
    this.#log = log;
    this.#times = log.times();
  }

  stamp(bytes: Uint8Array, position: number): Uint8Array {
    const parts: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; ) {
      if (this.#atLineStart) parts.push(Buffer.from(`${new Date(this.#timeOf(position + at)).toISOString()} `));
      const end = bytes.indexOf(newline, at);
      const next = end < 0 ? bytes.length : end + 1;
      parts.push(bytes.subarray(at, next));
      this.#atLineStart = end >= 0;
      at = next;
    }
    return Buffer.concat(parts);
  }

  #timeOf(position: number): number {
    const time = this.#times.timeOf(position);
    if (time !== undefined) return time;
    this.#times = this.#log.times();
    return this.#times.timeOf(position) ?? 0;
  }
}
