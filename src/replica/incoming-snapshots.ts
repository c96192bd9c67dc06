import type { WebSocket } from 'ws';
import { errorMessage, KeelsonError, type Timer } from '../base/index.ts';
import { ChunkChannel } from './chunk-channel.ts';
import type { SnapshotMessage, TransportHandler } from './transport.ts';
import { closeCodes, type Hello, type SnapshotEnd } from './wire.ts';
import type { WsContext } from './ws-context.ts';
import { guardAgainstStall } from './ws-snapshot.ts';

/** What a hello that announces a snapshot holds. */
export type SnapshotHello = Hello & { snapshot: SnapshotMessage };

/**
 * Snapshots on their way to this peer. One whose connection breaks is kept for a while, with all that arrived, and goes
 * on where it stopped when its sender comes again.
 */
export class IncomingSnapshots {
  readonly #context: WsContext;
  readonly #handler: TransportHandler;
  /** Of each sender. */
  readonly #open = new Map<number, IncomingSnapshot>();

  constructor(context: WsContext, handler: TransportHandler) {
    this.#context = context;
    this.#handler = handler;
  }

  /** The snapshot that a connection brings or goes on with. Any other that stands still makes way for it. */
  async accept(hello: SnapshotHello): Promise<IncomingSnapshot> {
    const known = this.#open.get(hello.from);
    if (known?.isContinuedBy(hello)) return known;
    const others = [...this.#open.values()].filter((each) => each === known || !each.isConnected);
    await Promise.all(others.map((each) => each.giveUp()));
    const snapshot: IncomingSnapshot = new IncomingSnapshot(this.#context, hello, async (chunks) => {
      try {
        await this.#handler.onSnapshot(hello.snapshot, chunks);
      } finally {
        if (this.#open.get(hello.from) === snapshot) this.#open.delete(hello.from);
      }
    });
    this.#open.set(hello.from, snapshot);
    return snapshot;
  }

  close(): void {
    for (const snapshot of this.#open.values()) void snapshot.giveUp();
  }
}

/** One snapshot, over one connection after another. */
export class IncomingSnapshot {
  readonly #context: WsContext;
  readonly #hello: SnapshotHello;
  readonly #take: (chunks: AsyncIterable<Uint8Array>) => Promise<void>;
  readonly #channel = new ChunkChannel({
    pause: () => this.#socket?.pause(),
    resume: () => this.#socket?.resume(),
  });
  /** Resolves when all is over, however it ended. */
  #over: Promise<void> | undefined;
  #socket: WebSocket | undefined;
  #patience: Timer | undefined;
  #chunks = 0;
  #bytes = 0;
  #settled = false;

  constructor(context: WsContext, hello: SnapshotHello, take: (chunks: AsyncIterable<Uint8Array>) => Promise<void>) {
    this.#context = context;
    this.#hello = hello;
    this.#take = take;
  }

  /** How many chunks have arrived. */
  get chunks(): number {
    return this.#chunks;
  }

  get isConnected(): boolean {
    return this.#socket !== undefined;
  }

  /** A store has one snapshot at most at an index, in one sequence of chunks. */
  isContinuedBy({ credential, snapshot: { term, position } }: SnapshotHello): boolean {
    const mine = this.#hello;
    return (
      !this.#settled &&
      credential.store === mine.credential.store &&
      term === mine.snapshot.term &&
      position.index === mine.snapshot.position.index
    );
  }

  /** Goes on over this connection. */
  attach(socket: WebSocket): void {
    this.#patience?.cancel();
    this.#socket?.terminate();
    this.#socket = socket;
    const guard = guardAgainstStall(this.#context, socket);
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      guard.progress();
      if (socket !== this.#socket) return;
      if (!isBinary) return this.#finish(data);
      this.#chunks += 1;
      this.#bytes += data.length;
      this.#channel.push(data);
    });
    socket.on('close', (code: number) => {
      guard.stop();
      if (socket === this.#socket) this.#detached(code);
    });
    if (this.#settled) socket.terminate();
    this.#over ??= this.#store();
  }

  /** Resolves when whoever takes the chunks has given up too. */
  async giveUp(): Promise<void> {
    this.#channel.end(new KeelsonError('SNAPSHOT_BROKEN', 'the snapshot was cut off'));
    await this.#over;
  }

  async #store(): Promise<void> {
    try {
      await this.#take(this.#channel);
      this.#settled = true;
      this.#socket?.send('{}', () => this.#socket?.close());
    } catch (error) {
      this.#settled = true;
      this.#socket?.resume();
      // The reason of a close frame is bounded to 123 bytes.
      this.#socket?.close(closeCodes.snapshotRefused, errorMessage(error).slice(0, 40));
    } finally {
      this.#patience?.cancel();
    }
  }

  #finish(frame: Buffer): void {
    const complete = isEndOf(frame, this.#chunks, this.#bytes);
    this.#channel.end(complete ? undefined : new KeelsonError('SNAPSHOT_BROKEN', 'the snapshot arrived incomplete'));
  }

  #detached(code: number): void {
    this.#socket = undefined;
    if (this.#settled) return;
    if (code === closeCodes.snapshotWithdrawn) void this.giveUp();
    else this.#patience = this.#context.clock.setTimer(this.#context.limits.stallMs, () => void this.giveUp());
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
