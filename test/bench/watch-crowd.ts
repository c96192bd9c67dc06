import { type ClientHttp2Session, connect } from 'node:http2';
import type { Credentials } from './http-connection.ts';

/** Streams of one connection: less than a server lets through. */
const WATCHES_PER_CONNECTION = 200;

/** Many watches of one collection from now on, over a few HTTP/2 connections, as client-go opens them. */
export interface WatchCrowd {
  readonly count: number;
  /** Called at the last watcher's event of those that one change makes, with the time at which it came. */
  onAll(listener: (at: number) => void): void;
  close(): void;
}

export async function startWatchCrowd(
  server: string,
  credentials: Credentials,
  path: string,
  count: number,
): Promise<WatchCrowd> {
  const sessions: ClientHttp2Session[] = [];
  let events = 0;
  let listener: (at: number) => void = () => {};
  const opened: Promise<void>[] = [];
  for (let i = 0; i < count; i++) {
    if (i % WATCHES_PER_CONNECTION === 0) sessions.push(connect(server, { ...credentials }));
    const stream = sessions.at(-1)!.request({ ':path': path });
    opened.push(
      new Promise((resolve, reject) => {
        stream.once('response', (headers) =>
          headers[':status'] === 200 ? resolve() : reject(new Error(`a watch was answered ${headers[':status']}`)),
        );
        stream.once('error', reject);
      }),
    );
    stream.on('data', (chunk: Buffer) => {
      for (let at = chunk.indexOf(LINE_END); at >= 0; at = chunk.indexOf(LINE_END, at + 1)) {
        if (++events % count === 0) listener(performance.now());
      }
    });
    // Their answers' heads come at once; so many handshakes and requests are to be spread a little.
    if (i % WATCHES_PER_CONNECTION === WATCHES_PER_CONNECTION - 1) await Promise.all(opened);
  }
  await Promise.all(opened);
  return {
    count,
    onAll(next) {
      listener = next;
    },
    close() {
      for (const session of sessions) session.destroy();
    },
  };
}

const LINE_END = '\n'.charCodeAt(0);
