import { crc32 } from 'node:zlib';
import type { SnapshotPart } from './storage.ts';

export const noPart: SnapshotPart = { chunks: 0, bytes: 0, checksum: 0 };

/** A part that is longer by a chunk. */
export function extended({ chunks, bytes, checksum }: SnapshotPart, chunk: Uint8Array): SnapshotPart {
  return { chunks: chunks + 1, bytes: bytes + chunk.length, checksum: crc32(chunk, checksum) };
}

/** What follows a part of a sequence of chunks that is at hand from its beginning. */
export async function* chunksAfter(
  { chunks: skipped }: SnapshotPart,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let count = 0;
  for await (const chunk of chunks) {
    count += 1;
    if (count > skipped) yield chunk;
  }
}
