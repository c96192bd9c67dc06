import { open } from 'node:fs/promises';
import path from 'node:path';
import { corrupt } from './level-records.ts';

/**
 * Checks LevelDB's write-ahead logs before LevelDB opens them. LevelDB silently skips a damaged record there and
 * goes on with the next, which would lose an acknowledged write or a vote. An unfinished last record is no damage: a
 * write that was cut short was never acknowledged.
 *
 * The format: blocks of 32 KiB; in them records of CRC-32C (u32), length (u16), type (u8), content; little-endian; a
 * block's last bytes are zero when fewer than a header's seven.
 */
export async function checkWriteAheadLog(directory: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    if (!/^\d+\.log$/.test(name)) continue;
    const file = path.join(directory, name);
    const offset = await findDamage(file);
    if (offset !== undefined) throw corrupt(`${file}: the record at byte ${offset}`);
  }
}

const BLOCK_BYTES = 32 * 1024;
const HEADER_BYTES = 7;
const MAX_TYPE = 4;

/** Offset of the first damaged record; undefined when there is none. */
async function findDamage(file: string): Promise<number | undefined> {
  await using handle = await open(file);
  const { size } = await handle.stat();
  const block = Buffer.allocUnsafe(BLOCK_BYTES);
  for (let start = 0; start < size; start += BLOCK_BYTES) {
    const { bytesRead } = await handle.read(block, 0, BLOCK_BYTES, start);
    const damage = findDamageInBlock(block.subarray(0, bytesRead), start + bytesRead >= size);
    if (damage !== undefined) return start + damage;
  }
  return undefined;
}

function findDamageInBlock(block: Buffer, isLast: boolean): number | undefined {
  let offset = 0;
  while (offset + HEADER_BYTES <= block.length) {
    const crc = block.readUInt32LE(offset);
    const length = block.readUInt16LE(offset + 4);
    const type = block[offset + 6]!;
    const end = offset + HEADER_BYTES + length;
    // Space that a file system added but never filled: the write was cut short.
    if (isLast && crc === 0 && block.subarray(offset).every((byte) => byte === 0)) return undefined;
    if (type > MAX_TYPE) return offset;
    if (end > block.length) return isLast && end <= BLOCK_BYTES ? undefined : offset;
    if (unmask(crc) !== crc32c(block.subarray(offset + 6, end))) return offset;
    offset = end;
  }
  return undefined;
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
