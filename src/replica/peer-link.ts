import type { WebSocket } from 'ws';
import { errorCode, errorMessage, type Timer } from '../base/index.ts';
import type { Message } from '../raft/index.ts';
import { encodeMessages } from './message-codec.ts';
import { OutgoingQueue } from './outgoing-queue.ts';
import type { PeerAddress, TransportHandler } from './transport.ts';
import { closeCodes, type Welcome } from './wire.ts';
import type { WsContext } from './ws-context.ts';
import { dial, parseWelcome } from './ws-dial.ts';

/** Bytes handed to the socket and not yet to the kernel, beyond which frames wait: they grow fuller meanwhile. */
const SOCKET_BYTES = 2 * 1024 * 1024;

/**
 * The connection over which this peer sends to one other; what that one sends comes over its own. Dials until it
 * succeeds, with growing pauses; everything queued in one turn of the event loop goes out in one frame.
 */
export class PeerLink {
  readonly address: PeerAddress;
  readonly #context: WsContext;
  readonly #handler: TransportHandler;
  readonly #queue: OutgoingQueue;
  #socket: WebSocket | undefined;
  #retry: Timer | undefined;
  #pinger: Timer | undefined;
  #failures = 0;
  #socketBytes = 0;
  #flushing = false;
  #closed = false;
  /** The instance that welcomed the current connection. */
  #instance: string | undefined;

  constructor(context: WsContext, address: PeerAddress, handler: TransportHandler) {
    this.#context = context;
    this.address = address;
    this.#handler = handler;
    this.#queue = new OutgoingQueue(context.limits.queueBytes);
    this.#dial();
  }

  send(message: Message): void {
    // While the first dial is under way messages wait for it; during a pause between dials they are lost.
    if (this.#closed || this.#socket === undefined || !this.#queue.push(message)) {
      this.#handler.onUnreachable(this.address.id);
      return;
    }
    if (this.#flushing) return;
    this.#flushing = true;
    process.nextTick(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  /** The peer is known to run, as `instance`: dial now instead of later. */
  peerIsUp(instance: string): void {
    if (this.#closed) return;
    if (this.#instance !== undefined && this.#instance !== instance) this.#socket?.terminate();
    this.#failures = 0;
    if (this.#retry !== undefined) this.#dial();
  }

  close(): void {
    this.#closed = true;
    this.#retry?.cancel();
    this.#pinger?.cancel();
    this.#queue.clear();
    this.#socket?.terminate();
  }

  #dial(): void {
    this.#retry?.cancel();
    this.#retry = undefined;
    const socket = dial(this.#context, this.#handler.credential, this.address);
    this.#socket = socket;
    this.#socketBytes = 0;
    let failure: unknown;
    socket.on('open', () => {
      this.#watchOver(socket);
      this.#flush();
    });
    socket.on('message', (data: Buffer, isBinary: boolean) => this.#onFrame(socket, data, isBinary));
    socket.on('error', (error) => {
      failure = error;
    });
    socket.on('close', (code: number, reason: Buffer) => {
      if (code === closeCodes.disowned && !this.#closed) this.#handler.onDisowned(this.address.id);
      if (code === closeCodes.removed && !this.#closed) this.#handler.onRemoved(this.address.id);
      if (code === closeCodes.refused || code === closeCodes.disowned || code === closeCodes.removed)
        failure = new Error(`it refused: ${reason.toString()}`);
      this.#onClose(failure);
    });
  }

  #onFrame(socket: WebSocket, data: Buffer, isBinary: boolean): void {
    let welcome: Welcome;
    try {
      if (isBinary) throw new TypeError('binary frame');
      welcome = parseWelcome(data);
    } catch {
      socket.terminate();
      return;
    }
    this.#instance = welcome.instance;
    if (this.#failures > 0) this.#context.logger.info({ peer: this.address.id }, 'peer reached again');
    this.#failures = 0;
  }

  /** Finds a connection that died without a word. */
  #watchOver(socket: WebSocket): void {
    let answered = true;
    socket.on('pong', () => {
      answered = true;
    });
    this.#pinger = this.#context.clock.setTicker(this.#context.limits.pingMs, () => {
      if (!answered) return socket.terminate();
      answered = false;
      socket.ping();
    });
  }

  #onClose(failure: unknown): void {
    this.#pinger?.cancel();
    this.#socket = undefined;
    this.#instance = undefined;
    this.#queue.clear();
    if (this.#closed) return;
    this.#handler.onUnreachable(this.address.id);
    this.#logFailure(failure);
    const { minBackoffMs, maxBackoffMs } = this.#context.limits;
    const delayMs = Math.min(maxBackoffMs, minBackoffMs * 2 ** Math.min(this.#failures, 16));
    this.#failures += 1;
    // Jitter: peers that lost each other at once don't dial at once.
    const jitteredMs = delayMs * (0.5 + this.#context.random.next());
    this.#retry = this.#context.clock.setTimer(jitteredMs, () => this.#dial());
  }

  #logFailure(failure: unknown): void {
    const { id, host, port } = this.address;
    const fields = { peer: id, address: `${host}:${port}`, reason: errorMessage(failure ?? 'connection closed') };
    const expected = failure === undefined || ['ECONNREFUSED', 'ECONNRESET'].includes(errorCode(failure) ?? '');
    if (expected && this.#failures === 0) this.#context.logger.info(fields, 'peer lost');
    else if (!expected) this.#context.log.warn(`dial ${id}`, fields, 'cannot reach peer');
  }

  #flush(): void {
    const socket = this.#socket;
    if (socket === undefined || socket.readyState !== socket.OPEN) return;
    while (!this.#queue.isEmpty && this.#socketBytes < SOCKET_BYTES) {
      const frame = encodeMessages(this.#queue.takeFrame());
      this.#socketBytes += frame.length;
      socket.send(frame, (error) => {
        if (error !== undefined && error !== null) return;
        if (socket !== this.#socket) return;
        this.#socketBytes -= frame.length;
        if (!this.#queue.isEmpty) this.#flush();
      });
    }
  }
}
