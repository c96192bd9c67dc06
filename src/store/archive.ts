import { createHash } from 'node:crypto';
import { KeelsonError } from '../base/index.ts';

/**
 * A snapshot as a file: the store's snapshot stream (which begins with its format's name), one byte 0x80 and zeros up to a multiple
 * of 512 bytes, and the SHA-256 of all that. The padding is for etcd's tools, which take a file for whole when its size is a
 * multiple of 512 bytes and 32 more.
 */
const BLOCK = 512;
const DIGEST_BYTES = 32;
const END_MARK = 0x80;

/** The file's bytes. */
export async function* writeArchive(snapshot: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const digest = createHash('sha256');
  let size = 0;
  for await (const chunk of snapshot) {
    digest.update(chunk);
    size += chunk.length;
    yield chunk;
  }
  const padding = new Uint8Array(BLOCK - (size % BLOCK));
  padding[0] = END_MARK;
  yield padding;
  yield digest.update(padding).digest();
}

/**
 * The snapshot stream out of a file's bytes. Only its end tells whether the file is whole: rejects then with SNAPSHOT_CORRUPT,
 * and nothing that was made of the stream may be used.
 */
export async function* readArchive(file: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const digest = createHash('sha256');
  let held = Buffer.alloc(0);
  for await (const chunk of file) {
    held = Buffer.concat([held, chunk]);
    const ready = held.length - BLOCK - DIGEST_BYTES;
    if (ready <= 0) continue;
    const part = held.subarray(0, ready);
    digest.update(part);
    yield part;
    held = held.subarray(ready);
  }
  const content = held.subarray(0, Math.max(0, held.length - DIGEST_BYTES));
  const end = content.findLastIndex((byte) => byte !== 0);
  if (content[end] !== END_MARK || !digest.update(content).digest().equals(held.subarray(content.length)))
    throw new KeelsonError('SNAPSHOT_CORRUPT', 'this snapshot file is damaged or cut off: take another one');
  yield content.subarray(0, end);
}
