import type { WebSocket } from 'ws';
import { errorMessage, KeelsonError } from '../base/index.ts';
import { ChunkChannel } from './chunk-channel.ts';
import { extended, noPart } from './snapshot-part.ts';
import type { SnapshotPart } from './storage.ts';
import type { SnapshotMessage, TransportHandler } from './transport.ts';
import { closeCodes, type Hello, type SnapshotEnd, type Welcome } from './wire.ts';
import type { WsContext } from './ws-context.ts';
import { guardAgainstStall } from './ws-snapshot.ts';

/** What a hello that announces a snapshot holds. */
export type SnapshotHello = Hello & { snapshot: SnapshotMessage };

/**
 * Snapshots on their way to this peer, each over a connection of its own. What arrived over one that breaks is kept by whoever takes
 * it, and the sender that comes again is told where to go on.
 */
export class IncomingSnapshots {
  readonly #context: WsContext;
  readonly #handler: TransportHandler;
  readonly #open = new Set<IncomingSnapshot>();

  constructor(context: WsContext, handler: TransportHandler) {
    this.#context = context;
    this.#handler = handler;
  }

  /** Takes what a connection brings. One that broke, even if only its sender knows that yet, makes way for it. */
  async accept(socket: WebSocket, hello: SnapshotHello, welcome: Welcome): Promise<void> {
    const broken = [...this.#open].filter(({ from, isConnected }) => from === hello.from || !isConnected);
    await Promise.all(broken.map((each) => each.cutOff()));
    const snapshot = new IncomingSnapshot(this.#context, socket, hello.from);
    this.#open.add(snapshot);
    void snapshot.hand(this.#handler, hello, welcome).finally(() => this.#open.delete(snapshot));
  }

  close(): void {
    for (const snapshot of this.#open) void snapshot.cutOff();
  }
}

class IncomingSnapshot {
  readonly from: number;
  readonly #socket: WebSocket;
  readonly #channel: ChunkChannel;
  readonly #over = Promise.withResolvers<void>();
  /** Over this connection and before. */
  #arrived: SnapshotPart = noPart;

  constructor(context: WsContext, socket: WebSocket, from: number) {
    this.from = from;
    this.#socket = socket;
    this.#channel = new ChunkChannel(socket);
    const guard = guardAgainstStall(context, socket);
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      guard.progress();
      if (!isBinary) return this.#finish(data);
      this.#arrived = extended(this.#arrived, data);
      this.#channel.push(data);
    });
    socket.on('close', () => {
      guard.stop();
      this.#break();
    });
    if (!this.isConnected) this.#break();
  }

  get isConnected(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  /** Gives it to the handler, who says how much of it is here; resolves when all is over, however it ended. */
  async hand(handler: TransportHandler, { credential, snapshot }: SnapshotHello, welcome: Welcome): Promise<void> {
    const after = (part: SnapshotPart): ChunkChannel => {
      this.#arrived = part;
      this.#socket.send(JSON.stringify({ ...welcome, chunks: part.chunks }));
      return this.#channel;
    };
    try {
      await handler.onSnapshot(snapshot, { source: credential.store, after });
      this.#socket.send('{}', () => this.#socket.close());
    } catch (error) {
      this.#socket.resume();
      // The reason of a close frame is bounded to 123 bytes.
      this.#socket.close(closeCodes.snapshotRefused, errorMessage(error).slice(0, 40));
    } finally {
      this.#over.resolve();
    }
  }

  /** Resolves when whoever takes the chunks has what arrived, and has given up. */
  async cutOff(): Promise<void> {
    this.#socket.terminate();
    this.#break();
    await this.#over.promise;
  }

  #break(): void {
    this.#channel.end(new KeelsonError('SNAPSHOT_BROKEN', 'the snapshot was cut off'));
  }

  #finish(frame: Buffer): void {
    const complete = isEndOf(frame, this.#arrived);
    this.#channel.end(
      complete ? undefined : new KeelsonError('SNAPSHOT_CORRUPT', 'the snapshot did not arrive as it was sent'),
    );
  }
}

function isEndOf(frame: Buffer, { chunks, bytes, checksum }: SnapshotPart): boolean {
  try {
    const end = JSON.parse(frame.toString()) as SnapshotEnd;
    return end.chunks === chunks && end.bytes === bytes && end.checksum === checksum;
  } catch {
    return false;
  }
}
