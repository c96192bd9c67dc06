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
  /** Of each receiver: the senders that it has admitted, or is thinking about. */
  readonly #admitted = new WeakMap<TransportHandler, Map<TransportHandler, true | Promise<boolean>>>();
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

  deliver(from: TransportHandler, messages: readonly Message[]): void {
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
          const to = this.#handlers.get(message.to);
          if (to !== undefined) this.#receive(from, to, batch);
        });
      });
    }
  }

  async deliverSnapshot(message: SnapshotMessage, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const from = this.#handlers.get(message.from);
    const handler = this.#handlers.get(message.to);
    if (from === undefined || handler === undefined || !this.reaches(message.from, message.to)) {
      throw new KeelsonError('SNAPSHOT_BROKEN', `peer ${message.to} is out of reach`);
    }
    if (!(await this.#admit(from, handler, message))) {
      throw new KeelsonError('SNAPSHOT_BROKEN', `peer ${message.to} does not listen`);
    }
    const source = from.credential.store;
    await handler.onSnapshot(message, { source, after: (part) => chunksAfter(part, chunks) });
  }

  isAttached(peerId: PeerId): boolean {
    return this.#handlers.has(peerId);
  }

  /** `peer` must be admitted again. */
  disconnect(peer: PeerId, to: TransportHandler): void {
    const from = this.#handlers.get(peer);
    if (from !== undefined) this.#admitted.get(to)?.delete(from);
  }

  #receive(from: TransportHandler, to: TransportHandler, messages: readonly Message[]): void {
    const admission = this.#admit(from, to, messages[0]!);
    if (admission === true) {
      to.onMessages(messages);
      return;
    }
    void admission.then((isGood) => {
      if (isGood && this.#handlers.get(messages[0]!.to) === to) to.onMessages(messages);
    });
  }

  /** Asked once for each life of both. */
  #admit(from: TransportHandler, to: TransportHandler, parties: Pick<Message, 'from' | 'to'>): true | Promise<boolean> {
    const admitted = this.#admitted.get(to) ?? new Map<TransportHandler, true | Promise<boolean>>();
    this.#admitted.set(to, admitted);
    const known = admitted.get(from);
    if (known !== undefined) return known;
    const admission = to.admit(parties.from, from.credential).then(
      (answer) => {
        if (answer === 'admitted') admitted.set(from, true);
        else admitted.delete(from);
        if (answer === 'disowned') from.onDisowned(parties.to);
        return answer === 'admitted';
      },
      // One that stops meanwhile admits nobody.
      () => false,
    );
    admitted.set(from, admission);
    return admission;
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
    this.#network.deliver(this.#handler, messages);
    for (const { to } of messages) if (!this.#network.isAttached(to)) this.#handler.onUnreachable(to);
  }

  sendSnapshot(message: SnapshotMessage, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    return this.#network.deliverSnapshot(message, chunks);
  }

  /** Peers in one process need no addresses. */
  setPeers(_peers: readonly PeerAddress[]): void {}

  disconnect(peer: PeerId): void {
    if (this.#handler !== undefined) this.#network.disconnect(peer, this.#handler);
  }

  async close(): Promise<void> {
    if (this.#handler !== undefined) this.#network.detach(this.#peerId, this.#handler);
    this.#handler = undefined;
  }
}
