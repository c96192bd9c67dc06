import { readFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * Where LevelDB's write-ahead logs are damaged; undefined when they are not. To be asked before LevelDB opens them: it
 * silently skips a damaged record and goes on with the next, which would lose an acknowledged write or a vote. An unfinished
 * last record is no damage: a write that was cut short was never acknowledged. The power may have failed during it, and
 * the file system may have made the file longer but not filled the last sectors.
 *
 * The format: blocks of 32 KiB; in them records of CRC-32C (u32), length (u16), type (u8), content; little-endian; a
 * block's last bytes are zero when fewer than a header's seven.
 */
export async function findWalDamage(directory: string, names: readonly string[]): Promise<string | undefined> {
  for (const name of names) {
    if (!/^\d+\.log$/.test(name)) continue;
    const offset = findDamage(await readFile(path.join(directory, name)));
    if (offset !== undefined) return `record at byte ${offset} of ${name}`;
  }
  return undefined;
}

/** The whole records before the first that is damaged or cut short, each put together from its fragments. */
export function* readRecords(log: Buffer): Generator<Buffer> {
  let fragments: Buffer[] = [];
  for (let offset = 0; offset < log.length; ) {
    const blockEnd = endOfBlock(offset);
    if (offset + HEADER_BYTES > blockEnd) {
      offset = blockEnd;
      continue;
    }
    if (!isRecord(log, offset)) return;
    const end = endOfRecord(log, offset);
    fragments.push(log.subarray(offset + HEADER_BYTES, end));
    const type = log[offset + 6];
    if (type === FULL || type === LAST) {
      yield Buffer.concat(fragments);
      fragments = [];
    }
    offset = end;
  }
}

const BLOCK_BYTES = 32 * 1024;
const HEADER_BYTES = 7;
/** Types of a record that ends here; 2 and 3 begin and continue one. */
const FULL = 1;
const LAST = 4;
const SECTOR_BYTES = 512;

/** Offset of the first damaged record; undefined when there is none. */
function findDamage(log: Buffer): number | undefined {
  for (let offset = 0; offset < log.length; ) {
    const blockEnd = endOfBlock(offset);
    if (offset + HEADER_BYTES > blockEnd) offset = blockEnd;
    else if (isRecord(log, offset)) offset = endOfRecord(log, offset);
    else return isCutShort(log, offset) ? undefined : offset;
  }
  return undefined;
}

function endOfBlock(offset: number): number {
  return (Math.floor(offset / BLOCK_BYTES) + 1) * BLOCK_BYTES;
}

function endOfRecord(log: Buffer, offset: number): number {
  return offset + HEADER_BYTES + log.readUInt16LE(offset + 4);
}

function isRecord(log: Buffer, offset: number): boolean {
  if (offset + HEADER_BYTES > log.length) return false;
  const end = endOfRecord(log, offset);
  const type = log[offset + 6]!;
  if (type < FULL || type > LAST || end > Math.min(endOfBlock(offset), log.length)) return false;
  return unmask(log.readUInt32LE(offset)) === crc32c(log.subarray(offset + 6, end));
}

/** Whether what is no record is the beginning of one, the last, whose end never reached the disk. */
function isCutShort(log: Buffer, offset: number): boolean {
  if (offset + HEADER_BYTES > log.length) return true;
  const end = endOfRecord(log, offset);
  if (end > log.length && end <= endOfBlock(offset)) return !isRecordBetween(log, offset + 1, log.length);
  const lastSector = Math.floor((Math.min(end, log.length) - 1) / SECTOR_BYTES) * SECTOR_BYTES;
  return log.subarray(Math.max(lastSector, offset)).every((byte) => byte === 0);
}

function isRecordBetween(log: Buffer, from: number, to: number): boolean {
  for (let offset = from; offset < to; offset++) if (isRecord(log, offset)) return true;
  return false;
}

/** LevelDB stores CRCs rotated and shifted, so that a CRC over data with CRCs in it stays strong. */
function unmask(masked: number): number {
  const rotated = (masked - 0xa282ead8) >>> 0;
  return ((rotated >>> 17) | (rotated << 15)) >>> 0;
}

let table: Uint32Array | undefined;

/** CRC-32C (Castagnoli), which `node:zlib` lacks. */
export function crc32c(bytes: Uint8Array): number {
  table ??= Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
    return value;
  });
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) crc = table[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
