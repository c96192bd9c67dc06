import { Packr, Unpackr } from 'msgpackr';
import { type Clock, KeelsonError } from '../base/index.ts';
import { Keyspace } from './keyspace.ts';
import { LeaseTable } from './leases.ts';
import { detach, fromBytes, toBytes, Version } from './version.ts';

/**
 * A snapshot is a stream of blocks, each a length (4 bytes, big-endian) and a msgpack array: the header,
 * leases, the state before the compact revision in key order, the history from there on, and an end
 * block with counts. So watches and reads at old revisions go on where it is restored.
 */
const FORMAT = 'keelson-store';
const FORMAT_VERSION = 1;
const LEASES = 1;
const STATE = 2;
const HISTORY = 3;
const END = 4;
const BLOCK_BYTES = 256 * 1024;
const MAX_BLOCK_BYTES = 64 * 1024 * 1024;

type Row = [
  key: string,
  value: Uint8Array,
  createRevision: number,
  modRevision: number,
  version: number,
  lease: number,
];
type LeaseRow = [id: number, ttl: number, generation: number];

const packr = new Packr({ useRecords: false });
const unpackr = new Unpackr({ useRecords: false });

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
  const { generation, lastId } = leases.counters;
  const leaseRows: LeaseRow[] = Array.from(leases.all(), (lease) => [lease.id, lease.ttl, lease.generation]);
  yield block([FORMAT, FORMAT_VERSION, revision, compactRevision, generation, lastId]);
  for (let i = 0; i < leaseRows.length; i += 4096) yield block([LEASES, leaseRows.slice(i, i + 4096)]);

  let rows: Row[] = [];
  let bytes = 0;
  let states = 0;
  const add = (version: Version): void => {
    rows.push(toRow(version));
    bytes += version.key.length + version.value.length + 32;
  };
  const take = (kind: number): Uint8Array => {
    const result = block([kind, rows]);
    rows = [];
    bytes = 0;
    return result;
  };

  let start: string | undefined = '';
  while (start !== undefined && compactRevision > 0) {
    let last: string | undefined;
    keyspace.visitAt(start, compactRevision - 1, (version) => {
      add(version);
      states++;
      if (bytes < BLOCK_BYTES) return true;
      last = version.key;
      return false;
    });
    if (rows.length > 0) yield take(STATE);
    start = last === undefined ? undefined : `${last}\0`;
  }

  for (let position = historyStart; position < historyEnd; position++) {
    add(history.at(position)!);
    if (bytes >= BLOCK_BYTES) yield take(HISTORY);
  }
  if (rows.length > 0) yield take(HISTORY);
  yield block([END, states, historyEnd - historyStart]);
}

/** Rejects with SNAPSHOT_CORRUPT when the stream is not a whole snapshot of ours. */
export async function readSnapshot(
  chunks: AsyncIterable<Uint8Array>,
  clock: Clock,
): Promise<{ keyspace: Keyspace; leases: LeaseTable }> {
  const leases = new LeaseTable(clock);
  let keyspace: Keyspace | undefined;
  let states = 0;
  let writes = 0;
  let ended = false;
  for await (const payload of readBlocks(chunks)) {
    const message: unknown = unpack(payload);
    if (!Array.isArray(message) || ended) throw corrupt('it holds something else');
    if (keyspace === undefined) {
      const [format, version, revision, compactRevision, generation, lastId] = message;
      if (format !== FORMAT) throw corrupt('it does not begin like one');
      if (version !== FORMAT_VERSION) throw corrupt(`its format ${version} is unknown to this version`);
      keyspace = new Keyspace(revision, compactRevision);
      leases.loadCounters(generation, lastId);
      continue;
    }
    const [kind, rows] = message;
    switch (kind) {
      case LEASES:
        for (const [id, ttl, generation] of rows as LeaseRow[]) leases.load(id, ttl, generation);
        break;
      case STATE:
        for (const row of rows as Row[]) keyspace.load(fromRow(row), false);
        states += rows.length;
        break;
      case HISTORY:
        for (const row of rows as Row[]) keyspace.load(fromRow(row), true);
        writes += rows.length;
        break;
      case END:
        if (states !== message[1] || writes !== message[2]) throw corrupt('parts of it are missing');
        ended = true;
        break;
      default:
        throw corrupt('it holds an unknown part');
    }
  }
  if (keyspace === undefined || !ended) throw corrupt('it ends too early');
  keyspace.visit('', '\u0100', (version) => {
    if (version.lease !== 0) leases.attach(version.lease, version.key);
    return true;
  });
  return { keyspace, leases };
}

function toRow({ key, value, createRevision, modRevision, version, lease }: Version): Row {
  return [key, toBytes(value), createRevision, modRevision, version, lease];
}

function fromRow([key, value, createRevision, modRevision, version, lease]: Row): Version {
  // The key is decoded from a block of many; see `detach`.
  return new Version(detach(key), fromBytes(value), createRevision, modRevision, version, lease);
}

function block(content: unknown): Uint8Array {
  const payload = packr.pack(content);
  const bytes = Buffer.allocUnsafe(4 + payload.length);
  bytes.writeUInt32BE(payload.length, 0);
  payload.copy(bytes, 4);
  return bytes;
}

/** Puts blocks together again, wherever the chunks are cut. */
async function* readBlocks(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  let rest: Uint8Array = new Uint8Array(0);
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? asBuffer(chunk) : Buffer.concat([rest, chunk]);
    let position = 0;
    while (bytes.length - position >= 4) {
      const length = bytes.readUInt32BE(position);
      if (length > MAX_BLOCK_BYTES) throw corrupt('a part of it is too long');
      if (bytes.length - position - 4 < length) break;
      yield bytes.subarray(position + 4, position + 4 + length);
      position += 4 + length;
    }
    rest = bytes.subarray(position);
  }
  if (rest.length > 0) throw corrupt('it is cut off');
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function unpack(payload: Uint8Array): unknown {
  try {
    return unpackr.unpack(payload);
  } catch (cause) {
    throw corrupt('it can not be decoded', cause);
  }
}

function corrupt(reason: string, cause?: unknown): KeelsonError {
  return new KeelsonError('SNAPSHOT_CORRUPT', `this is not a whole snapshot of a store: ${reason}`, { cause });
}
