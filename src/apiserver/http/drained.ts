import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { writableOf } from './http2.ts';

/** Resolves when a response or socket has room again, or is gone. */
export function drained(target: ServerResponse | Duplex): Promise<void> {
  const stream = writableOf(target);
  if (!stream.writableNeedDrain || stream.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done);
      stream.off('close', done);
      resolve();
    };
    stream.on('drain', done);
    stream.on('close', done);
  });
}
