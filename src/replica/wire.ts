import type { Message, PeerId } from '../raft/index.ts';
import type { SnapshotPart, StoreCredential } from './storage.ts';
import type { SnapshotMessage } from './transport.ts';

/**
 * What peers say to each other on a connection. Text frames hold JSON: first `Hello` by the dialer, then `Welcome` by
 * the listener. Binary frames are Raft messages (`message-codec.ts`), or, on a connection for a snapshot, one chunk each,
 * ended by the text frame `SnapshotEnd` and answered by the text frame `SnapshotStored`. A refusal is a close
 * frame whose reason is one line for people.
 */
export const PROTOCOL = 3;

export interface Hello {
  protocol: number;
  clusterId: string;
  from: PeerId;
  to: PeerId;
  /** Random for each start of a peer: tells a restarted peer from one whose connection just broke. */
  instance: string;
  credential: StoreCredential;
  /** Present: this connection carries the snapshot so announced. Absent: it carries messages. */
  snapshot?: SnapshotMessage;
}

export interface Welcome {
  protocol: number;
  from: PeerId;
  instance: string;
  /** Of the snapshot announced, so many chunks are here already; what is expected are those behind them. */
  chunks?: number;
}

/** The whole snapshot, whichever connection its chunks came by. */
export type SnapshotEnd = SnapshotPart;

/** Close codes, from the range that RFC 6455 leaves to applications. */
export const closeCodes = {
  refused: 4000,
  snapshotRefused: 4001,
  disowned: 4002,
  removed: 4003,
} as const;

export const limits = {
  /** Beyond, a frame ends its connection. Fits one entry of the largest size with all that goes with it. */
  maxFrameBytes: 16 * 1024 * 1024,
  /** What the sender puts in one frame, unless one message alone is larger. */
  frameBytes: 1024 * 1024,
};

/** The name in a peer's certificate. */
export function peerCommonName(id: PeerId): string {
  return `keelson:peer:${id}`;
}

export function peerIdOfCommonName(name: unknown): PeerId | undefined {
  const match = typeof name === 'string' ? /^keelson:peer:([1-9]\d{0,14})$/.exec(name) : null;
  return match ? Number(match[1]) : undefined;
}

const SMALL_MESSAGE_BYTES = 64;
const ENTRY_BYTES = 16;

/** About how large a message is in a frame; cheap. */
export function messageBytes(message: Message): number {
  let bytes = SMALL_MESSAGE_BYTES;
  if (message.type === 'append') {
    for (const entry of message.entries) bytes += entry.data.length + ENTRY_BYTES;
  } else if (message.type === 'propose') {
    for (const data of message.data) bytes += data.length;
  }
  return bytes;
}
