import type { Message, PeerId } from '../raft/index.ts';
import type { SnapshotStream, StoreCredential } from './storage.ts';

/**
 * Carries messages between peers. Best effort: messages may be lost, and after a reconnect repeated
 * or reordered; within one connection they arrive in order. Raft copes with all of that.
 */
export interface Transport {
  /** Starts to deliver to `handler`. Rejects with PORT_BUSY or PORT_REFUSED when it can't listen. */
  start(handler: TransportHandler): Promise<void>;
  /**
   * Queues messages for their `to`. Never blocks; a full queue (bounded in bytes) drops messages and
   * reports `unreachable`. Takes ownership: nobody may change a message afterwards.
   */
  send(messages: readonly Message[]): void;
  /** Streams a snapshot's chunks after its announcing message; resolves when the receiver has it all durably. */
  sendSnapshot(message: SnapshotMessage, chunks: AsyncIterable<Uint8Array>): Promise<void>;
  /** Peers to talk to; replaces what was known. The peer itself may be among them. */
  setPeers(peers: readonly PeerAddress[]): void;
  /** Ends what comes from `peer`: nothing more is delivered of it till it was admitted again. */
  disconnect(peer: PeerId): void;
  /** Idempotent. Nothing is delivered after it was called. */
  close(): Promise<void>;
}

export interface PeerAddress {
  id: PeerId;
  host: string;
  port: number;
}

export type SnapshotMessage = Extract<Message, { type: 'snapshot' }>;

export type Admission =
  | 'admitted'
  /** It lost the data by which it is known: it must be told so, and hears of it by `onDisowned`. */
  | 'disowned'
  /** It was told of other members to begin with: one of the two is configured wrongly, and they must not decide together. */
  | 'members-differ'
  /** Its software does not know all that the cluster says in its log. */
  | 'too-old';

export interface TransportHandler {
  /** Shown to every peer that is dialled. */
  readonly credential: StoreCredential;
  /** Whether to listen to `peer`, which came with this credential. May write, so that the peer is recognised after a restart. */
  admit(peer: PeerId, credential: StoreCredential): Promise<Admission>;
  /** `peer` does not admit this one. */
  onDisowned(peer: PeerId): void;
  /** Whether `peer` was a member and is none any more. It is told so instead of being listened to. */
  isRemoved(peer: PeerId): boolean;
  /** `peer` says that this one was removed. */
  onRemoved(peer: PeerId): void;
  /** Must not throw. Messages that arrived together come together. */
  onMessages(messages: readonly Message[]): void;
  /** A snapshot comes; resolves when it is stored durably, rejects to refuse it. `stream` throws SNAPSHOT_BROKEN when it is cut off. */
  onSnapshot(message: SnapshotMessage, stream: SnapshotStream): Promise<void>;
  /** May be called from within `send`. */
  onUnreachable(peer: PeerId): void;
}
