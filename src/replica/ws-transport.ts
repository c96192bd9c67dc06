import { KeelsonError } from '../base/index.ts';
import type { Message, PeerId } from '../raft/index.ts';
import { PeerLink } from './peer-link.ts';
import { PeerListener } from './peer-listener.ts';
import { ThrottledLog } from './throttled-log.ts';
import type { PeerAddress, SnapshotMessage, Transport, TransportHandler } from './transport.ts';
import { defaultWsLimits, type WsContext, type WsTransportOptions } from './ws-context.ts';
import { sendSnapshot } from './ws-snapshot.ts';

/**
 * Peers over WebSocket with mutual TLS. Each peer dials each other one and sends over the connection it dialled: two
 * connections for a pair, no question of which to keep. A connection that comes in tells that its peer runs, so
 * the way back is dialled at once.
 */
export class WsTransport implements Transport {
  readonly #context: WsContext;
  readonly #listen: { host: string; port: number };
  readonly #links = new Map<PeerId, PeerLink>();
  readonly #abort = new AbortController();
  #peers: readonly PeerAddress[] = [];
  #handler: TransportHandler | undefined;
  #listener: PeerListener | undefined;

  constructor(options: WsTransportOptions) {
    const { limits, listen, ...rest } = options;
    this.#listen = listen;
    this.#context = {
      ...rest,
      limits: { ...defaultWsLimits, ...limits },
      log: new ThrottledLog(options.logger, options.clock),
      instance: Buffer.from(options.random.bytes(8)).toString('hex'),
    };
  }

  /** The port that it listens on, once started. */
  get port(): number {
    return this.#listener?.port ?? this.#listen.port;
  }

  async start(handler: TransportHandler): Promise<void> {
    this.#handler = handler;
    this.#listener = new PeerListener(this.#context, handler, (peer, instance) => {
      this.#links.get(peer)?.peerIsUp(instance);
    });
    await this.#listener.listen(this.#listen.host, this.#listen.port);
    this.setPeers(this.#peers);
  }

  send(messages: readonly Message[]): void {
    for (const message of messages) {
      const link = this.#links.get(message.to);
      if (link === undefined) this.#handler?.onUnreachable(message.to);
      else link.send(message);
    }
  }

  async sendSnapshot(message: SnapshotMessage, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const link = this.#links.get(message.to);
    const credential = this.#handler?.credential;
    if (link === undefined || credential === undefined)
      throw new KeelsonError('PEER_UNKNOWN', `no address is known of peer ${message.to}`);
    await sendSnapshot(this.#context, credential, link.address, message, chunks, this.#abort.signal);
  }

  setPeers(peers: readonly PeerAddress[]): void {
    this.#peers = peers;
    const handler = this.#handler;
    if (handler === undefined || this.#abort.signal.aborted) return;
    const wanted = new Map(peers.filter(({ id }) => id !== this.#context.peerId).map((peer) => [peer.id, peer]));
    for (const [id, link] of this.#links) {
      const peer = wanted.get(id);
      if (peer !== undefined && peer.host === link.address.host && peer.port === link.address.port) continue;
      link.close();
      this.#links.delete(id);
    }
    this.#listener?.dropRemoved();
    for (const [id, peer] of wanted) {
      if (this.#links.has(id)) continue;
      this.#links.set(id, new PeerLink(this.#context, peer, handler));
    }
  }

  disconnect(peer: PeerId): void {
    this.#listener?.drop(peer);
  }

  async close(): Promise<void> {
    this.#abort.abort();
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
    await this.#listener?.close();
  }
}
