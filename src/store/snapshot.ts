import { crc32 } from 'node:zlib';
import { type Clock, KeelsonError, sleep } from '../base/index.ts';
import { ByteReader, ByteWriter } from './byte-stream.ts';
import { Keyspace } from './keyspace.ts';
import { LeaseTable } from './leases.ts';
import type { StoreHash } from './types.ts';
import { Version } from './version.ts';

/**
 * A snapshot is a stream of blocks: four bytes of length (big-endian), and what `byte-stream.ts` writes:
 * a number for the kind, then records. First the header, then leases, then the state before the compact
 * revision in key order, then the history from there on, so that watches and reads at old revisions go on
 * where it is restored; an end block counts what came before.
 */
const FORMAT = 'keelson-store-1';
const HEADER = 0;
const LEASES = 1;
const STATE = 2;
const HISTORY = 3;
const END = 4;
const LENGTH_BYTES = 4;
const BLOCK_BYTES = 256 * 1024;
const MAX_BLOCK_BYTES = 64 * 1024 * 1024;

/**
 * The state now, while writes go on: what is needed is pinned until the iterator ends or is closed, so
 * it must be run or closed.
 */
export function writeSnapshot(keyspace: Keyspace, leases: LeaseTable): AsyncIterable<Uint8Array> {
  const unpin = keyspace.pin();
  const blocks = snapshotBlocks(keyspace, leases);
  // The first step copies what has no history: revisions, counters and leases.
  let first: IteratorResult<Uint8Array, void> | undefined = blocks.next();
  const iterator: AsyncIterator<Uint8Array> = {
    async next() {
      const result = first ?? blocks.next();
      first = undefined;
      if (result.done) unpin();
      return result;
    },
    async return() {
      unpin();
      blocks.return();
      return { done: true, value: undefined };
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

function* snapshotBlocks(keyspace: Keyspace, leases: LeaseTable): Generator<Uint8Array, void> {
  const { revision, compactRevision, history } = keyspace;
  const historyStart = history.positionOf(compactRevision);
  const historyEnd = history.end;
  const leaseRows = Array.from(leases.all(), ({ id, ttl, generation }) => [id, ttl, generation]);

  const header = beginBlock(HEADER, 256);
  header.text(FORMAT);
  const { generation, lastId } = leases.counters;
  for (const number of [revision, compactRevision, generation, lastId]) header.number(number);
  yield endBlock(header);

  let block = beginBlock(LEASES);
  for (const numbers of leaseRows) {
    for (const number of numbers) block.number(number);
    if (block.length < BLOCK_BYTES) continue;
    yield endBlock(block);
    block = beginBlock(LEASES);
  }
  yield endBlock(block);

  const states = yield* versionBlocks(keyspace, compactRevision, historyStart, historyEnd);

  const end = beginBlock(END, 256);
  for (const count of [leaseRows.length, states, historyEnd - historyStart]) end.number(count);
  yield endBlock(end);
}

/** The state before the compact revision, then the history; returns how many keys the state has. */
function* versionBlocks(
  keyspace: Keyspace,
  compactRevision: number,
  historyStart: number,
  historyEnd: number,
): Generator<Uint8Array, number> {
  let states = 0;
  let start: string | undefined = compactRevision > 0 ? '' : undefined;
  while (start !== undefined) {
    const block = beginBlock(STATE);
    let last: string | undefined;
    keyspace.visitAt(start, compactRevision - 1, (version) => {
      writeVersion(block, version);
      states++;
      if (block.length < BLOCK_BYTES) return true;
      last = version.key;
      return false;
    });
    yield endBlock(block);
    start = last === undefined ? undefined : `${last}\0`;
  }
  let block = beginBlock(HISTORY);
  for (let position = historyStart; position < historyEnd; position++) {
    writeVersion(block, keyspace.history.at(position)!);
    if (block.length < BLOCK_BYTES) continue;
    yield endBlock(block);
    block = beginBlock(HISTORY);
  }
  yield endBlock(block);
  return states;
}

/**
 * A checksum of all keys and their history from the compact revision up to `revision` (0: now), while writes go on. The same on
 * every peer that has the same compact revision. Throws COMPACTED or FUTURE_REVISION.
 */
export async function hashKeyspace(keyspace: Keyspace, revision: number, clock: Clock): Promise<StoreHash> {
  keyspace.checkRevision(revision);
  const { compactRevision, history } = keyspace;
  const upTo = revision || keyspace.revision;
  const unpin = keyspace.pin();
  try {
    const [start, end] = [history.positionOf(compactRevision), history.positionOf(upTo + 1)];
    let hash = 0;
    for (const block of versionBlocks(keyspace, compactRevision, start, end)) {
      hash = crc32(block, hash);
      await sleep(clock, 0);
    }
    return { hash, revision: upTo, compactRevision };
  } finally {
    unpin();
  }
}

/** Rejects with SNAPSHOT_CORRUPT when the stream is not a whole snapshot of ours. */
export async function readSnapshot(
  chunks: AsyncIterable<Uint8Array>,
  clock: Clock,
): Promise<{ keyspace: Keyspace; leases: LeaseTable }> {
  const leases = new LeaseTable(clock);
  let keyspace: Keyspace | undefined;
  const counts = [0, 0, 0];
  let ended = false;
  for await (const bytes of readBlocks(chunks)) {
    try {
      const block = new ByteReader(bytes);
      const kind = block.number();
      if (ended || (kind === HEADER) !== (keyspace === undefined)) throw new RangeError('its parts are in disorder');
      if (keyspace === undefined) {
        if (block.text() !== FORMAT) throw new RangeError('its format is not known to this version');
        keyspace = new Keyspace(block.number(), block.number());
        leases.loadCounters(block.number(), block.number());
      } else if (kind === END) {
        ended = true;
        for (const count of counts) if (block.number() !== count) throw new RangeError('parts of it are missing');
      } else {
        counts[kind - 1]! += readRecords(block, kind, keyspace, leases);
      }
    } catch (error) {
      throw error instanceof RangeError ? corrupt(error.message) : error;
    }
  }
  if (keyspace === undefined || !ended) throw corrupt('it ends too early');
  keyspace.visit('', '\u0100', (version) => {
    if (version.lease !== 0) leases.attach(version.lease, version.key);
    return true;
  });
  return { keyspace, leases };
}

function readRecords(block: ByteReader, kind: number, keyspace: Keyspace, leases: LeaseTable): number {
  let records = 0;
  for (; !block.isAtEnd; records++) {
    if (kind === LEASES) leases.load(block.number(), block.number(), block.number());
    else keyspace.load(readVersion(block), kind === HISTORY);
  }
  return records;
}

function writeVersion(block: ByteWriter, version: Version): void {
  block.text(version.key);
  block.text(version.value);
  block.number(version.modRevision);
  block.number(version.createRevision);
  block.number(version.version);
  block.number(version.lease);
}

function readVersion(block: ByteReader): Version {
  const key = block.text();
  const value = block.text();
  const modRevision = block.number();
  return new Version(key, value, block.number(), modRevision, block.number(), block.number());
}

function beginBlock(kind: number, capacity = BLOCK_BYTES + BLOCK_BYTES / 8): ByteWriter {
  const block = new ByteWriter(capacity);
  for (let i = 0; i < LENGTH_BYTES; i++) block.number(0);
  block.number(kind);
  return block;
}

function endBlock(block: ByteWriter): Uint8Array {
  block.patch(0, block.length - LENGTH_BYTES);
  return block.finish();
}

/** Puts blocks together again, wherever the chunks are cut. */
async function* readBlocks(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  let parts: Uint8Array[] = [];
  let size = 0;
  let needed = LENGTH_BYTES;
  for await (const chunk of chunks) {
    parts.push(chunk);
    size += chunk.length;
    if (size < needed) continue;
    const bytes = Buffer.concat(parts);
    let position = 0;
    for (;;) {
      needed = LENGTH_BYTES;
      if (size - position < needed) break;
      const length = bytes.readUInt32BE(position);
      if (length > MAX_BLOCK_BYTES) throw corrupt('a part of it is too long');
      needed += length;
      if (size - position < needed) break;
      yield bytes.subarray(position + LENGTH_BYTES, position + needed);
      position += needed;
    }
    parts = [bytes.subarray(position)];
    size -= position;
  }
  if (size > 0) throw corrupt('it is cut off');
}

function corrupt(reason: string): KeelsonError {
  return new KeelsonError('SNAPSHOT_CORRUPT', `this is not a whole snapshot of a store: ${reason}`);
}
