/**
 * The store over a WebSocket. Each binary frame is one msgpack array of messages; what arises in the same
 * turn of the event loop shares a frame. The client sends `[id, command]`, where the command is one of
 * `command.ts` or of those here. The server answers with `[id, kind, …]`, in any order.
 */
export const STORE_PROTOCOL = 'v1.msgpack.store.keelson';
/** Where a peer's API server offers it. */
export const STORE_PATH = '/store';

/** Commands beside those that are replicated. */
export const LEASE_TIME_TO_LIVE = 32;
export const LEASES = 33;
export const STATUS = 34;
export const BARRIER = 35;
/** `[WATCH, key, end, fromRevision, previous]`; the request's id becomes the watch's. */
export const WATCH = 36;
/** `[UNWATCH, id]`: not answered. */
export const UNWATCH = 37;
/** `[SERIALIZABLE_RANGE, …]` is a RANGE that the connected peer answers by itself. */
export const SERIALIZABLE_RANGE = 38;

/** `[id, OK, …result]` ends a request; of a watch, it began. */
export const OK = 0;
/** `[id, ERROR, code, message, compactRevision]` ends a request, or a watch. */
export const ERROR = 1;
/** `[id, PART, kvs]`: a piece of a range's result, to be put before what follows. */
export const PART = 2;
/** `[0, EVENTS, revision, ids, events]`: one batch for these watches; the events are packed by themselves. */
export const EVENTS = 3;
/** `[0, PROGRESS, revision]`: all watches of the connection are up to date to there. */
export const PROGRESS = 4;

export interface WireLimits {
  /** Of a frame from a client. */
  maxFrameBytes: number;
  /** Bytes waiting to be sent, from which on watches are cut. */
  maxBufferedBytes: number;
  /** Requests under way, from which on the socket is not read. */
  maxRequests: number;
  maxWatches: number;
  /** Between pings and progress messages. */
  pingMs: number;
}

export const defaultWireLimits: WireLimits = {
  maxFrameBytes: 2 * 1024 * 1024,
  maxBufferedBytes: 8 * 1024 * 1024,
  maxRequests: 4096,
  maxWatches: 10_000,
  pingMs: 5000,
};

/** Messages are sent off once they have about this size, or at the end of the turn. */
export const FRAME_BYTES = 256 * 1024;
/** Of a frame from a server, which the client trusts. */
export const MAX_SERVER_FRAME_BYTES = 64 * 1024 * 1024;
