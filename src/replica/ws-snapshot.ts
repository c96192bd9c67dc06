import type { WebSocket } from 'ws';
import { errorMessage, KeelsonError, type Timer } from '../base/index.ts';
import { ChunkChannel } from './chunk-channel.ts';
import type { StoreCredential } from './storage.ts';
import type { PeerAddress, SnapshotMessage, TransportHandler } from './transport.ts';
import { closeCodes, type SnapshotEnd } from './wire.ts';
import type { WsContext } from './ws-context.ts';
import { dial, parseWelcome } from './ws-dial.ts';

/** Streams a snapshot over a connection of its own, so that heartbeats don't queue behind it. */
export async function sendSnapshot(
  context: WsContext,
  credential: StoreCredential,
  peer: PeerAddress,
  message: SnapshotMessage,
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  const socket = dial(context, credential, peer, message);
  const guard = guardAgainstStall(context, socket);
  const replies = new Replies(socket, peer);
  const onAbort = (): void => socket.terminate();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    parseWelcome(await replies.next());
    let count = 0;
    let bytes = 0;
    for await (const chunk of chunks) {
      await Promise.race([transmit(socket, chunk, replies), replies.ended]);
      guard.progress();
      count += 1;
      bytes += chunk.length;
    }
    const end: SnapshotEnd = { chunks: count, bytes };
    socket.send(JSON.stringify(end));
    await replies.next();
  } finally {
    signal.removeEventListener('abort', onAbort);
    guard.stop();
    socket.terminate();
  }
}

/** Takes in a snapshot from a connection whose hello announced it. */
export async function receiveSnapshot(
  context: WsContext,
  socket: WebSocket,
  message: SnapshotMessage,
  handler: TransportHandler,
): Promise<void> {
  const channel = new ChunkChannel(socket);
  const guard = guardAgainstStall(context, socket);
  let count = 0;
  let bytes = 0;
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    guard.progress();
    if (isBinary) {
      count += 1;
      bytes += data.length;
      channel.push(data);
      return;
    }
    const complete = isEndOf(data, count, bytes);
    channel.end(complete ? undefined : new KeelsonError('SNAPSHOT_BROKEN', 'the snapshot arrived incomplete'));
  });
  socket.on('close', () => channel.end(new KeelsonError('SNAPSHOT_BROKEN', 'the snapshot was cut off')));
  try {
    await handler.onSnapshot(message, channel);
    socket.send('{}', () => socket.close());
  } catch (error) {
    socket.resume();
    // The reason of a close frame is bounded to 123 bytes.
    socket.close(closeCodes.snapshotRefused, errorMessage(error).slice(0, 40));
  } finally {
    guard.stop();
  }
}

function isEndOf(frame: Buffer, chunks: number, bytes: number): boolean {
  try {
    const end = JSON.parse(frame.toString()) as SnapshotEnd;
    return end.chunks === chunks && end.bytes === bytes;
  } catch {
    return false;
  }
}

/** Resolves when the chunk has gone to the kernel. */
async function transmit(socket: WebSocket, chunk: Uint8Array, replies: Replies): Promise<void> {
  const failed = await new Promise<boolean>((resolve) => {
    socket.send(chunk, (error) => resolve(error instanceof Error));
  });
  if (!failed) return;
  // The connection is closing; how it ended says why.
  socket.terminate();
  await replies.ended;
}

function guardAgainstStall(context: WsContext, socket: WebSocket): { progress(): void; stop(): void } {
  let moved = true;
  const ticker: Timer = context.clock.setTicker(context.limits.stallMs, () => {
    if (!moved) socket.terminate();
    moved = false;
  });
  return {
    progress: () => {
      moved = true;
    },
    stop: () => ticker.cancel(),
  };
}

/** The receiver's text frames, in order. */
class Replies {
  /** Rejects when the connection ends. */
  readonly ended: Promise<never>;
  readonly #frames: Buffer[] = [];
  #wake: (() => void) | undefined;

  constructor(socket: WebSocket, peer: PeerAddress) {
    let failure: unknown;
    socket.on('message', (data: Buffer) => {
      this.#frames.push(data);
      this.#wake?.();
    });
    socket.on('error', (error) => {
      failure = error;
    });
    this.ended = new Promise((_, reject) => {
      socket.on('close', (_code: number, reason: Buffer) => {
        const why = reason.toString() || errorMessage(failure ?? 'connection closed');
        reject(
          new KeelsonError('SNAPSHOT_BROKEN', `peer ${peer.id} did not take the snapshot: ${why}`, { cause: failure }),
        );
      });
    });
    this.ended.catch(() => {});
  }

  async next(): Promise<Buffer> {
    while (this.#frames.length === 0) {
      const arrived = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await Promise.race([arrived, this.ended]);
    }
    return this.#frames.shift()!;
  }
}
