import { crc32 } from 'node:zlib';
import type { Entry } from '../raft/index.ts';

/**
 * The rows of a replica's LevelDB:
 *
 * | key                                | value                                            |
 * | ---------------------------------- | ------------------------------------------------ |
 * | `c` snapshot id (u32) chunk (u32)  | one chunk of a snapshot                          |
 * | `f`                                | the log's floor: entries ≤ it are gone           |
 * | `h`                                | hard state                                       |
 * | `i`                                | format, identity, store; written first, never again |
 * | `l` index (u64)                    | a log entry: kind (u8) term (f64) commit (f64) data |
 * | `n`                                | lives: incarnations, from the last confirmed one |
 * | `p` peer (u64)                     | the credential that another peer came with last  |
 * | `r`                                | which snapshot is being received: id, source, position |
 * | `s`                                | which snapshot is current: id, position, chunks  |
 *
 * Numbers are big-endian, so that rows sort by them. `f h i n p r s` hold msgpack. Each value begins with a CRC32 over
 * key and the rest: a flipped bit and a row under a wrong key are both found.
 */
export const FORMAT = 2;

export const keys = {
  floor: Buffer.from('f'),
  hardState: Buffer.from('h'),
  identity: Buffer.from('i'),
  lives: Buffer.from('n'),
  received: Buffer.from('r'),
  snapshot: Buffer.from('s'),
  /** Sorts after every chunk, before everything else. */
  chunksEnd: Buffer.from('d'),
  chunksBegin: Buffer.from('c'),
  chunk(snapshotId: number, number: number): Buffer {
    const key = Buffer.allocUnsafe(9);
    key[0] = 0x63;
    key.writeUInt32BE(snapshotId, 1);
    key.writeUInt32BE(number, 5);
    return key;
  },
  entry: (index: number): Buffer => numbered(0x6c, index),
  /** Sorts after every log entry. */
  entriesEnd: Buffer.from('m'),
  peer: (peer: number): Buffer => numbered(0x70, peer),
  /** Sorts after every other peer. */
  peersEnd: Buffer.from('q'),
};

function numbered(letter: number, number: number): Buffer {
  const key = Buffer.allocUnsafe(9);
  key[0] = letter;
  key.writeUInt32BE(Math.floor(number / 2 ** 32), 1);
  key.writeUInt32BE(number % 2 ** 32, 5);
  return key;
}

/** The number after the letter of a key. */
export function numberIn(key: Buffer): number {
  return key.readUInt32BE(1) * 2 ** 32 + key.readUInt32BE(5);
}

const CRC_BYTES = 4;
const ENTRY_HEADER_BYTES = CRC_BYTES + 1 + 8 + 8;
const kinds = ['command', 'configuration', 'empty'] as const;

/** A value with its checksum before it. */
export function seal(key: Buffer, body: Uint8Array): Buffer {
  const value = Buffer.allocUnsafe(CRC_BYTES + body.length);
  value.set(body, CRC_BYTES);
  return stamp(key, value);
}

/** The value without its checksum, which must be right. */
export function unseal(key: Buffer, value: Buffer): Buffer {
  if (value.length < CRC_BYTES || value.readUInt32BE(0) !== checksum(key, value)) throw new DamagedRowError(key);
  return value.subarray(CRC_BYTES);
}

/** `commit` rides along, so that the hard state's row need not be written whenever it moves. */
export function sealEntry(key: Buffer, entry: Entry, commit: number): Buffer {
  const value = Buffer.allocUnsafe(ENTRY_HEADER_BYTES + entry.data.length);
  value[4] = kinds.indexOf(entry.kind);
  value.writeDoubleBE(entry.term, 5);
  value.writeDoubleBE(commit, 13);
  value.set(entry.data, ENTRY_HEADER_BYTES);
  return stamp(key, value);
}

export function unsealEntry(key: Buffer, value: Buffer): { entry: Entry; commit: number } {
  unseal(key, value);
  const kind = kinds[value[4]!];
  if (value.length < ENTRY_HEADER_BYTES || kind === undefined) throw new DamagedRowError(key);
  return {
    entry: {
      index: numberIn(key),
      term: value.readDoubleBE(5),
      kind,
      data: value.subarray(ENTRY_HEADER_BYTES),
    },
    commit: value.readDoubleBE(13),
  };
}

/** A row is not as it was written; the text says which. */
export class DamagedRowError extends Error {
  constructor(key: Buffer) {
    super(describe(key));
  }
}

function stamp(key: Buffer, value: Buffer): Buffer {
  value.writeUInt32BE(checksum(key, value), 0);
  return value;
}

function checksum(key: Buffer, value: Buffer): number {
  return crc32(value.subarray(CRC_BYTES), crc32(key));
}

function describe(key: Buffer): string {
  switch (key[0]) {
    case 0x6c:
      return `log entry ${numberIn(key)}`;
    case 0x63:
      return `chunk ${key.readUInt32BE(5)} of snapshot ${key.readUInt32BE(1)}`;
    default:
      return `record '${key.toString('latin1')}'`;
  }
}
