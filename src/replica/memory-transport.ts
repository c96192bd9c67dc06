import { KeelsonError } from '../base/index.ts';
import type { Message, PeerId } from '../raft/index.ts';
import { chunksAfter } from './snapshot-part.ts';
import type { PeerAddress, SnapshotMessage, Transport, TransportHandler } from './transport.ts';

/**
 * A network in memory between peers of one process. `route` decides the fate of each message, so that tests drop,
 * delay, repeat and reorder.
 */
export class MemoryNetwork {
  readonly #handlers = new Map<PeerId, TransportHandler>();
  /** Calls `deliver` now, later, more than once, or never. */
  route: (message: Message, deliver: () => void) => void = (_message, deliver) => deliver();
  /** Whether a snapshot may pass. */
  reaches: (from: PeerId, to: PeerId) => boolean = () => true;

  /** The transport of one peer; the newest for an id gets the messages. */
  transport(peerId: PeerId): Transport {
    return new MemoryTransport(this, peerId);
  }

  attach(peerId: PeerId, handler: TransportHandler): void {
    this.#handlers.set(peerId, handler);
  }

  detach(peerId: PeerId, handler: TransportHandler): void {
    if (this.#handlers.get(peerId) === handler) this.#handlers.delete(peerId);
  }

  deliver(messages: readonly Message[]): void {
    const arrived = new Map<PeerId, Message[]>();
    for (const message of messages) {
      this.route(message, () => {
        const together = arrived.get(message.to);
        if (together !== undefined) {
          together.push(message);
          return;
        }
        const batch = [message];
        arrived.set(message.to, batch);
        setImmediate(() => {
          arrived.delete(message.to);
          this.#handlers.get(message.to)?.onMessages(batch);
        });
      });
    }
  }

  async deliverSnapshot(message: SnapshotMessage, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const handler = this.#handlers.get(message.to);
    if (handler === undefined || !this.reaches(message.from, message.to)) {
      throw new KeelsonError('SNAPSHOT_BROKEN', `peer ${message.to} is out of reach`);
    }
    const source = this.#handlers.get(message.from)?.credential.store ?? '';
    await handler.onSnapshot(message, { source, after: (part) => chunksAfter(part, chunks) });
  }

  isAttached(peerId: PeerId): boolean {
    return this.#handlers.has(peerId);
  }
}

class MemoryTransport implements Transport {
  readonly #network: MemoryNetwork;
  readonly #peerId: PeerId;
  #handler: TransportHandler | undefined;

  constructor(network: MemoryNetwork, peerId: PeerId) {
    this.#network = network;
    this.#peerId = peerId;
  }

  async start(handler: TransportHandler): Promise<void> {
    this.#handler = handler;
    this.#network.attach(this.#peerId, handler);
  }

  send(messages: readonly Message[]): void {
    if (this.#handler === undefined) return;
    this.#network.deliver(messages);
    for (const { to } of messages) if (!this.#network.isAttached(to)) this.#handler.onUnreachable(to);
  }

  sendSnapshot(message: SnapshotMessage, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    return this.#network.deliverSnapshot(message, chunks);
  }

  /** Peers in one process need no addresses. */
  setPeers(_peers: readonly PeerAddress[]): void {}

  async close(): Promise<void> {
    if (this.#handler !== undefined) this.#network.detach(this.#peerId, this.#handler);
    this.#handler = undefined;
  }
}
