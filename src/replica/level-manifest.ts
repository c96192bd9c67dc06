import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { readRecords } from './level-wal.ts';

/**
 * What a LevelDB directory lacks; undefined when it is whole. LevelDB itself opens without a log that was removed, as if the
 * writes in it had never been: the manifest says which logs must be there.
 */
export async function findLoss(directory: string, names: readonly string[]): Promise<string | undefined> {
  const current = (await readFile(path.join(directory, 'CURRENT'), 'latin1')).trimEnd();
  if (!/^MANIFEST-\d+$/.test(current)) return 'CURRENT names no manifest';
  if (!names.includes(current)) return `${current} is missing`;
  const log = lastLogNumber(await readFile(path.join(directory, current)));
  if (log === undefined) return `${current} is not readable`;
  const name = `${String(log).padStart(6, '0')}.log`;
  return names.includes(name) ? undefined : `${name} is missing`;
}

/** Tags of a manifest's fields, and how many numbers and byte strings follow each (LevelDB's `version_edit.cc`). */
const LOG_NUMBER = 2;
const shapes: Readonly<Record<number, string>> = {
  1: 's', // comparator
  [LOG_NUMBER]: 'n',
  3: 'n', // next file number
  4: 'n', // last sequence number
  5: 'ns', // compaction pointer: level, key
  6: 'nn', // deleted file: level, number
  7: 'nnnss', // new file: level, number, size, smallest and largest key
  9: 'n', // previous log number
};

/** The oldest log that is still needed; undefined when the manifest is no manifest. */
function lastLogNumber(manifest: Buffer): number | undefined {
  let log: number | undefined;
  for (const record of readRecords(manifest)) {
    const reader = new Reader(record);
    while (!reader.atEnd) {
      const tag = reader.number();
      const shape = shapes[tag];
      if (shape === undefined) return undefined;
      for (const kind of shape) {
        if (kind === 's') reader.skip(reader.number());
        else if (tag === LOG_NUMBER) log = reader.number();
        else reader.number();
      }
    }
  }
  return log;
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** A varint; numbers beyond 2^53, which sequence numbers never reach, lose precision. */
  number(): number {
    let value = 0;
    for (let scale = 1; this.#at < this.#bytes.length; scale *= 128) {
      const byte = this.#bytes[this.#at++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
    }
    return value;
  }

  skip(count: number): void {
    this.#at += count;
  }
}
