import type { Message, PeerId } from '../raft/index.ts';

/**
 * Carries messages between peers. Best effort: messages may be lost, and after a reconnect repeated
 * or reordered; within one connection they arrive in order. Raft copes with all of that.
 */
export interface Transport {
  /** Starts to deliver to `handler`. */
  start(handler: TransportHandler): Promise<void>;
  /**
   * Queues messages for their `to`. Never blocks; a full queue (bounded in bytes) drops messages and
   * reports `unreachable`. Takes ownership: the caller must not change a message afterwards.
   */
  send(messages: readonly Message[]): void;
  /** Streams a snapshot's chunks after its announcing message; resolves when the receiver has it all durably. */
  sendSnapshot(message: Extract<Message, { type: 'snapshot' }>, chunks: AsyncIterable<Uint8Array>): Promise<void>;
  /** Peers to talk to; replaces what was known. */
  setPeers(peers: readonly PeerAddress[]): void;
  close(): Promise<void>;
}

export interface PeerAddress {
  id: PeerId;
  host: string;
  port: number;
}

export interface TransportHandler {
  /** Must not throw. Messages that arrived together come together. */
  onMessages(messages: readonly Message[]): void;
  /** A snapshot begins; resolves when it is stored durably, rejects to refuse it. */
  onSnapshot(message: Extract<Message, { type: 'snapshot' }>, chunks: AsyncIterable<Uint8Array>): Promise<void>;
  onUnreachable(peer: PeerId): void;
}
