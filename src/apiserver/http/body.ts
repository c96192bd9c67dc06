import type { IncomingMessage } from 'node:http';
import { errors } from '../../api/index.ts';

/** Bytes of a request body that are read at most; Kubernetes' limit. */
export const MAX_BODY_BYTES = 3 * 1024 * 1024;

/**
 * Reads a whole request body. Rejects with 413 as soon as it is known to be too large: what is left is not read
 * into memory, and the caller closes the connection.
 */
export async function readBody(request: IncomingMessage, limit = MAX_BODY_BYTES): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > limit) throw tooLarge(limit);
  const chunks: Buffer[] = [];
  let size = 0;
  // Destroying a request that is too large would take its answer along.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw tooLarge(limit);
    chunks.push(chunk);
  }
  const body = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, size);
  bodies.set(request, body);
  return body;
}

const bodies = new WeakMap<IncomingMessage, Buffer>();

/** The body of a request, once it was read. */
export function bodyOf(request: IncomingMessage): Buffer | undefined {
  return bodies.get(request);
}

function tooLarge(limit: number): Error {
  return errors.requestEntityTooLarge(limit);
}
