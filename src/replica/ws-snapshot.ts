import type { WebSocket } from 'ws';
import { errorMessage, KeelsonError, type Timer } from '../base/index.ts';
import { extended, noPart } from './snapshot-part.ts';
import type { StoreCredential } from './storage.ts';
import type { PeerAddress, SnapshotMessage } from './transport.ts';
import type { SnapshotEnd } from './wire.ts';
import type { WsContext } from './ws-context.ts';
import { dial, parseWelcome } from './ws-dial.ts';

/**
 * Streams a snapshot over a connection of its own, so that heartbeats don't queue behind it. Chunks that
 * arrived over an earlier connection, which broke, are not sent again, unless the receiver lost them.
 */
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
    const { chunks: arrived = 0 } = parseWelcome(await replies.next());
    let sent: SnapshotEnd = noPart;
    for await (const chunk of chunks) {
      sent = extended(sent, chunk);
      if (sent.chunks > arrived) await Promise.race([transmit(socket, chunk, replies), replies.ended]);
      guard.progress();
    }
    socket.send(JSON.stringify(sent));
    await replies.next();
  } finally {
    socket.terminate();
    signal.removeEventListener('abort', onAbort);
    guard.stop();
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

/** Ends a connection on which nothing moves. */
export function guardAgainstStall(context: WsContext, socket: WebSocket): { progress(): void; stop(): void } {
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
